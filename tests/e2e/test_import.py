"""A Hugging Face folder as base: imported once, and then the same model as the GGUF that it was written from."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from harness import BIN, MODELS
from test_merge import write_peft

TEXTS = [
    ("What is a package manager?", "A program that installs, upgrades and removes software: it's 3.14 times simpler."),
    ("데비안은 무엇인가요?", "데비안은 자유 소프트웨어로 이루어진 운영 체제입니다. 2,024개의 꾸러미!"),
    ("Mixed 글 please", "한글과 English가 섞인 문장, naïve café — 12345, tabs\tand\n\nnew lines."),
]


@unittest.skipUnless((BIN / "twin-train").exists(), "built without twin-train")
class ImportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="twin-import-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.base = next((MODELS / "smollm2").glob("*.gguf"))
        cls.models = cls.folder / "models"
        cls.env = {**os.environ, "LC_ALL": "C.UTF-8", "TWIN_MODELS_FOLDER": str(cls.models),
                   "TWIN_MODELS": str(cls.models)}
        write_peft(cls.folder / "nothing", 0.0)  # an update of zeros: the merge is the base itself
        cls.hf = cls.folder / "SmolLM2 135M"
        done = cls.twin("models", "merge", "nothing", str(cls.hf), "--base", str(cls.base), "--format", "safetensors",
                        "--type", "f32", "--shard-size", "100MB")
        assert done.returncode == 0, done.stderr

    @classmethod
    def twin(cls, *arguments):
        return subprocess.run([BIN / "twin", *arguments], cwd=cls.folder, env=cls.env, capture_output=True, text=True,
                              timeout=900)

    def train(self, base, out):
        rows = [{"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]} for q, a in TEXTS]
        data = self.folder / "samples.jsonl"
        data.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
        return self.twin("train", "--data", str(data), "--eval-data", str(data), "--base", str(base), "--out", out,
                         "--json", "--set", "max_steps=2", "--set", "dtype=f32", "--set", "threads=1")

    def test_a_folder_trains_as_the_gguf_that_it_came_from(self):
        self.assertGreater(len(list(self.hf.glob("model-*-of-*.safetensors"))), 1)
        from_gguf, from_folder = self.train(self.base, "from-gguf"), self.train(self.hf, "from-folder")
        self.assertEqual((from_gguf.returncode, from_folder.returncode), (0, 0), from_folder.stderr)
        a, b = (json.loads(done.stdout.splitlines()[-1]) for done in (from_gguf, from_folder))
        for key in ("steps", "samples", "tokens", "loss_tokens", "final_loss", "eval_loss"):
            self.assertEqual(a[key], b[key], key)
        # The same tokens, template and weights: the same adapter, to the byte.
        weights = "adapter/adapter_model.safetensors"
        self.assertEqual(*((self.folder / out / weights).read_bytes() for out in ("from-gguf", "from-folder")))
        config = json.loads((self.folder / "from-folder/adapter/adapter_config.json").read_text())
        imported = [path for path in self.models.iterdir() if (path / "model.json").exists()]
        self.assertEqual([path.name for path in imported], [config["base_model_name_or_path"]])
        self.assertRegex(imported[0].name, r"^smollm2-135m-[0-9a-f]{12}$")

        # The same content elsewhere is found by its hash, not imported again.
        moved = self.folder / "elsewhere"
        shutil.copytree(self.hf, moved, copy_function=os.link)
        model = imported[0] / "model.json"
        before = model.stat().st_mtime_ns
        self.assertEqual(self.train(moved, "again").returncode, 0)
        self.assertEqual(model.stat().st_mtime_ns, before)
        self.assertEqual(len([path for path in self.models.iterdir() if (path / "model.json").exists()]), 1)

    def test_import_names_what_is_wrong_with_a_folder(self):
        broken = self.folder / "broken"
        shutil.copytree(self.hf, broken, copy_function=os.link)

        def edit(name, change):
            value = json.loads((broken / name).read_text(encoding="utf-8"))
            change(value)
            (broken / name).unlink()
            (broken / name).write_text(json.dumps(value), encoding="utf-8")

        good = (broken / "config.json").read_text()
        for key, value, says in [
            ("model_type", "mamba", "its type is 'mamba'"),
            ("vocab_size", 49000, "the embedding 49000 rows"),
            ("intermediate_size", 1535, "config.json says 1535×576"),
        ]:
            with self.subTest(key):
                edit("config.json", lambda config, key=key, value=value: config.update({key: value}))
                for command in (self.train(broken, "never"), self.twin("models", "import", str(broken))):
                    self.assertEqual(command.returncode, 1, command.stdout)
                    self.assertIn(says, command.stderr)
                (broken / "config.json").write_text(good)
        shard = sorted(broken.glob("model-*.safetensors"))[0]
        whole = shard.read_bytes()
        shard.unlink()
        self.assertIn(f"A file of the weights is missing: {shard.name}", self.train(broken, "never").stderr)
        shard.write_bytes(whole[: len(whole) // 2])
        self.assertIn("data outside the file", self.train(broken, "never").stderr)
        self.assertFalse((self.folder / "never/adapter.gguf").exists())
        self.assertIn("config.json and safetensors", self.train(self.folder / "nothing", "never").stderr)


if __name__ == "__main__":
    unittest.main()
