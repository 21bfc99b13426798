"""Malformed input of each kind: a clear error for that item, the rest goes on, exit code 3, listed at the end."""

import os
import shutil
import subprocess
import unittest

from harness import MODELS, ProjectTest


class BadInput(ProjectTest):
    def failures(self, result):
        return [f for step in result.json()["steps"] for f in step["failures"]]

    def test_one_bad_item_of_each_kind_costs_only_itself(self):
        writing = self.home / "writing"
        (writing / "broken.html").write_text("<article><h1>Unclosed<p>Text <b>that goes on</p></article><div" * 50)
        (writing / "invalid.txt").write_bytes(b"A good line.\nA bad \xff\xfe byte in the middle.\n")
        (writing / "binary.md").write_bytes(bytes(range(256)) * 64)
        (writing / "blank.md").write_text("")
        with open(writing / "long-line.txt", "w") as file:
            for _ in range(100):
                file.write("x" * (1 << 20))
        (self.home / "empty").mkdir()
        config = (self.home / "twin.yaml").read_text()
        (self.home / "twin.yaml").write_text(
            config.replace("sources:\n", "sources:\n  - {type: folder, path: empty, category: articles}\n")
        )

        result = self.twin("--json", "index", code=3)
        where = {f["where"]: f["message"] for f in self.failures(result)}
        for name in ("binary.md", "long-line.txt", "empty"):
            self.assertTrue(any(name in w for w in where), f"{name} is not among {where}")
        # What can be repaired is repaired, and kept.
        listed = self.twin("docs", "list", "--json").out
        for name in ("sourdough.md", "invalid.txt", "broken.html"):
            self.assertIn(name, listed)
        # For people: each failed item with its reason at the end, and again on the next run.
        again = self.twin("index", code=3)
        tail = again.err[again.err.index("failed") :]
        self.assertIn("binary.md", tail)
        self.assertIn("long-line.txt", tail)
        # Once mended, all is well.
        for name in ("binary.md", "long-line.txt", "blank.md"):
            (writing / name).unlink()
        (self.home / "twin.yaml").write_text(config)
        self.twin("index")

    def test_truncated_model(self):
        model = next(MODELS.glob("smollm2*/*.gguf"))
        cut = self.home / "cut.gguf"
        for size in (100, 5000, 20_000_000):
            with self.subTest(size=size), open(model, "rb") as source:
                cut.write_bytes(source.read(size))
                result = self.twin("models", "import", cut, "--id", "cut", code=1)
                self.assertIn("cut.gguf", result.err)
        self.assertNotIn("cut", [line.split()[0] for line in self.twin("models", "list").out.splitlines()])

    def test_malformed_import_lines(self):
        good = self.twin("--json", "collect") and self.twin("docs", "export").out
        lines = good.splitlines()
        lines.insert(1, "not json")
        lines.insert(2, '{"type":"document"}')
        (self.home / "bad.jsonl").write_text("\n".join(lines) + "\n")
        other = self.home / "other"
        other.mkdir()
        (other / "twin.yaml").write_text("name: other\n")
        result = self.twin("docs", "import", self.home / "bad.jsonl", home=other, code=3)
        self.assertIn("bad.jsonl:2", result.err)
        self.assertIn("bad.jsonl:3", result.err)
        self.assertEqual(self.twin("docs", "export", home=other).out, good)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("mount"), "mounting a tmpfs needs root")
    def test_full_disk(self):
        small = self.home / "small"
        small.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(small)], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("this machine does not let root mount a tmpfs")
        self.addCleanup(subprocess.run, ["umount", "-l", str(small)], capture_output=True)
        for i in range(60):
            text = f"# Text {i}\n\n" + "\n\n".join(f"Paragraph {i}.{j} " + "word " * 200 for j in range(10))
            (self.home / "writing" / f"text{i}.md").write_text(text)
        shutil.copy(self.home / "twin.yaml", small / "twin.yaml")
        config = (small / "twin.yaml").read_text()
        (small / "twin.yaml").write_text(config.replace("path: writing", f"path: {self.home}/writing"))
        result = self.twin("collect", home=small, code=None)
        self.assertIn(result.code, (1, 3), result)
        self.assertRegex(result.err.lower(), "disk|space")

        # With room again the same command goes on, and nothing is doubled.
        subprocess.run(["mount", "-o", "remount,size=100m", str(small)], check=True)
        self.twin("collect", home=small)
        urls = [line.split()[-1] for line in self.twin("docs", "list", home=small).out.splitlines()]
        self.assertEqual(len(urls), len(set(urls)))
        self.assertEqual(len(urls), len(list((self.home / "writing").iterdir())))


if __name__ == "__main__":
    unittest.main()
