"""Notion, GitHub, programs and declared sites through the real program, against servers that speak the recorded exchanges."""

import collections
import hashlib
import json
import os
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import SOURCE, ProjectTest

CONFIG = """\
name: tiny
authors:
  - name: Mina Park
    aliases: [mina@example.org, 박미나, minapark]
collect:
  http: {{delay_seconds: 0, retry_seconds: 0.01, longest_retry_seconds: 3, attempts: 3, allow_hosts: [127.0.0.1]}}
sources:
"""


class Recorded:
    """Answers from exchanges.json of a source's tests, at an address of this machine; ETags answer 304."""

    def __init__(self, name, service):
        folder = SOURCE / "src" / "feature" / "sources" / "testdata" / name
        self.exchanges = json.loads((folder / "exchanges.json").read_text())
        self.asked, self.lock = collections.Counter(), threading.Lock()
        self.statuses = collections.Counter()
        recorded = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                exchange = recorded.find(self.command, self.path, body, self.headers)
                status, sent, headers = 404, b"", {}
                if exchange is not None:
                    status, headers = exchange.get("status", 200), dict(exchange.get("headers", {}))
                    if "file" in exchange:
                        sent = (folder / exchange["file"]).read_bytes()
                    else:
                        text = json.dumps(exchange["json"]) if "json" in exchange else exchange.get("body", "")
                        sent = text.replace(service, recorded.url).encode()
                    headers = {key: value.replace(service, recorded.url) for key, value in headers.items()}
                    tag = '"' + hashlib.sha256(sent).hexdigest()[:16] + '"'
                    if status == 200 and self.command == "GET":
                        headers["ETag"] = tag
                        if self.headers.get("If-None-Match") == tag:
                            status, sent = 304, b""
                with recorded.lock:
                    recorded.asked[self.path] += 1
                    recorded.statuses[status] += 1
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                if status != 304:
                    self.wfile.write(sent)

            do_GET = do_POST = answer

        self.service = service
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def find(self, method, path, body, headers):
        with self.lock:
            for exchange in self.exchanges:
                if exchange.get("times", 1) == 0 or exchange.get("method", "GET") != method:
                    continue
                if exchange["url"].replace(self.service, "") != path:
                    continue
                if any(part not in body for part in exchange.get("body_contains", [])):
                    continue
                wanted = exchange.get("header_contains", {})
                if any(part not in (headers.get(name) or "") for name, part in wanted.items()):
                    continue
                if "times" in exchange:
                    exchange["times"] -= 1
                return exchange
        return None

    def take(self):
        with self.lock:
            asked, self.asked, self.statuses = self.asked, collections.Counter(), collections.Counter()
        return asked

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class SourcesTest(ProjectTest):
    config = CONFIG

    def recorded(self, name, service):
        server = Recorded(name, service)
        self.addCleanup(server.close)
        return server

    def source(self, line):
        with open(self.home / "twin.yaml", "a") as file:
            file.write(f"  - {line}\n")

    def urls(self):
        lines = self.twin("docs", "list", "--json").out.splitlines()
        return {document["url"]: document for document in map(json.loads, lines)}

    def everything_written(self):
        return b"".join(
            path.read_bytes() for path in (self.home / ".twin").rglob("*") if path.is_file() and not path.is_symlink()
        )


class Notion(SourcesTest):
    def test_pages_once_and_no_secret_left_behind(self):
        server = self.recorded("notion", "https://api.notion.com")
        self.source(f"{{type: notion, category: articles, api_url: '{server.url}'}}")
        missing = self.twin("collect", code=None, env={"NOTION_TOKEN": ""})
        self.assertNotEqual(missing.code, 0)
        self.assertIn("NOTION_TOKEN", missing.err)

        token = {"NOTION_TOKEN": "secret-notion"}
        result = self.twin("-v", "collect", code=3, env=token)
        self.assertIn("Could not find block", result.err)
        page = "https://notion.so/" + "a".zfill(32)
        urls = self.urls()
        self.assertEqual(len([url for url in urls if "notion.so/" in url]), 4, urls)
        self.assertIn(page, urls)
        shown = self.twin("docs", "show", urls[page]["id"]).out
        self.assertIn("Feed it **twice** a day", shown)
        self.assertIn("반죽 소리", shown)

        server.take()
        self.twin("collect", code=3, env=token)  # the broken page alone is asked for again
        blocks = [path for path in server.take() if "/v1/blocks/" in path]
        self.assertLessEqual(len(blocks), 2, blocks)  # that one, and the one that has no text
        self.assertNotIn("secret-notion", result.err + self.twin("docs", "export").out)
        self.assertNotIn(b"secret-notion", self.everything_written())


