"""Collecting through the real program: a folder and a blog on a server of this test."""

import json
import os
import pathlib
import random
import re
import signal
import subprocess
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import BIN, ProjectTest

CONFIG = """\
name: tiny
authors:
  - name: Mina Park
collect:
  http: {{delay_seconds: 0, retry_seconds: 0.01, longest_retry_seconds: 0.05, attempts: 3, allow_hosts: [127.0.0.1]}}
sources:
  - {{type: folder, name: notes, path: writing, category: articles}}
"""

TEXT = (
    "The dough rests overnight and the loaf is better for it. {0} I write down what I change each time, because a note of "
    "last month is worth more than a memory. The oven is hot, the stone is old, and the crust sings when it cools.",
    "반죽은 밤새 쉬게 두면 훨씬 맛있어진다. {0} 매번 무엇을 바꾸었는지 적어 두는데, 지난달의 기록이 기억보다 낫기 때문이다. "
    "오븐은 뜨겁고 돌은 오래되었으며, 식을 때 껍질에서 소리가 난다. 그래서 나는 천천히 굽는다.",
)


def page(title, words, korean=False):
    paragraphs = "".join(f"<p>{TEXT[korean].format(words)} {n}</p>" for n in range(3))
    return f"<html lang='{'ko' if korean else 'en'}'><head><title>{title}</title></head><body><article><h1>{title}</h1>{paragraphs}</article></body></html>"


class Blog:
    """A blog with a sitemap: pages by path; `flaky` fail so many times, `moved` redirect, ETags answer 304."""

    def __init__(self, count):
        self.pages = {f"/posts/{n}": page(f"Post {n}", f"word{n}", n % 2 == 1) for n in range(count)}
        self.listed = list(self.pages)
        self.flaky, self.moved, self.asked = {}, {}, []
        self.lock = threading.Lock()
        blog = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def answer(self, status, body=b"", headers=()):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if status != 304:
                    self.wfile.write(body)

            def do_GET(self):
                with blog.lock:
                    blog.asked.append(self.path)
                    if blog.flaky.get(self.path, 0) > 0:
                        blog.flaky[self.path] -= 1
                        return self.answer(503)
                    if self.path in blog.moved:
                        return self.answer(301, headers=[("Location", blog.moved[self.path])])
                    if self.path == "/robots.txt":
                        return self.answer(200, f"Sitemap: {blog.url}/sitemap.xml\n".encode())
                    if self.path == "/sitemap.xml":
                        urls = "".join(f"<url><loc>{blog.url}{path}</loc></url>" for path in blog.listed)
                        body = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()
                        return self.answer(200, body, [("Content-Type", "application/xml")])
                    if self.path not in blog.pages:
                        return self.answer(404)
                    body = blog.pages[self.path].encode()
                    tag = f'"{hash(blog.pages[self.path])}"'
                    if self.headers.get("If-None-Match") == tag:
                        return self.answer(304, headers=[("ETag", tag)])
                    return self.answer(200, body, [("Content-Type", "text/html; charset=utf-8"), ("ETag", tag)])

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def take_asked(self):
        with self.lock:
            asked, self.asked = self.asked, []
        return [path for path in asked if path.startswith("/posts/")]


class CollectTest(ProjectTest):
    config = CONFIG

    def source(self, line):
        with open(self.home / "twin.yaml", "a") as file:
            file.write(f"  - {line}\n")

    def summary(self, result):
        return next(step["summary"] for step in result.json()["steps"] if step["step"] == "collect")

    def failures(self, result):
        return [failure for step in result.json()["steps"] for failure in step["failures"]]

    def urls(self, deleted=False):
        lines = self.twin("docs", "list", "--json", *(["--deleted"] if deleted else [])).out.splitlines()
        return {document["url"]: document for document in map(json.loads, lines)}

    def digest(self, result):
        return self.outputs(result)["warehouse"]


