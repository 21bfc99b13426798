"""Pages whose text is made by JavaScript, through the real program and the real browser: a server of this test has them."""

import json
import os
import pathlib
import shutil
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import ProjectTest

CONFIG = """\
name: tiny
authors:
  - name: Mina Park
collect:
  http: {{delay_seconds: 0, retry_seconds: 0.01, longest_retry_seconds: 0.05, attempts: 2, allow_hosts: [127.0.0.1]}}
sources:
"""

WORDS = (
    "The dough rests overnight and the loaf is better for it. I write down what I change each time, because a note of last "
    "month is worth more than a memory. ",
    "반죽은 밤새 쉬게 두면 훨씬 맛있어진다. 매번 무엇을 바꾸었는지 적어 두는데, 지난달의 기록이 기억보다 낫기 때문이다. ",
)

# The text comes late, in pieces, from another address: as in a real application.
SHELL = """<!doctype html><html lang="ko"><head><title>작은 앱</title></head>
<body><noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div>
<script>
setTimeout(async () => {
  const words = await (await fetch('/words')).json();
  const article = document.createElement('article');
  article.innerHTML = '<h1>빵과 기록</h1>';
  document.getElementById('root').append(article);
  for (const word of words) {
    const p = document.createElement('p');
    p.textContent = word;
    article.append(p);
    await new Promise(done => setTimeout(done, 100));
  }
}, 200);
</script></body></html>"""

PLAIN = "<!doctype html><html><head><title>Plain</title></head><body><article><h1>Plain</h1><p>{}</p></article></body></html>"
ENDLESS = "<!doctype html><html><body><div id=root></div><script>while (true) {}</script></body></html>"
HUGE = """<!doctype html><html><body><div id=root></div><script>
document.getElementById('root').textContent = 'x'.repeat(3 * 1024 * 1024);</script></body></html>"""


class Server:
    def __init__(self):
        self.asked = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *arguments):
                pass

            def do_GET(self):
                server.asked.append((self.path, self.headers.get("User-Agent", "")))
                pages = {"/app": SHELL, "/plain": PLAIN.format(WORDS[0] * 4), "/endless": ENDLESS, "/huge": HUGE}
                status, kind, body = 404, "text/plain", "not here"
                if self.path in pages:
                    status, kind, body = 200, "text/html; charset=utf-8", pages[self.path]
                elif self.path == "/words":
                    status, kind = 200, "application/json; charset=utf-8"
                    body = '["' + '", "'.join(WORDS[n % 2] * 2 for n in range(4)) + '"]'
                data = body.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()

    def browsed(self):
        return {path for path, agent in self.asked if "Mozilla" in agent}


def browsers():
    """Processes that hold a profile which Twin made."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if b"twin-browser" in line:
            found.append(line)
    return found


@unittest.skipUnless(
    shutil.which("chromedriver") and (shutil.which("chromium") or shutil.which("google-chrome")),
    "needs the packages chromium and chromium-driver",
)
class JavaScript(ProjectTest):
    config = CONFIG

    def setUp(self):
        super().setUp()
        self.server = Server()
        self.addCleanup(self.server.close)
        self.before = len(browsers())

    def source(self, line):
        with open(self.home / "twin.yaml", "a") as file:
            file.write(f"  - {{type: article, category: articles, {line}}}\n")

    def documents(self):
        lines = self.twin("docs", "list", "--json").out.splitlines()
        return {document["url"]: document for document in map(json.loads, lines)}

    def text(self, path):
        return self.twin("docs", "show", self.documents()[self.server.url + path]["id"]).out

    def check_nothing_is_left(self):
        self.assertEqual(len(browsers()), self.before)
        self.assertEqual([p for p in pathlib.Path(os.environ.get("TMPDIR", "/tmp")).glob("twin-browser*")], [])

    def test_auto_reads_what_scripts_made_and_spares_plain_pages(self):
        urls = f"[{self.server.url}/app, {self.server.url}/plain]"
        self.source(f"urls: {urls}")  # auto is the default
        self.twin("collect")
        text = self.text("/app")
        self.assertIn("빵과 기록", text)
        self.assertEqual(text.count("반죽은 밤새"), 4)
        self.assertEqual(text.count("The dough rests"), 4)
        self.assertIn("The dough rests", self.text("/plain"))
        self.assertEqual(self.server.browsed() - {"/favicon.ico"}, {"/app", "/words"})
        self.check_nothing_is_left()

    def test_never_says_that_the_page_looks_empty(self):
        self.source(f"url: {self.server.url}/app, javascript: never")
        self.twin("collect", code=None)
        self.assertEqual(self.server.browsed(), set())

    def test_always(self):
        self.source(f"url: {self.server.url}/plain, javascript: always")
        self.twin("collect")
        self.assertIn("/plain", self.server.browsed())
        self.assertIn("The dough rests", self.text("/plain"))

    def test_limits_end_in_an_error_and_leave_nothing(self):
        urls = f"[{self.server.url}/endless, {self.server.url}/huge, {self.server.url}/app]"
        self.source(f"urls: {urls}, javascript: auto, browser: {{page_seconds: 4, max_megabytes: 1}}")
        result = self.twin("collect", code=3)
        self.assertIn("/endless", result.err + result.out)
        self.assertIn("/huge", result.err + result.out)
        self.assertEqual(set(self.documents()), {self.server.url + "/app"})
        self.check_nothing_is_left()

    def test_an_address_that_is_not_allowed_reaches_no_browser(self):
        text = (self.home / "twin.yaml").read_text().replace("allow_hosts: [127.0.0.1]", "allow_hosts: []")
        (self.home / "twin.yaml").write_text(text)
        self.source(f"url: {self.server.url}/app, javascript: always")
        self.twin("collect", code=3)
        self.assertEqual(self.server.asked, [])


if __name__ == "__main__":
    unittest.main()
