"""Training sets: formats in and out, the quality pipeline on files, statistics. Needs no model."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from fake_hub import TOKEN, FakeHub
from harness import BIN, MODELS, ProjectTest

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

    def test_diversity(self):
        def talk(answer):
            return {"messages": [{"role": "user", "content": "Tell me."}, {"role": "assistant", "content": answer}]}

        bread = [f"Bread number {i} needs flour, water, salt and a hot oven; the dough rises overnight." for i in range(12)]
        linux = [f"The Linux kernel version {i} schedules processes and drives the disk of the server." for i in range(6)]
        rows = self.put("mixed.jsonl", *map(talk, bread + linux))
        page = self.home / "diversity.html"
        model = next((MODELS / "minilm").glob("*.gguf"))
        arguments = ["dataset", "stats", rows, "--diversity", "--embedding", model, "--html", page]
        found = self.twin(*arguments, "--json").json()["sets"][0]["diversity"]
        self.assertEqual((found["all"], found["measured"], found["model"]), (18, 18, str(model)))
        self.assertEqual([g["samples"] for g in found["groups"]], [12, 6])
        self.assertAlmostEqual(found["largest_share"], 2 / 3, places=3)
        self.assertAlmostEqual(found["entropy_bits"], 0.918, places=3)
        self.assertEqual(page.read_text(encoding="utf-8").count("<circle "), 18)
        text = self.twin(*arguments).out
        self.assertIn("2 groups; the largest has 67 %", text)
        self.assertIn(found["groups"][1]["name"], text)

    @unittest.skipUnless((BIN / "twin-parquet").exists(), "no twin-parquet")
    def test_parquet_there_and_back(self):
        chats = self.put("chats.jsonl", {"messages": TURNS, "metadata": {"id": "a", "start": 3}}, {"messages": TURNS[1:3]})
        rows, back = self.home / "chats.parquet", self.home / "back.jsonl"
        said = self.twin("dataset", "export", chats, "--format", "openai", "--out", rows, "--json").json()
        self.assertEqual(said["samples"], 2)
        self.assertEqual(rows.read_bytes()[:4], b"PAR1")
        self.twin("dataset", "import", rows, "--out", back)
        self.assertEqual([line["messages"] for line in self.lines(back)], [TURNS, TURNS[1:3]])
        self.twin("dataset", "import", chats, "--out", rows)
        self.twin("dataset", "import", rows, "--out", back)
        self.assertEqual(self.lines(back), self.lines(chats), "metadata comes along")
        self.assertEqual(self.twin("dataset", "stats", rows, "--json").json()["sets"][0]["samples"], 2)
        # Through the pipeline, rows are named like lines.
        twice = self.put("twice.jsonl", {"messages": TURNS}, {"messages": TURNS}, {"messages": TURNS[1:3]})
        self.twin("dataset", "import", twice, "--out", rows)
        said = self.twin("dataset", "clean", rows, "--out", self.home / "clean.parquet", "--json").json()
        self.assertEqual((said["kept"], said["removed"]), (2, {"duplicate": 1}))
        rejected = self.lines(self.home / "clean.parquet.rejected.jsonl")
        self.assertIn("chats.parquet:2", rejected[0]["line"])
        self.twin("dataset", "import", self.home / "clean.parquet", "--out", back)
        self.assertEqual(self.lines(back), [{"messages": TURNS}, {"messages": TURNS[1:3]}])

    @unittest.skipUnless((BIN / "twin-parquet").exists(), "no twin-parquet")
    def test_parquet_that_is_none(self):
        chats = self.put("chats.jsonl", {"messages": TURNS}, {"messages": TURNS[1:3]})
        rows = self.home / "chats.parquet"
        self.twin("dataset", "export", chats, "--format", "openai", "--out", rows)
        good = rows.read_bytes()
        rows.write_bytes(good[: len(good) // 2])
        self.assertIn("chats.parquet", self.twin("dataset", "import", rows, "--out", self.home / "o.jsonl", code=1).err)
        self.assertFalse((self.home / "o.jsonl").exists())
        strange = self.home / "strange.parquet"
        subprocess.run([str(BIN / "twin-parquet"), "write-set", str(strange)], check=True,
                       input=json.dumps({"messages": TURNS}) + "\n" + json.dumps({"messages": TURNS[:2]}) + "\n", text=True)
        result = self.twin("dataset", "import", strange, "--out", self.home / "o.jsonl", code=1)
        self.assertIn("strange.parquet:2", result.err)
        odd = self.put("odd.jsonl", {"messages": TURNS, "metadata": {"n": 1}}, {"messages": TURNS, "metadata": {"n": "x"}})
        result = self.twin("dataset", "import", odd, "--out", self.home / "o.parquet", code=1)
        self.assertIn("metadata.n", result.err)
        names = sorted(p.name for p in self.home.iterdir())
        self.assertEqual(names, ["chats.jsonl", "chats.parquet", "odd.jsonl", "strange.parquet"], "nothing is left behind")

    def test_to_a_hub_and_back(self):
        chats = self.put("chats.jsonl", {"messages": TURNS}, {"messages": TURNS[1:3]})
        large = self.put("large.jsonl", *({"messages": [{"role": "user", "content": f"질문 {i}?"},
                                                       {"role": "assistant", "content": f"답 {i}. " + "가" * 40}]}
                                          for i in range(200)))
        with FakeHub() as hub:
            env = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN}
            said = self.twin("dataset", "push", "hf:mina/writing", chats, large, "--licence", "cc-by-4.0", "--json",
                             env=env).json()
            self.assertEqual((said["files"], said["large_files"]), (3, 1))
            repo = hub.repos["mina/writing"]
            self.assertTrue(repo["private"])
            self.assertEqual(repo["files"]["data/chats.jsonl"], chats.read_bytes())
            self.assertEqual(repo["files"]["data/large.jsonl"], large.read_bytes())
            card = repo["files"]["README.md"].decode()
            for line in ("license: \"cc-by-4.0\"", "- \"ko\"", "- n<1K", "    path: \"data/chats.jsonl\""):
                self.assertIn(line + "\n", card)
            # Once more: what is there is not sent again, and the repository is not made again.
            said = self.twin("dataset", "push", "hf:datasets/mina/writing", chats, large, "--json", env=env).json()
            self.assertEqual((said["large_files"], said["large_files_kept"]), (0, 1))
            self.assertEqual(len(repo["commits"]), 2)

            back = self.home / "back"
            self.twin("dataset", "pull", "hf:datasets/mina/writing", "--out", back, env=env)
            self.assertEqual((back / "data" / "large.jsonl").read_bytes(), large.read_bytes())
            self.assertFalse((self.home / "outside.jsonl").exists())
            one = self.home / "one"
            said = self.twin("dataset", "pull", "hf:datasets/mina/writing/data/chats.jsonl", "--out", one, "--json",
                             env=env).json()
            self.assertEqual(said["files"], [str(one / "data" / "chats.jsonl")])
            self.twin("dataset", "import", one / "data" / "chats.jsonl", "--out", self.home / "i.jsonl")

            asked = len(hub.log)
            result = self.twin("dataset", "push", "hf:mina/writing", chats, env={"HF_ENDPOINT": hub.url, "HF_TOKEN": ""},
                               code=2)
            self.assertIn("HF_TOKEN", result.err)
            self.assertEqual(len(hub.log), asked, "nothing is sent without a token")
            wrong = {"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_of_somebody_else"}
            result = self.twin("dataset", "push", "hf:mina/writing", chats, env=wrong, code=2)
            self.assertIn("Invalid credentials", result.err)
            self.assertNotIn("somebody", result.err)
            result = self.twin("dataset", "pull", "hf:datasets/mina/nothing", "--out", back, env=env, code=1)
            self.assertIn("mina/nothing", result.err)
            self.twin("dataset", "pull", "hf:datasets/mina/writing/none.jsonl", "--out", back, env=env, code=1)
            for bad in ("mina/writing", "hf:mina", "hf:mina/../../etc", "hf:mina/writing/x.jsonl"):
                self.twin("dataset", "push", bad, chats, env=env, code=2)


@unittest.skipUnless(MODELS.exists(), "no models: TWIN_TEST_MODELS")
class Moved(ProjectTest):
    def splits(self):
        """The answers of each split."""
        self.twin("dataset")
        folder = self.home / ".twin" / "datasets" / "instruct"
        return {split: sorted(json.loads(line)["messages"][-1]["content"]
                              for line in (folder / f"{split}.jsonl").read_text(encoding="utf-8").splitlines())
                for split in ("train", "validation", "test")}

    def test_a_project_in_another_folder_has_the_same_splits(self):
        before = self.splits()
        self.assertTrue(before["train"])
        self.assertTrue(before["test"])
        moved = self.home.with_name(self.home.name + "-moved")
        shutil.move(self.home, moved)
        self.addCleanup(shutil.rmtree, moved, ignore_errors=True)
        self.home = moved
        self.assertEqual(self.splits(), before)


if __name__ == "__main__":
    unittest.main()
