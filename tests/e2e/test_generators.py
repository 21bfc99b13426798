"""Datasets that a model helps to make: backtranslation, generated pairs and triples, from an OpenAI-compatible server."""

import json
import os
import signal
import subprocess
import time
import unittest

from fake_openai import FakeOpenAI, Fault, obliging, passage_of, wants
from harness import BIN, MODELS, ProjectTest


@unittest.skipUnless(MODELS.exists(), "no models: TWIN_TEST_MODELS")
class Generators(ProjectTest):
    def setUp(self):
        super().setUp()
        self.twin("collect")
        self.twin("index")

    def dataset(self, server, *settings, code=0, env=None):
        sets = [f"dataset.generate.provider.url={server.url}", "dataset.generate.provider.model=fake",
                "dataset.generate.provider.longest_wait_s=5", *settings]
        flags = [word for setting in sets for word in ("--set", setting)]
        # Only the step in question: preference pairs of the local model take their time.
        return self.twin("--json", *flags, "dataset", code=code, env=env)

    def samples(self, kind="instruct"):
        folder = self.home / ".twin" / "datasets" / kind
        return [json.loads(line) for file in sorted(folder.glob("*.jsonl"))
                if file.stem in ("train", "validation", "test")
                for line in file.read_text(encoding="utf-8").splitlines()]

    def rejected(self, kind="instruct"):
        file = self.home / ".twin" / "datasets" / kind / "rejected.jsonl"
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]

    def prose(self, document):
        return self.twin("docs", "show", document, "--view", "prose").out

    def test_backtranslation_through_a_server_that_misbehaves(self):
        def reply(body, number):
            if number == 2:
                raise Fault(429, {"Retry-After": "1"})
            if number == 5:
                raise Fault(cut=True)
            if number == 8:
                raise Fault(503)
            if wants(body) == "question" and "sourdough" in passage_of(body).lower() and not self.spoiled:
                self.spoiled = True
                return "I would rather talk about something else."
            return obliging(body)

        self.spoiled = False
        with FakeOpenAI(reply) as server:
            self.dataset(server, "dataset.generator=backtranslate", "dataset.generate.provider.key_env=TWIN_TEST_KEY",
                         env={"TWIN_TEST_KEY": "secret-1"})
            samples = self.samples()
            self.assertGreater(len(samples), 5)
            self.assertEqual(set(server.keys), {"Bearer secret-1"})
            self.assertTrue(all(body["model"] == "fake" for body in server.bodies))
            reasons = [r["reason"] for r in self.rejected()]
            self.assertEqual(reasons.count("bad_reply"), int(self.spoiled))
            for sample in samples:
                meta = sample["metadata"]
                self.assertTrue(meta["generator"].startswith("backtranslate:fake@"), meta)
                prose = self.prose(meta["document_id"]).encode()
                self.assertEqual(prose[meta["start"]:meta["end"]].decode(), sample["messages"][-1]["content"])
            asked = len(server.bodies)
            # Nothing changed: nothing is asked. Another threshold: the replies are there.
            self.dataset(server, "dataset.generator=backtranslate", "dataset.generate.min_fit=3",
                         "dataset.generate.provider.key_env=TWIN_TEST_KEY", env={"TWIN_TEST_KEY": "secret-1"})
            self.assertEqual(len(server.bodies), asked)
        for file in (self.home / ".twin").rglob("*"):
            if file.is_file():
                self.assertNotIn(b"secret-1", file.read_bytes(), file)

    def test_killed_and_continued(self):
        def slow(body, number):
            time.sleep(0.05)
            return obliging(body)

        settings = ["dataset.generator=generate", "dataset.generate.parallel=3"]
        with FakeOpenAI(slow) as server:
            flags = [word for s in (f"dataset.generate.provider.url={server.url}", "dataset.generate.provider.model=fake",
                                    *settings) for word in ("--set", s)]
            process = subprocess.Popen([str(BIN / "twin"), "--home", str(self.home), "--json", *flags, "dataset"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       env={**os.environ, "LC_ALL": "C.UTF-8"})
            deadline = time.monotonic() + 300
            while len(server.bodies) < 6 and time.monotonic() < deadline and process.poll() is None:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait()
            before = len(server.bodies)
            self.assertGreaterEqual(before, 6)
            self.dataset(server, *settings)
            killed = self.samples()
            again = len(server.bodies) - before
            prompts = {json.dumps(body["messages"]) for body in server.bodies}
            self.assertLessEqual(len(server.bodies) - len(prompts), 3 + 1, "only what was under way is asked again")
            self.assertGreater(again, 0)
            folder = self.home / ".twin" / "datasets" / "instruct"
            (folder / "answers.jsonl").unlink()
            self.twin("--json", *[w for s in (f"dataset.generate.provider.url={server.url}",
                                              "dataset.generate.provider.model=fake", *settings) for w in ("--set", s)],
                      "dataset", "--force")
            self.assertEqual(self.samples(), killed, "as without the kill")
            for sample in killed:
                meta = sample["metadata"]
                passage = self.prose(meta["document_id"]).encode()[meta["start"]:meta["end"]].decode()
                self.assertIn(sample["messages"][-1]["content"], passage)

    def test_triples(self):
        with FakeOpenAI(obliging) as server:
            self.dataset(server, "dataset.preference_generator=generate", "dataset.preference_samples=6",
                         "dataset.generate.min_extract=5")
            pairs = self.samples("preference")
            self.assertGreater(len(pairs), 0)
            for pair in pairs:
                meta = pair["metadata"]
                passage = self.prose(meta["document_id"]).encode()[meta["start"]:meta["end"]].decode()
                self.assertEqual(passage, pair["chosen"][0]["content"])
                self.assertEqual(pair["rejected"][0]["content"], "As an assistant I cannot know.")

    def test_what_cannot_be_paid_is_not_asked(self):
        with FakeOpenAI(obliging) as server:
            result = self.dataset(server, "dataset.generator=generate", "dataset.generate.price_output=10", code=None)
            self.assertNotEqual(result.code, 0)
            self.assertIn("dataset.generate.max_cost", result.out + result.err)
            self.assertEqual(server.bodies, [])
            self.dataset(server, "dataset.generator=generate", "dataset.generate.provider.key_env=TWIN_NO_SUCH_KEY",
                         code=None)
            self.assertEqual(server.bodies, [])
        self.dataset(server, "dataset.generator=oracle", code=2)

    def test_a_server_that_is_gone(self):
        with FakeOpenAI(obliging) as server:
            pass
        result = self.dataset(server, "dataset.generator=generate", "dataset.generate.provider.retries=0", code=None)
        self.assertEqual(result.code, 1, result)


if __name__ == "__main__":
    unittest.main()