class Folder(CollectTest):
    def test_only_what_changed_is_touched(self):
        writing = self.home / "writing"
        for path in writing.rglob("*"):
            os.utime(path, (1_600_000_000, 1_600_000_000))
        count = len(self.twin("--json", "collect").json()["steps"]) and len(self.urls())
        self.assertGreater(count, 2)
        # Nothing changed: the step is not even run.
        self.assertEqual(self.steps(self.twin("--json", "collect"))["collect"], "cached")
        (writing / "new.md").write_text("# 새 글\n\n" + TEXT[1].format("하나") * 2)
        changed = next(writing.rglob("*.md"))
        changed.write_text(changed.read_text() + "\n\nOne more thought.\n")
        result = self.twin("--json", "collect")
        self.assertIn("1 new, 1 changed" if changed.name != "new.md" else "1 new", self.summary(result))
        (writing / "new.md").unlink()
        self.assertIn("1 gone", self.summary(self.twin("--json", "collect")))
        self.assertEqual(len(self.urls(deleted=True)), count + 1)

    def test_dry_run_and_one_source(self):
        other = self.home / "other"
        other.mkdir()
        (other / "a.md").write_text(TEXT[0].format("a"))
        self.source("{type: folder, path: other, category: posts}")
        plan = self.twin("--json", "collect", "--dry-run").json()
        self.assertEqual({item["state"] for item in plan["items"]}, {"new"})
        self.assertEqual({item["source"] for item in plan["items"]}, {"notes", f"folder {other}"})
        self.assertEqual(self.urls(), {})
        self.assertEqual(self.twin("--json", "runs").json(), [])

        self.twin("collect", "--source", other)
        self.assertEqual([url for url in self.urls()], [f"file://{other}/a.md"])
        self.twin("collect", "--source", "notes")
        before = self.urls()
        (other / "a.md").unlink()
        (other / "b.md").write_text(TEXT[0].format("b"))
        plan = self.twin("collect", "--dry-run").out
        self.assertRegex(plan, r"absent +file://.*/other/a\.md")
        self.assertRegex(plan, r"new +file://.*/other/b\.md")
        self.assertEqual(self.urls(), before)
        result = self.twin("collect", "--source", "nowhere", code=2)
        self.assertIn("notes", result.err)

    def test_a_place_that_lost_most_of_its_documents_is_not_believed(self):
        many = self.home / "many"
        many.mkdir()
        for n in range(12):
            (many / f"{n}.md").write_text(TEXT[n % 2].format(n))
        self.source("{type: folder, path: many, category: posts}")
        self.twin("collect")
        count = len(self.urls())
        for n in range(9):
            (many / f"{n}.md").unlink()
        result = self.twin("collect", code=3)
        self.assertIn("--confirm-deletions", result.err)
        self.assertEqual(len(self.urls()), count)
        self.twin("collect", "--confirm-deletions")
        self.assertEqual(len(self.urls()), count - 9)
        self.twin("collect")

    def test_events(self):
        (self.home / "writing" / "binary.md").write_bytes(bytes(range(256)) * 64)
        result = self.twin("--json", "collect", code=3)
        events = [json.loads(line) for line in result.err.splitlines() if line.startswith("{")]
        kinds = [event["event"] for event in events]
        self.assertEqual(kinds.count("collect.start"), 1)
        self.assertEqual(kinds.count("collect.summary"), 1)
        self.assertIn({"notes"}, [{e.get("source")} for e in events if e["event"] == "collect.item"])
        failure = next(event for event in events if event["event"] == "collect.failure")
        self.assertIn("binary.md", failure["url"])
        self.assertEqual(failure["source"], "notes")
        summary = next(event for event in events if event["event"] == "collect.summary")
        self.assertEqual(summary["failed"], 1)
        self.assertEqual(summary["new"], kinds.count("collect.item"))

    def test_sources(self):
        listed = self.twin("sources", home="/", code=0).out
        for name in ("folder", "git", "feed"):
            self.assertRegex(listed, rf"(?m)^{name} ")
        (self.home / "writing" / "binary.md").write_bytes(bytes(range(256)) * 64)
        self.twin("collect", code=3)
        notes = self.twin("--json", "sources").json()["project"][0]
        self.assertEqual(notes["name"], "notes")
        self.assertEqual(notes["state"], "done")
        self.assertEqual(notes["documents"], len(self.urls()))
        self.assertIn("binary.md", notes["failures"][0]["url"])
        self.assertIn("binary.md", self.twin("sources").out)

    def test_source_test(self):
        tried = self.twin("--json", "source", "test", self.home / "writing", "-n", 2, home="/").json()
        self.assertEqual(tried["claims"][0]["source"], "folder")
        self.assertEqual(len(tried["items"]), 2)
        self.assertTrue(all(item["title"] and item["markdown"] and item["language"] for item in tried["items"]))
        self.assertFalse((self.home / ".twin").exists())
        text = self.twin("source", "test", self.home / "writing").out
        self.assertIn("folder", text)
        refused = self.twin("source", "test", "gopher://example.org/1", code=2)
        self.assertIn("folder", refused.err)

    def killed_after(self, documents, seconds):
        """Ends a run by SIGKILL so long after so many documents were stored; whether it was still running."""
        process = subprocess.Popen(
            [str(BIN / "twin"), "--home", str(self.home), "--json", "collect"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for line in process.stderr if documents else ():
            documents -= b'"collect.item"' in line
            if documents == 0:
                break
        time.sleep(seconds)
        alive = process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stderr.close()
        return alive

    def test_kill(self):
        """kill -9 at random instants: nothing lost, nothing doubled, the same digest at the end."""
        many = self.home / "many"
        for n in range(1500):
            path = many / str(n % 7) / f"{n}.html"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(page(f"Page {n}", f"word{n}", n % 2 == 1))
        self.source("{type: folder, path: many, category: posts}")
        wanted = self.digest(self.twin("--json", "collect"))
        seed = int(os.environ.get("TWIN_TEST_SEED", time.time()))
        print(f"TWIN_TEST_SEED={seed}")
        chance = random.Random(seed)
        (self.home / ".twin").rename(self.home / "reference")
        # By documents stored and a little time, not by time alone: how long a run takes is the machine's business.
        killed = sum(self.killed_after(chance.randrange(100), chance.uniform(0, 0.05)) for _ in range(8))
        self.assertGreater(killed, 4)
        self.assertEqual(self.digest(self.twin("--json", "collect")), wanted)
        versions = [json.loads(line) for line in self.twin("docs", "export").out.splitlines()]
        documents = [line for line in versions if line["type"] == "document"]
        self.assertEqual(len(documents), len({line["url"] for line in documents}))
        self.assertTrue(all(line["version"] == 1 for line in documents))
        # Every document's bytes are there, and are what its hash says.
        for line in random.Random(1).sample(documents, 20):
            self.twin("docs", "show", line["id"], "--view", "raw")


class Web(CollectTest):
    def setUp(self):
        super().setUp()
        self.blog = Blog(8)
        self.addCleanup(self.blog.close)
        self.source(f"{{type: site, name: blog, url: {self.blog.url}/, category: articles}}")
        text = (self.home / "twin.yaml").read_text()
        (self.home / "twin.yaml").write_text(text.replace("  - {type: folder, name: notes, path: writing, category: articles}\n", ""))

    def at(self, path):
        return self.blog.url + path

    def test_new_changed_unchanged_moved_and_gone(self):
        result = self.twin("--json", "collect")
        self.assertIn("8 new", self.summary(result))
        documents = self.urls()
        self.assertEqual(set(documents), {self.at(f"/posts/{n}") for n in range(8)})
        self.assertEqual(documents[self.at("/posts/1")]["language"], "ko")

        self.blog.take_asked()
        digest = self.digest(result)
        again = self.twin("--json", "collect")
        self.assertIn("8 unchanged", self.summary(again))
        self.assertEqual(self.digest(again), digest)

        self.blog.pages["/posts/0"] = page("Post 0", "rewritten")
        self.blog.pages["/posts/8"] = page("Post 8", "fresh", True)
        self.blog.listed += ["/posts/8"]
        self.blog.moved["/posts/2"] = "/posts/two"
        self.blog.pages["/posts/two"] = self.blog.pages.pop("/posts/2")
        del self.blog.pages["/posts/3"]  # 404 for what is listed: gone
        self.blog.listed.remove("/posts/4")  # no longer listed: gone when it stays away
        summary = self.summary(self.twin("--json", "collect"))
        self.assertIn("1 changed", summary)
        urls = self.urls()
        self.assertIn(self.at("/posts/8"), urls)
        self.assertIn(self.at("/posts/two"), urls)
        self.assertNotIn(self.at("/posts/2"), urls)
        self.assertNotIn(self.at("/posts/3"), urls)
        self.assertIn(self.at("/posts/4"), urls)
        self.assertEqual(urls[self.at("/posts/0")]["version"], 2)
        self.twin("--json", "collect", code=None)
        self.assertNotIn(self.at("/posts/4"), self.urls())
        self.assertIn(self.at("/posts/4"), self.urls(deleted=True))

    def test_flaky_pages_and_retry(self):
        self.blog.flaky = {"/posts/1": 2, "/posts/5": 10**6}
        result = self.twin("--json", "collect", code=3)
        self.assertIn("7 new", self.summary(result))
        self.assertEqual([failure["where"] for failure in self.failures(result)], [self.at("/posts/5")])
        self.assertIn("/posts/5", self.twin("sources").out)

        self.blog.take_asked()
        plan = self.twin("--json", "collect", "--dry-run", "--retry-failed").json()
        self.assertEqual([item["url"] for item in plan["items"]], [self.at("/posts/5")])
        self.assertEqual(self.blog.take_asked(), [])
        self.twin("collect", "--retry-failed", code=3)
        self.assertEqual(set(self.blog.take_asked()), {"/posts/5"})
        self.blog.flaky = {}
        self.twin("collect", "--retry-failed")
        self.assertEqual(self.blog.take_asked(), ["/posts/5"])
        self.assertEqual(len(self.urls()), 8)
        self.assertIn("Nothing failed", self.twin("collect", "--retry-failed").out)

    def test_a_failed_listing_costs_nothing(self):
        self.twin("collect")
        self.blog.flaky = {"/sitemap.xml": 10**6, "/robots.txt": 10**6}
        result = self.twin("collect", code=3)
        self.assertIn("failed", result.err)
        self.assertEqual(len(self.urls()), 8)
        self.blog.flaky = {}
        self.twin("collect", "--retry-failed")
        self.assertEqual(len(self.urls()), 8)

    def test_dry_run_asks_for_no_page(self):
        plan = self.twin("--json", "collect", "--dry-run").json()
        self.assertEqual(len(plan["items"]), 8)
        self.assertEqual(self.blog.take_asked(), [])
        self.twin("collect")
        self.blog.take_asked()
        plan = self.twin("--json", "collect", "--dry-run").json()
        self.assertLessEqual({item["state"] for item in plan["items"]}, {"known"})
        self.assertEqual(self.blog.take_asked(), [])

    def test_host_states_are_events(self):
        self.blog.flaky = {"/posts/1": 1}
        events = [json.loads(line) for line in self.twin("--json", "collect").err.splitlines() if line.startswith("{")]
        hosts = [event for event in events if event["event"] == "collect.host"]
        host = re.sub("^http://", "", self.blog.url)
        self.assertIn(host, {event["host"] for event in hosts})
        self.assertIn("retrying", {event["state"] for event in hosts})

    def test_kill(self):
        wanted = None
        chance = random.Random(int(os.environ.get("TWIN_TEST_SEED", 1)))
        for name in ("reference", "killed"):
            if name == "killed":
                (self.home / ".twin").rename(self.home / "reference")
                for _ in range(4):
                    process = subprocess.Popen([str(BIN / "twin"), "--home", str(self.home), "-q", "collect"],
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                    time.sleep(chance.uniform(0.02, 0.5))
                    process.kill()
                    process.wait()
            got = self.digest(self.twin("--json", "collect"))
            wanted = wanted or got
            self.assertEqual(got, wanted)


if __name__ == "__main__":
    unittest.main()
