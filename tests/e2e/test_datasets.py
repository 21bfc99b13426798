"""Training sets: formats in and out, the quality pipeline on files, statistics. Needs no model."""

import json
import pathlib
import shutil
import tempfile
import unittest

from harness import ProjectTest

TURNS = [
    {"role": "system", "content": "짧게 답한다."},
    {"role": "user", "content": "How long should dough rest?"},
    {"role": "assistant", "content": "Twelve hours, in the fridge."},
    {"role": "user", "content": "왜 그렇게 오래?"},
    {"role": "assistant", "content": "천천히 발효해야 맛이 깊어진다."},
]
PAIR = {
    "prompt": [{"role": "user", "content": "q"}],
    "chosen": [{"role": "assistant", "content": "좋은 답"}],
    "rejected": [{"role": "assistant", "content": "bad answer"}],
}


class Files(ProjectTest):
    """Outside of any project."""

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="twin-sets-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)

    def put(self, name, *lines):
        path = self.home / name
        path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
        return path

    def lines(self, path):
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def test_formats_there_and_back(self):
        chats = self.put("chats.jsonl", {"messages": TURNS}, {"messages": TURNS[1:3]})
        for name in ("openai", "alpaca", "sharegpt"):
            out, back = self.home / f"{name}.jsonl", self.home / f"{name}.back.jsonl"
            said = self.twin("dataset", "export", chats, "--format", name, "--out", out, "--json").json()
            self.assertEqual((said["samples"], said["lines"]), (2, 2))
            said = self.twin("dataset", "import", out, "--out", back, "--json").json()
            self.assertEqual(said["format"], name)
            self.assertEqual(self.lines(back), self.lines(chats), name)
        self.assertEqual(self.lines(self.home / "alpaca.jsonl")[0]["history"], [[TURNS[1]["content"], TURNS[2]["content"]]])

        pairs = self.put("pairs.jsonl", PAIR)
        self.twin("dataset", "export", pairs, "--format", "kto", "--out", self.home / "kto.jsonl")
        self.assertEqual([line["label"] for line in self.lines(self.home / "kto.jsonl")], [True, False])
        self.twin("dataset", "import", self.home / "kto.jsonl", "--out", self.home / "kto.back.jsonl")
        self.assertEqual(self.lines(self.home / "kto.back.jsonl"), self.lines(self.home / "kto.jsonl"))

    def test_what_fits_no_format_is_named_with_its_line(self):
        bad = self.put("bad.jsonl", {"messages": TURNS}, {"messages": TURNS[:2]})
        result = self.twin("dataset", "import", bad, "--out", self.home / "out.jsonl", code=1)
        self.assertIn("bad.jsonl:2", result.err)
        self.assertEqual(sorted(p.name for p in self.home.iterdir()), ["bad.jsonl"], "nothing is left behind")
        strange = self.put("strange.jsonl", {"words": "x"})
        self.assertIn("strange.jsonl:1", self.twin("dataset", "import", strange, "--out", "x", code=1).err)
        chats = self.put("chats.jsonl", {"messages": TURNS})
        result = self.twin("dataset", "export", chats, "--format", "dpo", "--out", self.home / "x", code=1)
        self.assertIn("chats.jsonl:1", result.err)
        self.twin("dataset", "export", chats, "--format", "parrot", "--out", self.home / "x", code=2)
        self.twin("dataset", "import", chats, code=2)

    def test_clean(self):
        def chat(answer):
            return {"messages": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": answer}]}

        leak = "the ferry leaves the old harbour every morning at seven and comes back after dark in the evening"
        samples = self.put("s.jsonl", chat("Call 010-1234-5678."), chat("call  010-1234-5678."), chat("I know: " + leak))
        bench = self.put("bench.jsonl", {"question": leak})
        out = self.home / "clean.jsonl"
        said = self.twin(
            "--set", f"dataset.decontaminate=[{bench}]", "dataset", "clean", samples, "--out", out, "--json"
        ).json()
        self.assertEqual(said["removed"], {"contaminated": 1, "duplicate": 1})
        self.assertEqual(said["pii"], {"phone": 1})
        self.assertEqual(self.lines(out), [chat("Call [PHONE].")])
        rejected = self.lines(self.home / "clean.jsonl.rejected.jsonl")
        self.assertIn("bench.jsonl:1", rejected[1]["detail"])
        self.twin("--set", "dataset.languages=[korean]", "dataset", "clean", samples, "--out", out, code=2)
        self.twin("--set", "dataset.pii=perhaps", "dataset", "clean", samples, "--out", out, code=2)

    def test_statistics(self):
        chats = self.put("chats.jsonl", {"messages": TURNS}, {"messages": TURNS[1:3]})
        page = self.home / "page.html"
        stats = self.twin("dataset", "stats", chats, "--html", page, "--json").json()["sets"][0]
        self.assertEqual(stats["samples"], 2)
        self.assertEqual(stats["turns"], {"1": 1, "2": 1})
        self.assertEqual(stats["languages"]["ko"]["samples"], 1)
        self.assertIn("<svg", page.read_text(encoding="utf-8"))
        self.assertIn("chats.jsonl", self.twin("dataset", "stats", chats).out)


if __name__ == "__main__":
    unittest.main()
