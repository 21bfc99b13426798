"""twin eval compare: arms by name, judged blind by style, by a model and by a person."""

import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import tempfile
import unittest

from fake_openai import FakeOpenAI, Fault
from harness import BIN, CONFIG, MODELS, ProjectTest

PAIR_KEYS = ("wins", "losses", "ties", "unjudged")


def answers_of(body):
    """The two answers of a judge's prompt, in the order shown."""
    prompt = body["messages"][-1]["content"]
    found = re.search(r"(?:Answer|답) A:\n(.*)\n\n(?:Answer|답) B:\n(.*)\n\n", prompt, re.S)
    return found.group(1), found.group(2)


def greater(body, _number=0):
    """Prefers the answer that comes later in the dictionary, whatever the order shown."""
    a, b = answers_of(body)
    return "A" if a > b else "Answer: B"


@unittest.skipUnless(MODELS.exists(), "no models: TWIN_TEST_MODELS")
class Compare(ProjectTest):
    """The base model and a coarser copy of it: nothing has to be trained. The samples are made once for all tests."""

    config = CONFIG.replace("preference_samples: 2", "preference_samples: 0")
    settings = ("--set", "eval.perplexity_passages=0", "--set", "judge.provider.retries=0")

    @classmethod
    def setUpClass(cls):
        cls.made = pathlib.Path(tempfile.mkdtemp(prefix="twin-compare-"))
        cls.addClassCleanup(shutil.rmtree, cls.made, ignore_errors=True)
        cls.coarse = cls.made / "coarse.gguf"
        model = next((MODELS / "smollm2").glob("*.gguf"))
        subprocess.run([str(BIN / "llama-quantize"), "--allow-requantize", str(model), str(cls.coarse), "Q4_0"],
                       check=True, capture_output=True)

    def setUp(self):
        super().setUp()
        state = self.made / "state"
        if state.exists():
            shutil.copytree(state, self.home / ".twin")
        else:
            self.make_samples()
            shutil.copytree(self.home / ".twin", state)

    def arms(self):
        return f"base,zweiter=base@{self.coarse}"

    def compare(self, *more, code=0, arms=None):
        return self.twin("--json", *self.settings, "eval", "compare", "--arms", arms or self.arms(), "--questions", 4,
                         "--max-tokens", 12, *more, code=code)

    def judge_of(self, report, name):
        return next(p for p in report["preferences"] if p["judge"] == name)

    def assert_all_counted(self, report):
        for preferences in report["preferences"]:
            for pair in preferences["pairs"]:
                self.assertEqual(sum(pair[key] for key in PAIR_KEYS), len(report["questions"]), pair)

    def test_another_model_judges_in_both_orders(self):
        with FakeOpenAI(greater) as server:
            url = ("--set", f"judge.provider.url={server.url}", "--set", "judge.provider.model=wise")
            report = self.compare("--judge", "model", *url).json()
            self.assert_all_counted(report)
            found = self.judge_of(report, "model")
            self.assertEqual(found["identity"], f"wise@{server.url}")
            pair = found["pairs"][0]
            self.assertEqual((pair["first"], pair["second"]), ("zweiter", "base"))
            expected = [q["answers"]["zweiter"]["text"] > q["answers"]["base"]["text"] for q in report["questions"]
                        if q["answers"]["zweiter"]["text"] != q["answers"]["base"]["text"]]
            self.assertGreater(len(expected), 0)
            self.assertEqual(pair["wins"], sum(expected))
            self.assertEqual(pair["losses"], len(expected) - sum(expected))
            self.assertEqual(found["orders_disagree"], 0)
            self.assertEqual(found["shown_first"] * 2, found["readings"])
            # Blind: no name of an arm is in any prompt, the author's answer is in all of them.
            for body in server.bodies:
                prompt = body["messages"][-1]["content"]
                self.assertNotIn("zweiter", prompt)
                self.assertTrue(any(q["reference"] in prompt for q in report["questions"]))
            asked = len(server.bodies)
            again = self.compare("--judge", "model", *url).json()
            self.assertEqual(len(server.bodies), asked, "opinions are kept")
            self.assertEqual(again["preferences"], report["preferences"])

    def test_by_log_probabilities_where_the_server_has_them(self):
        def odds(body):
            a, b = answers_of(body)
            return {"The": -0.1, "A": -3.0 if a > b else -5.0, " B": -4.0}
        with FakeOpenAI(lambda body, number: "The better one is hard to name.", odds) as server:
            report = self.compare("--judge", "model", "--set", f"judge.provider.url={server.url}").json()
            found = self.judge_of(report, "model")
            self.assertEqual(found["decided"], len(server.bodies) // 2)
        self.assertEqual(found["orders_disagree"], 0)
        self.assertEqual(found["shown_first"] * 2, found["readings"])
        self.assert_all_counted(report)

    def test_a_model_that_looks_at_the_place_alone(self):
        with FakeOpenAI(lambda body, number: "A") as server:
            report = self.compare("--judge", "model", "--set", f"judge.provider.url={server.url}").json()
        found = self.judge_of(report, "model")
        self.assertEqual(found["shown_first"], found["readings"])
        self.assertEqual(found["orders_disagree"], found["decided"])
        self.assertEqual(found["pairs"][0]["wins"] + found["pairs"][0]["losses"], 0)
        self.assertEqual(found["pairs"][0]["win_rate"]["mean"], 0.5)
        self.assertEqual(found["pairs"][0]["p"], 1)

    def test_failures_cost_pairs(self):
        def moody(body, number):
            if number == 1:
                return "I cannot decide between A and B."
            return greater(body)
        with FakeOpenAI(moody) as server:
            report = self.compare("--judge", "model", "--set", f"judge.provider.url={server.url}", code=3).json()
        self.assert_all_counted(report)
        self.assertEqual(self.judge_of(report, "model")["open"], 1)
        self.assertEqual(len(report["failures"]), 1)
        self.assertIn("neither A nor B", report["failures"][0]["message"])

        def down(_body, _number):
            raise Fault(503)
        with FakeOpenAI(down) as server:
            report = self.compare("--judge", "model", "--set", f"judge.provider.url={server.url}",
                                  "--set", "judge.give_up_after=2", code=3).json()
            self.assertEqual(len(server.bodies), 2)
        self.assert_all_counted(report)
        self.assertEqual(self.judge_of(report, "model")["decided"], 0)
        pair = self.judge_of(report, "model")["pairs"][0]  # equal answers are ties that nobody is asked about
        if pair["identical"]:
            self.assertEqual(pair["win_rate"]["n"], pair["identical"])
        else:
            self.assertIsNone(pair["win_rate"])
        self.assertGreater(self.judge_of(report, "author")["decided"] + self.judge_of(report, "author")["open"], 0)
        refused = self.compare("--judge", "model", "--set", "judge.provider.url=http://127.0.0.1:1/v1",
                               "--set", "judge.provider.key_env=TWIN_NO_SUCH_KEY", code=2)
        self.assertIn("TWIN_NO_SUCH_KEY", refused.err)

    def test_a_person_judges_blind(self):
        listed = self.compare("--judge", "you").json()
        self.assertEqual(listed["decided"], 0)
        pairs = listed["open"]
        self.assertGreater(len(pairs), 1)
        self.assertNotIn("zweiter", json.dumps(pairs))
        file = self.home / "verdicts.jsonl"

        def decide(*verdicts, code=0):
            file.write_text("".join(json.dumps(v) + "\n" for v in verdicts), encoding="utf-8")
            return self.compare("--judge", "you", "--decide", file, code=code)
        first = {"pair": pairs[0]["pair"], "verdict": "a"}
        self.assertIn("nowhere", decide(first, {"pair": "nowhere", "verdict": "a"}, code=1).err)
        self.assertIn("tie", decide({"pair": pairs[0]["pair"], "verdict": "better"}, code=1).err)
        self.assertEqual(self.compare("--judge", "you").json()["decided"], 0, "all or nothing")
        after = decide(first).json()
        self.assertEqual(after["decided"], 1)
        self.assertEqual(after["open"], pairs[1:])
        reports = self.home / ".twin" / "reports"
        self.assertNotIn('"you"', (reports / "compare.json").read_text(encoding="utf-8"), "hidden until the end")
        revealed = self.compare("--judge", "you", "--reveal").json()
        self.assert_all_counted(revealed)
        self.assertEqual(self.judge_of(revealed, "you")["decided"], 1)
        report = decide(*({"pair": p["pair"], "verdict": "b"} for p in pairs[1:])).json()
        self.assert_all_counted(report)
        found = self.judge_of(report, "you")
        self.assertEqual((found["decided"], found["open"], found["shown_first"]), (len(pairs), 0, 1))
        verdicts = {v["question"]: v["winner"] for v in found["verdicts"]}
        for shown, choice in [(p, "a" if p is pairs[0] else "b") for p in pairs]:
            number = next(i for i, q in enumerate(report["questions"]) if q["question"] == shown["question"])
            arm = {"first": "zweiter", "second": "base"}[verdicts[number]]
            self.assertEqual(report["questions"][number]["answers"][arm]["text"].strip(), shown[choice].strip())

    def test_on_a_terminal(self):
        refused = self.twin(*self.settings, "eval", "compare", "--arms", self.arms(), "--judge", "you", code=2)
        self.assertIn("--decide", refused.err)

        def sit(keys):
            main, side = pty.openpty()
            process = subprocess.Popen(
                [str(BIN / "twin"), "--home", str(self.home), *self.settings, "eval", "compare", "--arms",
                 self.arms(), "--questions", "4", "--max-tokens", "12", "--judge", "you"],
                stdin=side, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                env={**os.environ, "LC_ALL": "C.UTF-8"})
            os.close(side)
            os.write(main, keys.encode())
            out, _ = process.communicate(timeout=300)
            os.close(main)
            self.assertEqual(process.returncode, 0, out)
            return out
        out = sit("hm\na\nq\n")
        self.assertRegex(out, r"1 of \d pairs are decided")
        self.assertNotIn("zweiter", out.split("pairs are decided")[0].split("Nearer to the author")[-1])
        out = sit("t\n" * 4)
        self.assertIn("zweiter over base", out)
        self.assertIn("compare.html", out)
        self.assertIn("zweiter over base", self.twin("eval", "show", "--compare").out)

    def test_answers_from_passages(self):
        report = self.compare(arms="base,base+rag").json()
        self.assertEqual(set(report["arms"]), {"base", "base+RAG"})
        for question in report["questions"]:
            self.assertEqual(question["answers"]["base"]["passages"], [])
            self.assertGreater(len(question["answers"]["base+RAG"]["passages"]), 0)
        self.assertIn("support base+RAG-base", report["differences"])

    def test_wrong_use(self):
        for arms in ("base", "base,base", "base,", "base,a b=base", "base,x=base@nowhere.gguf", "base,no-such-adapter"):
            result = self.compare(arms=arms, code=None)
            self.assertIn(result.code, (1, 2), arms)
            self.assertNotIn("internal", result.err)
        untrained = self.twin("--set", "name=never-trained", *self.settings, "eval", "compare", "--arms", "base,twin",
                              code=None)
        self.assertIn(untrained.code, (1, 2))
        self.assertIn("magic", self.compare("--judge", "magic", code=2).err)
        (self.home / ".twin" / "datasets" / "instruct" / "test.jsonl").unlink()
        self.assertIn("twin dataset", self.compare(code=1).err)


@unittest.skipUnless(MODELS.exists(), "no models: TWIN_TEST_MODELS")
@unittest.skipUnless((BIN / "twin-train").exists(), "built without twin-train")
class Adapters(ProjectTest):
    def test_before_and_after_sft_and_dpo(self):
        self.make_samples()
        self.twin("train")
        data = self.home / "pairs.jsonl"
        rows = [{"prompt": [{"role": "user", "content": f"What is {name}?"}],
                 "chosen": [{"role": "assistant", "content": f"{name} is a tool that I use."}],
                 "rejected": [{"role": "assistant", "content": "I do not know."}]} for name in ("apt", "dpkg", "김치")]
        data.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        self.twin("train", "--data", data, "--base", "smollm2", "--method", "dpo", "--out", self.home / "dpo",
                  "--set", "batch_tokens=128", "--set", "epochs=1", "--set", "lr=1e-3")
        command = ("--json", "eval", "compare", "--arms", f"base,sft=twin,dpo={self.home / 'dpo'}", "--judge", "model",
                   "--max-tokens", 16)
        result = self.twin(*command, code=None)
        self.assertIn(result.code, (0, 3), result)
        report = result.json()
        for failure in report["failures"]:  # so small a judge may say neither letter; nothing else may fail
            self.assertIn("neither A nor B", failure["message"])
        self.assertEqual(set(report["arms"]), {"base", "sft", "dpo"})
        self.assertEqual(set(report["perplexity"]), {"base", "sft", "dpo", "change sft-base", "change dpo-base",
                                                     "change dpo-sft"})
        self.assertGreater(report["perplexity"]["base"]["mean"], 1)
        self.assertIn("style_distance dpo-sft", report["differences"])
        self.assertIn(" + ", report["lineage"]["arm dpo"])
        for preferences in report["preferences"]:
            self.assertEqual([(p["first"], p["second"]) for p in preferences["pairs"]],
                             [("sft", "base"), ("dpo", "base"), ("dpo", "sft")])
            for pair in preferences["pairs"]:
                self.assertEqual(sum(pair[key] for key in PAIR_KEYS), len(report["questions"]))
        judge = next(p for p in report["preferences"] if p["judge"] == "model")
        self.assertLessEqual(judge["readings"], 2 * judge["decided"])
        reports = self.home / ".twin" / "reports"
        for name in ("compare.json", "compare.md", "compare.html", "compare.txt"):
            self.assertIn("dpo", (reports / name).read_text(encoding="utf-8"))
        kept = (reports / "compare" / "kept.jsonl").read_bytes()
        again = self.twin(*command, code=result.code).json()
        self.assertEqual(again, report)
        self.assertEqual((reports / "compare" / "kept.jsonl").read_bytes(), kept)


if __name__ == "__main__":
    unittest.main()
