"""The server: OpenAI's shapes, streaming, health, citations, and an adapter trained while it runs."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

from harness import BIN, SOURCE, ProjectTest


QUESTIONS = (
    "How long should sourdough rest?",
    "What was broken in the radio?",
    "When does the night train leave Yongsan?",
    "What do I need to repair a radio safely?",
    "How do I write letters to my aunt in Busan?",
    "Which plants do not mind the shade on a balcony?",
    "What does Mokpo smell of in the morning?",
)


class Server(ProjectTest):
    @classmethod
    def setUpClass(cls):
        # One project and one server for all tests of the class: training takes seconds.
        cls.project = ProjectTest("run")
        cls.project.setUp()
        cls.project.twin("up", "--no-serve")
        cls.process = subprocess.Popen(
            [str(BIN / "twin"), "--home", str(cls.project.home), "--json", "serve"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        cls.url = json.loads(cls.process.stdout.readline())["url"]

    @classmethod
    def tearDownClass(cls):
        cls.process.send_signal(signal.SIGTERM)
        try:
            code = cls.process.wait(timeout=60)
        finally:
            cls.process.kill()
            cls.process.stdout.close()
            cls.project.doCleanups()
        assert code == 0, f"SIGTERM should end the server cleanly, not with {code}"

    def setUp(self):
        pass

    def request(self, path, body=None, timeout=120):
        data = None if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
        request = urllib.request.Request(
            self.url.rstrip("/") + path, data=data, headers={"Content-Type": "application/json"}
        )
        return urllib.request.urlopen(request, timeout=timeout)

    def call(self, path, body=None):
        with self.request(path, body) as response:
            return json.load(response)

    def error(self, path, body):
        with self.assertRaises(urllib.error.HTTPError) as caught:
            self.request(path, body)
        with caught.exception as response:
            return response.code, json.load(response)["error"]

    def ask(self, model, question="How long should sourdough rest?", **more):
        return {"model": model, "messages": [{"role": "user", "content": question}], "max_tokens": 16, **more}

    def test_health_and_models(self):
        self.assertEqual(self.request("/health/live").status, 200)
        self.assertEqual(self.request("/health/ready").status, 200)
        ids = [m["id"] for m in self.call("/v1/models")["data"]]
        for name in ("twin", "twin:no-rag", "base"):
            self.assertIn(name, ids)

    def test_chat_completion_with_citations(self):
        answer = self.call("/v1/chat/completions", self.ask("twin"))
        self.assertEqual(answer["object"], "chat.completion")
        choice = answer["choices"][0]
        self.assertEqual(choice["message"]["role"], "assistant")
        self.assertIn(choice["finish_reason"], ("stop", "length"))
        self.assertGreater(answer["usage"]["completion_tokens"], 0)
        self.assertIn("citations", json.dumps(answer))

    def test_the_prompt_alone(self):
        answer = self.call("/v1/chat/completions", self.ask("twin", prompt_only=True))
        self.assertEqual(answer["choices"][0]["message"]["content"], "")
        self.assertEqual([message["role"] for message in answer["prompt"]], ["system", "user"])
        self.assertIn("How long should sourdough rest?", answer["prompt"][1]["content"])
        self.assertIn(answer["choices"][0]["message"]["passages"][0]["text"], answer["prompt"][1]["content"])
        self.assertEqual(answer["usage"]["completion_tokens"], 0)

    def test_streaming(self):
        events = []
        with self.request("/v1/chat/completions", self.ask("base", stream=True)) as response:
            self.assertTrue(response.headers["Content-Type"].startswith("text/event-stream"))
            for line in response:
                if line.startswith(b"data: "):
                    events.append(line[6:].strip())
        self.assertEqual(events[-1], b"[DONE]")
        chunks = [json.loads(e) for e in events[:-1]]
        self.assertTrue(all(c["object"] == "chat.completion.chunk" for c in chunks))
        text = "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks if c["choices"])
        self.assertTrue(text.strip())

    def test_embeddings(self):
        data = self.call("/v1/embeddings", {"model": "minilm", "input": ["bread", "brot", "radio"]})["data"]
        self.assertEqual([d["index"] for d in data], [0, 1, 2])
        self.assertAlmostEqual(sum(x * x for x in data[0]["embedding"]), 1.0, places=3)

    def test_errors_have_openai_shape(self):
        self.assertEqual(self.error("/v1/chat/completions", b"{not json")[0], 400)
        self.assertEqual(self.error("/v1/chat/completions", {"model": "twin", "messages": []})[0], 400)
        code, error = self.error("/v1/chat/completions", self.ask("nobody"))
        self.assertEqual(code, 404)
        self.assertIn("twin", error["message"])
        self.assertEqual(self.error("/v1/nothing", {})[0], 404)

    def test_page_is_served(self):
        with self.request("/") as response:
            self.assertIn(b"<html", response.read().lower())

    # What it sees depends on what a two-step model says and on how fast it says it: on request only.
    @unittest.skipUnless(os.environ.get("TWIN_TEST_BROWSER"), "TWIN_TEST_BROWSER=1 runs it; needs chromium and npm")
    def test_a_page_in_a_browser(self):  # first by name: before another test trains a strange adapter
        folder = pathlib.Path(tempfile.mkdtemp(prefix="twin-e2e-web-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        shutil.copytree(SOURCE / "tests/e2e/web", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, check=True, capture_output=True, timeout=300)
        result = subprocess.run(
            ["node", "page.test.mjs", self.url, *QUESTIONS],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=600,
        )
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_questions_leave_traces(self):
        self.call("/v1/chat/completions", self.ask("twin"))
        self.assertTrue(self.project.twin("traces", "--json").json())

    def test_new_adapter_is_hot_loaded(self):
        question = self.ask("twin:no-rag", max_tokens=24, temperature=0)
        before = self.call("/v1/chat/completions", question)["choices"][0]["message"]["content"]
        # Enough steps at a rate that must change the greedy answer.
        self.project.twin("--set", "train.max_steps=12", "--set", "train.lr=0.01", "train")
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            after = self.call("/v1/chat/completions", question)["choices"][0]["message"]["content"]
            if after != before:
                return
            time.sleep(1)
        self.fail("the server still answers with the old adapter")

    def test_worker_crash_is_survived(self):
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        self.assertTrue(children)
        os.kill(int(children[0]), signal.SIGKILL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                self.call("/v1/chat/completions", self.ask("twin"))
                return
            except urllib.error.HTTPError as error:
                self.assertIn(error.code, (500, 502, 503))
                error.close()
                time.sleep(0.5)
        self.fail("the server did not recover from a killed worker")


if __name__ == "__main__":
    unittest.main()
