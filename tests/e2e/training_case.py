"""What tests of `twin train --data` share: data, commands, and processes that train together."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from harness import BIN, MODELS


def message(role, content):
    return {"role": role, "content": content}


def talk(question, answer):
    return {"messages": [message("user", question), message("assistant", answer)]}


def pair(question, chosen, rejected):
    return {
        "prompt": [message("user", question)],
        "chosen": [message("assistant", chosen)],
        "rejected": [message("assistant", rejected)],
    }


@unittest.skipUnless((BIN / "twin-train").exists(), "built without twin-train")
class TrainingTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="twin-train-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.base = next((MODELS / "smollm2").glob("*.gguf"))
        self.env = {**os.environ, "LC_ALL": "C.UTF-8", "TWIN_MODELS_FOLDER": str(MODELS)}

    def write(self, name, rows):
        path = self.folder / name
        text = "".join((r if isinstance(r, str) else json.dumps(r, ensure_ascii=False)) + "\n" for r in rows)
        path.write_text(text, encoding="utf-8")
        return str(path)

    def command(self, data, *arguments, base=None, out="out"):
        command = [BIN / "twin", "train", "--data", data, "--base", base or self.base, "--out", out]
        return [*map(str, [*command, "--json", *arguments])]

    def train(self, data, *arguments, code=0, base=None, out="out", before=None):
        done = subprocess.run(
            self.command(data, *arguments, base=base, out=out),
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=900,
            preexec_fn=before,
        )
        self.assertEqual(done.returncode, code, f"{done.stdout}\n{done.stderr}")
        return done

    def small(self, **more):
        settings = {"batch_tokens": 128, "checkpoint_every": 1, "threads": 2, **more}
        return [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]


class RankedTrainingTest(TrainingTest):
    """Several processes that share each step."""

    def rows(self):
        return [talk(f"Question {i}?", f"Answer {i}, " + "and so on, " * (i % 4) + "that is it.") for i in range(24)]

    def settings(self, **more):
        return self.small(batch_size=3, max_steps=20, threads=1, rank_timeout=60, dtype="f32", **more)

    def losses(self, out):
        lines = (self.folder / out / "metrics.jsonl").read_text().splitlines()
        return [e["loss"] for e in map(json.loads, lines) if e["event"] == "step"]

    def wait_for_step(self, child, step):
        for line in child.stderr:
            if '"event":"step"' in line and json.loads(line)["step"] == step:
                return
        self.fail(f"step {step} was not reached")

    def start(self, data, *arguments, out, env=None):
        return subprocess.Popen(self.command(data, *arguments, out=out), cwd=self.folder, env=env or self.env,
                                text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
