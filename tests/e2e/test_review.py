"""Samples reviewed by hand: listed, decided by a file or on a terminal, and what the next build makes of it."""

import json
import os
import pty
import subprocess
import unittest

from harness import BIN, MODELS, ProjectTest


@unittest.skipUnless(MODELS.exists(), "no models: TWIN_TEST_MODELS")
class Review(ProjectTest):
    def setUp(self):
        super().setUp()
        self.twin("dataset")

    def listed(self):
        return self.twin("--json", "dataset", "review").json()

    def train(self):
        file = self.home / ".twin" / "datasets" / "instruct" / "train.jsonl"
        return {s["metadata"]["id"]: s for s in map(json.loads, file.read_text(encoding="utf-8").splitlines())}

    def decide(self, *decisions, code=0):
        file = self.home / "decisions.in"
        file.write_text("".join(json.dumps(d, ensure_ascii=False) + "\n" for d in decisions), encoding="utf-8")
        return self.twin("--json", "dataset", "review", "--decide", file, code=code)

    def test_decisions_hold(self):
        before = self.listed()["samples"]
        self.assertEqual({s["id"] for s in before}, set(self.train()))
        first, second, third = (s["id"] for s in before[:3])
        self.assertIn("nowhere", self.decide({"id": first, "decision": "reject"}, {"id": "nowhere", "decision": "accept"},
                                             code=1).err)
        self.assertEqual(len(self.listed()["samples"]), len(before), "all or nothing")
        self.decide({"id": first, "decision": "perhaps"}, code=1)
        self.decide({"id": first, "decision": "reject", "reason": "지루하다"},
                    {"id": second, "decision": "edit", "answer": "고친 답이다."}, {"id": third, "decision": "accept"})
        self.assertEqual(len(self.listed()["samples"]), len(before) - 3)
        steps = self.steps(self.twin("--json", "dataset"))
        self.assertEqual(steps["instruct"], "done", "a decision makes the samples anew")
        train = self.train()
        self.assertNotIn(first, train)
        self.assertNotIn(second, train)
        self.assertIn(third, train)
        edited = [s for s in train.values() if s["metadata"]["generator"] == "extractive+edited"]
        self.assertEqual([s["messages"][-1]["content"] for s in edited], ["고친 답이다."])
        self.assertEqual(len(self.listed()["samples"]), len(before) - 3, "what was edited is not asked again")
        rejected = (self.home / ".twin" / "datasets" / "instruct" / "rejected.jsonl").read_text(encoding="utf-8")
        self.assertIn("지루하다", rejected)
        self.assertEqual(self.steps(self.twin("--json", "dataset"))["instruct"], "cached")

    def test_on_a_terminal(self):
        refused = self.twin("dataset", "review", code=2, stdin="a\n")
        self.assertIn("--decide", refused.err)
        main, side = pty.openpty()
        process = subprocess.Popen([str(BIN / "twin"), "--home", str(self.home), "dataset", "review"], stdin=side,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   env={**os.environ, "LC_ALL": "C.UTF-8"})
        os.close(side)
        os.write(main, "a\nr\ntoo short\ns\ne\nWhat else?\nAn answer\nof two lines.\n.\nq\n".encode())
        out, _ = process.communicate(timeout=120)
        os.close(main)
        self.assertEqual(process.returncode, 0, out)
        self.assertIn("3 decisions kept", out)
        lines = (self.home / ".twin" / "datasets" / "decisions.jsonl").read_text(encoding="utf-8").splitlines()
        decisions = [json.loads(line) for line in lines]
        self.assertEqual([d["decision"] for d in decisions], ["accept", "reject", "edit"])
        self.assertEqual(decisions[1]["reason"], "too short")
        self.assertEqual((decisions[2]["question"], decisions[2]["answer"]), ("What else?", "An answer\nof two lines."))
        self.assertTrue(decisions[2]["edited_id"])

    def test_thresholds(self):
        self.assertEqual(self.twin("--json", "dataset", "review", "--calibrate").json()["scores"], [])
        file = self.home / ".twin" / "datasets" / "decisions.jsonl"
        with file.open("w", encoding="utf-8") as out:
            for i in range(24):
                good = i % 2 == 0
                out.write(json.dumps({"id": f"s{i}", "decision": "accept" if good else "reject",
                                      "scores": {"fit": 4 if good else 2}}) + "\n")
        found = self.twin("--json", "dataset", "review", "--calibrate").json()["scores"][0]
        self.assertEqual((found["score"], found["threshold"], found["f1"]), ("fit", 4, 1))
        self.assertIn("dataset.min_scores: {fit: 4}", self.twin("dataset", "review", "--calibrate").out)


if __name__ == "__main__":
    unittest.main()
