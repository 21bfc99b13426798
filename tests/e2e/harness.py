"""What the end-to-end tests share: a project in a temporary folder, and the real programs run in it.

Environment: TWIN_BIN (folder of the programs), TWIN_TEST_MODELS (a registry with the models pulled).
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("TWIN_BIN", SOURCE / "build" / "release" / "bin"))
MODELS = pathlib.Path(os.environ.get("TWIN_TEST_MODELS", SOURCE / "build" / "test-models"))
FIXTURES = pathlib.Path(__file__).resolve().parent / "fixtures"

# Small, so that a whole run takes seconds: two optimizer steps prove the line, not the learning.
CONFIG = """\
name: tiny
authors:
  - name: Mina Park
sources:
  - {{type: folder, path: writing, category: articles}}
models:
  folder: {models}
  chat: smollm2
  embedding: minilm
dataset: {{preference_samples: 2, rejected_max_tokens: 8, test_share: 0.2, validation_share: 0.1}}
train: {{max_steps: 2, batch_tokens: 512, max_length: 512, checkpoint_every: 1}}
eval: {{questions: 2, max_tokens: 8, perplexity_passages: 4, bootstrap: 100}}
worker: {{context_tokens: 2048}}
serve: {{port: 0}}
"""


class Result:
    """Exit code and output of one run of a program."""

    def __init__(self, completed):
        self.code = completed.returncode
        self.out = completed.stdout
        self.err = completed.stderr

    def json(self):
        """The last JSON value on standard output."""
        return json.loads(self.out.strip().splitlines()[-1])

    def __repr__(self):
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class ProjectTest(unittest.TestCase):
    """A test with a project of its own: self.home holds twin.yaml and writing/."""

    config = CONFIG

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="twin-e2e-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        shutil.copytree(FIXTURES / "writing", self.home / "writing")
        (self.home / "twin.yaml").write_text(self.config.format(models=MODELS, home=self.home))

    def twin(self, *arguments, code=0, home=None, env=None, stdin=None):
        """Runs twin; fails the test on another exit code (None: any)."""
        command = [str(BIN / "twin"), "--home", str(home or self.home), *map(str, arguments)]
        result = Result(
            subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",
                input=stdin,
                env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
                timeout=900,
            )
        )
        if code is not None:
            self.assertEqual(result.code, code, f"{' '.join(command)}\n{result}")
        return result

    def make_samples(self, held_out=4):
        """`twin dataset` with so many samples held out: which documents are depends on the folder's name, and on the
        seed."""
        file = self.home / "twin.yaml"
        config = file.read_text(encoding="utf-8")
        for seed in range(17, 57):
            file.write_text(config.replace("dataset: {", f"dataset: {{seed: {seed}, "), encoding="utf-8")
            self.twin("dataset")
            instruct = self.home / ".twin" / "datasets" / "instruct"
            train, test = ((instruct / f"{split}.jsonl").read_text(encoding="utf-8") for split in ("train", "test"))
            if train and test.count("\n") >= held_out:
                return
        self.fail(f"forty seeds did not hold {held_out} samples out")

    def steps(self, result):
        """Status by step of a run with --json."""
        return {step["step"]: step["status"] for step in result.json()["steps"]}

    def outputs(self, result):
        """Hash by artifact name of a run with --json."""
        return {a["name"]: a["sha256"] for step in result.json()["steps"] for a in step["outputs"]}