class GitHub(SourcesTest):
    def test_an_account_and_again_with_nothing_changed(self):
        server = self.recorded("github", "https://api.github.com")
        self.source(
            f"{{type: github, category: repositories, url: 'https://github.com/minapark', api_url: '{server.url}'}}"
        )
        token = {"GITHUB_TOKEN": "secret-github"}
        self.twin("collect", env=token)
        urls = self.urls()
        self.assertIn("https://github.com/minapark/bread/issues/1", urls)
        self.assertIn("https://github.com/minapark/bread/commit/c2", urls)
        self.assertEqual(len(urls), 12, sorted(urls))
        server.take()
        self.twin("collect", env=token)
        self.assertGreater(server.statuses[304], 5)
        self.assertEqual(server.statuses[200], 2)  # the two questions to GraphQL, which are no GET
        self.assertFalse([path for path in server.take() if "/git/blobs/" in path])
        self.assertEqual(self.urls(), urls)
        self.assertNotIn(b"secret-github", self.everything_written())


class Declared(SourcesTest):
    def test_a_site_by_a_shared_definition(self):
        server = self.recorded("pages", "https://blog.example.kr")
        (self.home / "sources").mkdir()
        (self.home / "sources" / "blog.yaml").write_text(
            f"url: {server.url}/posts\nlink_selector: .cards h2\nlink_pattern: /posts/[0-9]\n"
            "next_selector: .paging .next\ntitle: {selector: .post-title}\n"
            "body: {selector: '.wrap > .content', remove: [.share]}\nauthor: {selector: .who}\n"
            "published: {selector: .meta, pattern: '작성일 ([0-9. :]+)'}\n"
        )
        self.source("{type: pages, category: posts, path: sources/blog.yaml}")
        plan = self.twin("collect", "--dry-run").out
        self.assertIn("/posts/1", plan)
        self.assertEqual(self.urls(), {})
        self.twin("collect")
        titles = sorted(document["title"] for document in self.urls().values())
        self.assertEqual(titles, ["둘째 빵", "옛 빵", "첫 빵"])

    def test_a_broken_definition_names_file_and_line(self):
        (self.home / "sources").mkdir()
        (self.home / "sources" / "blog.yaml").write_text("url: https://example.org\nlink_selector: 'a['\n")
        self.source("{type: pages, category: posts, path: sources/blog.yaml}")
        result = self.twin("collect", code=2)
        self.assertIn("blog.yaml:2:", result.err)
        self.assertIn("twin.yaml:", result.err)


class Program(SourcesTest):
    def test_lines_of_a_program(self):
        tap = self.home / "tap-notes"
        tap.write_text(
            "#!/bin/sh\necho \"token: $NOTES_TOKEN\" >&2\n"
            'echo \'{"url":"https://notes.example.org/1","title":"쪽지","markdown":"반죽을 저어 둔다. 그리고 기다린다.","author":"박미나"}\'\n'
            "echo oops\nexit ${NOTES_CODE:-0}\n"
        )
        tap.chmod(0o755)
        self.source("{type: command, category: posts, path: tap-notes, secrets: [NOTES_TOKEN]}")
        result = self.twin("-v", "collect", code=3, env={"NOTES_TOKEN": "secret-notes"})
        self.assertIn("Line 2: ", result.err)
        self.assertNotIn("secret-notes", result.err)
        self.assertEqual([d["title"] for d in self.urls().values()], ["쪽지"])


if __name__ == "__main__":
    unittest.main()
