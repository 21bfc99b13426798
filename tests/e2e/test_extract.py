"""twin extract: any page or file without a project; twin docs show --diff raw."""

import json
import pathlib
import subprocess
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import BIN, SOURCE, ProjectTest

PAGE = """<!DOCTYPE html><html lang="ko"><head><meta charset="utf-8"><title>첫눈 | 산책 일기</title>
<meta property="article:published_time" content="2024-03-05T00:30:00+09:00"><meta name="author" content="박미나"></head>
<body><nav><a href="/">메뉴판</a></nav><article><h1>첫눈</h1>
<p>아침에 창을 여니 골목이 온통 하얗게 덮여 있었다. 아무도 걷지 않은 길을 먼저 걷는 일은 언제나 조금 미안하다.</p>
<p>돌아오는 길에는 <a href="b.html">빵집</a>에 들렀다. 따뜻한 빵 냄새가 눈 냄새와 섞여 오래도록 남았다.</p></article>
<div class="comments">댓글 내용입니다</div></body></html>"""

KEYS = ["title", "author", "published", "modified", "language", "url", "text", "markdown", "source"]


def run(*arguments, stdin=None, cwd=None):
    return subprocess.run([str(BIN / "twin"), "extract", *map(str, arguments)], capture_output=True, cwd=cwd,
                          input=None if stdin is None else stdin.encode(), timeout=300, check=False)


class ExtractTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="twin-extract-")
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        (self.home / "a.html").write_text(PAGE, encoding="utf-8")

    def test_one_file_without_a_project(self):
        done = run("a.html", "--json", cwd=self.home)
        self.assertEqual(done.returncode, 0, done.stderr)
        value = json.loads(done.stdout)
        self.assertEqual(list(value), KEYS)
        self.assertEqual(value["title"], "첫눈")
        self.assertEqual(value["author"], "박미나")
        self.assertEqual(value["published"], "2024-03-05")
        self.assertIsNone(value["modified"])
        self.assertEqual(value["language"], "ko")
        self.assertEqual(value["source"], "article")
        self.assertIn("돌아오는 길에는 빵집에 들렀다.", value["text"])
        self.assertIn("[빵집](b.html)", value["markdown"])
        for gone in ("메뉴판", "댓글 내용입니다"):
            self.assertNotIn(gone, value["text"])

    def test_plain_output_is_markdown_and_links_follow_the_given_address(self):
        done = run("-", "--url", "https://example.kr/diary/a.html", stdin=PAGE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("[빵집](https://example.kr/diary/b.html)", done.stdout.decode())

    def test_a_list_keeps_its_order_and_names_what_failed(self):
        pages = SOURCE / "tests" / "data" / "extraction-ko" / "pages"
        names = sorted(pages.iterdir())
        places = [str(self.home / "a.html"), "/nowhere/at/all.html", *map(str, names), str(self.home / "a.html")]
        (self.home / "list").write_text("\n".join(places) + "\n")
        done = run("--list", "list", "--jsonl", "--jobs", 3, cwd=self.home)
        self.assertEqual(done.returncode, 3, done.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(lines), len(places))
        self.assertEqual(lines[1]["url"], "/nowhere/at/all.html")
        self.assertTrue(lines[1]["error"])
        self.assertEqual(lines[0]["text"], lines[-1]["text"])
        for name, line in zip(names, lines[2:-1]):
            self.assertEqual(list(line), KEYS, name)
        once = run("--list", "list", "--jobs", 1, cwd=self.home)
        self.assertEqual(once.stdout, done.stdout)

    def test_wrong_use_is_an_error_that_says_so(self):
        for arguments in ((), ("a.html", "--list", "list"), ("a.html", "--category", "nothing"), ("--list", "/nowhere"),
                          ("/nowhere.html",)):
            done = run(*arguments, cwd=self.home)
            self.assertIn(done.returncode, (1, 2), arguments)
            self.assertTrue(done.stderr, arguments)
            self.assertFalse(done.stdout, arguments)

    def test_a_url(self):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                body = PAGE.encode()
                self.send_response(200 if self.path == "/post" else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        base = f"http://127.0.0.1:{server.server_port}"
        done = run(base + "/post", "--json")
        if done.returncode != 0:  # where requests to this machine are refused, the refusal must say so
            self.assertIn(b"127.0.0.1", done.stderr)
            return
        self.assertIn("골목이 온통 하얗게", json.loads(done.stdout)["text"])
        self.assertEqual(run(base + "/gone").returncode, 1)


class DiffTest(ProjectTest):
    def test_what_was_removed_from_the_raw_page_and_why(self):
        (self.home / "writing" / "snow.html").write_text(PAGE, encoding="utf-8")
        self.twin("collect")
        documents = [json.loads(line) for line in self.twin("--json", "docs", "list").out.splitlines()]
        snow = next(d for d in documents if d["url"].endswith("snow.html"))
        value = self.twin("--json", "docs", "show", snow["id"], "--diff", "raw").json()
        self.assertTrue(value["same"])
        texts = {removal["text"]: removal["reason"] for removal in value["removed"]}
        self.assertEqual(texts.get("메뉴판"), "nav")
        self.assertTrue(any("댓글 내용입니다" in text for text in texts), texts)
        self.assertIn("메뉴판", self.twin("docs", "show", snow["id"], "--diff", "raw").out)
        self.twin("docs", "show", snow["id"], "--diff", "prose", code=2)


if __name__ == "__main__":
    unittest.main()
