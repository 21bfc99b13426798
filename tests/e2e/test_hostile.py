"""Servers that misbehave: each case ends in a clear error or a good document, within the limits, and costs only itself."""

import json
import os
import re
import subprocess
import unittest
import unittest.mock

from harness import BIN, ProjectTest, Result
from hostile_server import CASES, DOMAIN, Server

SANITIZED = bool(os.environ.get("TWIN_SANITIZE"))
MEGABYTES = 300  # the most that a run over all cases may hold in memory

LIMITS = f"""\
collect:
  max_item_megabytes: 8
  http:
    contact: tests@example.org
    allow_hosts: ["*.{DOMAIN}"]
    resolve: ["*:{{port}}:127.0.0.1"]
    delay_seconds: 0
    attempts: 2
    retry_seconds: 0.01
    longest_wait_seconds: 2
    connect_seconds: 5
    tls_seconds: 3
    answer_seconds: 3
    idle_seconds: 1
    min_bytes_per_second: 1000
    total_seconds: 30
"""


class Hostile(ProjectTest):
    def address(self, name, server):
        found = CASES[name]
        return f"{found.scheme}://{found.host or name + '.' + DOMAIN}:{server.port}{found.path}"

    def configure(self, server, names):
        sources = ""
        for name in names:
            options = CASES[name].options
            sources += f"  - {{type: {CASES[name].source}, name: {name}, category: posts, "
            sources += f"url: '{self.address(name, server)}'{', ' + options if options else ''}}}\n"
        text = "name: hostile\nauthors: [{name: Mina Park}]\nsources:\n" + sources
        text += "  - {type: folder, path: writing, category: articles}\n" + LIMITS.format(port=server.port)
        (self.home / "twin.yaml").write_text(text)

    def run_measured(self, *arguments):
        """Like twin(), with the largest resident memory in MiB."""
        out, err = self.home / "out", self.home / "err"
        with open(out, "wb") as o, open(err, "wb") as e:
            environment = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
            process = subprocess.Popen(
                [str(BIN / "twin"), "--home", str(self.home), *arguments],
                stdout=o,
                stderr=e,
                env={**environment, "LC_ALL": "C.UTF-8"},
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        read = lambda path: path.read_text(errors="replace")  # noqa: E731
        completed = subprocess.CompletedProcess([], process.returncode, read(out), read(err))
        return Result(completed), usage.ru_maxrss / 1024

    def test_every_case_ends_as_it_should_and_the_run_goes_on(self):
        with Server() as server:
            self.configure(server, CASES)
            result, megabytes = self.run_measured("--json", "collect")
            self.assertEqual(result.code, 3, result)
            failures = {}
            for line in result.err.splitlines():
                event = json.loads(line) if line.startswith("{") else {}
                if event.get("event") == "collect.failure":
                    failures.setdefault(event["source"], []).append(f'{event["kind"]}: {event["message"]}')
            self.assertEqual(sum(map(len, failures.values())), sum(len(s["failures"]) for s in result.json()["steps"]))
            documents = self.twin("docs", "export").out
            bodies = {}
            for line in documents.splitlines():
                document = json.loads(line)
                if document.get("type") == "document":
                    bodies[document["url"]] = document["body"]

            problems = []
            for name, found in CASES.items():
                url = self.address(name, server)
                messages = failures.get(name, [])
                patterns = (found.error,) if isinstance(found.error, str) else found.error
                patterns = [pattern for pattern in patterns if pattern]
                for pattern in patterns:
                    if not any(re.search(pattern, m) for m in messages):
                        problems.append(f"{name}: expected /{pattern}/, got {messages}")
                for message in messages:
                    if not any(re.search(pattern, message) for pattern in patterns):
                        problems.append(f"{name}: did not expect {message!r}")
                host = f"//{name}.{DOMAIN}:{server.port}/" if found.source != "feed" else f"//example.org/{name}"
                own = [body for address, body in bodies.items() if host in address + "/"]
                wanted = found.good or ("" if found.error else " ")
                if wanted and not any(wanted in body for body in own):
                    problems.append(f"{name}: its document is missing among {len(own)}")
            self.assertEqual(problems, [], "\n".join(problems))
            self.assertGreaterEqual(len(CASES), 50)
            # The rest of the run went on, in memory that is bounded.
            self.assertIn("sourdough", documents)
            if not SANITIZED:  # a sanitizer keeps what was freed
                self.assertLess(megabytes, MEGABYTES)
            # Nothing of this machine got out, and nothing inside it was asked.
            self.assertNotIn("root:", documents)
            self.assertNotIn("https://example.org/inside", documents)
            self.assertEqual([a for a in server.asked if not a[0].endswith(DOMAIN)], [])
            # Who asked is said with each request.
            self.assertTrue(all("tests@example.org" in a[2].get("user-agent", "") for a in server.asked))
            # Korean came through its wrong declarations.
            self.assertIn("한글 문장이 온전히 도착했습니다", documents)
            self.assertIn("두 바이트로 쓴 글입니다", documents)

    def test_what_has_not_changed_is_asked_for_by_its_validator(self):
        with Server() as server:
            state = {"bodies": 0}

            def serve(peer):
                if peer.headers.get("if-none-match") == '"v1"':
                    peer.answer(status="304 Not Modified", headers=['ETag: "v1"'])
                else:
                    state["bodies"] += 1
                    peer.feed(headers=['ETag: "v1"'])

            self.enterContext(unittest.mock.patch.dict(CASES, {"steady": type(CASES["gone"])(serve)}))
            self.configure(server, ["steady"])
            for _ in range(3):
                self.twin("collect")
            self.assertEqual(state["bodies"], 1)
            self.assertIn("https://example.org/steady", self.twin("docs", "export").out)

    def test_a_host_that_fails_on_and_on_is_left_alone(self):
        with Server() as server:
            self.configure(server, [])
            config = (self.home / "twin.yaml").read_text()
            dead = "".join(
                f"  - {{type: feed, category: posts, url: 'http://always-500.{DOMAIN}:{server.port}/{i}.xml'}}\n"
                for i in range(20)
            )
            (self.home / "twin.yaml").write_text(
                config.replace("sources:\n", "sources:\n" + dead).replace("attempts: 2", "attempts: 2\n    host_failures: 3")
            )
            result = self.twin("--json", "collect", code=3)
            messages = [f["message"] for step in result.json()["steps"] for f in step["failures"]]
            self.assertEqual(len(messages), 20)
            self.assertTrue(any("left alone" in m and "500" in m for m in messages), messages)
            # Sources are read side by side: those under way when the third failed are asked to their end.
            self.assertLess(len(server.asked), 20)
            events = [json.loads(line) for line in result.err.splitlines() if line.startswith("{")]
            self.assertTrue(any(e.get("event") == "collect.host" and e["state"] == "blocked" for e in events))


if __name__ == "__main__":
    unittest.main()
