"""twin train --sweep: trials, halving, kill and resume, a trial that fails, a project."""

import json
import os
import shlex
import signal
import subprocess
import unittest

from harness import BIN, ProjectTest
from test_train import TrainingTest, talk


def rows(count, start=0):
    return [talk(f"What is part {i}?", f"Part {i} is a part, as part {i + 1} is.") for i in range(start, start + count)]


def jsonl(lines):
    return "".join(json.dumps(line) + "\n" for line in lines)


class SweepTest(TrainingTest):
    SPACE = "lr=1e-3,1e-6,1e-7,1e-8 eta=2"

    def setUp(self):
        super().setUp()
        self.data = self.write("train.jsonl", rows(16))
        self.held_out = self.write("eval.jsonl", rows(4, 16))

    def arguments(self, space, **more):
        settings = {"batch_size": 2, "dtype": "f32", "threads": 1, "lora.r": 4, **more}
        return ["--eval-data", self.held_out, "--sweep", space, *self.small(**settings)]

    def sweep(self, space=SPACE, code=0, out="out", **more):
        return self.train(self.data, *self.arguments(space, **more), code=code, out=out)

    def state(self, out="out"):
        return json.loads((self.folder / out / "sweep.json").read_text())

    def assert_same_adapter(self, one, other):
        for file in ("adapter.gguf", "adapter/adapter_model.safetensors"):
            self.assertEqual((self.folder / one / file).read_bytes(), (self.folder / other / file).read_bytes(), file)

    def test_a_sweep_killed_at_two_places_ends_as_one_that_was_not_and_its_winner_is_the_plain_run(self):
        child = subprocess.Popen(self.command(self.data, *self.arguments(self.SPACE)), cwd=self.folder, env=self.env,
                                 text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        for line in child.stderr:  # in the middle of the third trial
            event = json.loads(line) if line.startswith("{") else {}
            if event.get("event") == "trial" and event["trial"] == 2:
                break
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        self.assertEqual([len(trial["rungs"]) for trial in self.state()["trials"]], [1, 1, 0, 0])

        child = subprocess.Popen(self.command(self.data, *self.arguments(self.SPACE)), cwd=self.folder, env=self.env,
                                 text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        for line in child.stderr:  # after a step of the last rung
            event = json.loads(line) if line.startswith("{") else {}
            if event.get("event") == "step" and event["step"] == 6:
                break
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()

        done = self.sweep()
        events = [json.loads(line) for line in done.stderr.splitlines()]
        trained = [e for e in events if e.get("event") == "trial" and not e["reused"]]
        self.assertEqual([(e["trial"], e["budget"]) for e in trained], [(1, 1.0)])
        self.assertGreaterEqual(next(e["step"] for e in events if e.get("event") == "resumed"), 4)
        self.assertFalse([e for e in events if e.get("event") == "tokenized"], "the cache is shared")

        result = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual(result["steps"], 8)
        sweep = result["sweep"]
        self.assertEqual((sweep["best"], sweep["budgets"]), (1, [0.25, 0.5, 1.0]))
        self.assertEqual([len(trial["rungs"]) for trial in sweep["trials"]], [3, 2, 1, 1])
        page = (self.folder / sweep["html"]).read_text()
        self.assertEqual(page.count("<path"), 8)

        self.train(self.data, "--eval-data", self.held_out, out="plain",
                   *self.small(batch_size=2, dtype="f32", threads=1, lr=1e-3, **{"lora.r": 4}))
        self.assert_same_adapter("out", "plain")
        calls = self.sweep()  # nothing is left to do
        self.assertNotIn('"event":"step"', calls.stderr)

    def test_a_failed_trial_costs_one_trial(self):
        done = self.sweep("quantize_base=false,q4_k lr=1e-3", code=3)
        sweep = json.loads(done.stdout.splitlines()[-1])["sweep"]
        self.assertEqual(sweep["best"], 1)
        self.assertIn("do not divide into blocks", sweep["trials"][1]["failure"]["message"])
        self.assertTrue((self.folder / "out/adapter.gguf").exists())

    def test_when_all_trials_fail_the_reason_is_the_error(self):
        done = self.sweep("quantize_base=q4_k lr=1e-3,1e-4", code=1)
        self.assertIn("do not divide into blocks", done.stderr)
        self.assertFalse((self.folder / "out/adapter.gguf").exists())

    def test_sigterm_says_how_to_go_on(self):
        child = subprocess.Popen(self.command(self.data, *self.arguments(self.SPACE)), cwd=self.folder, env=self.env,
                                 text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for line in child.stderr:
            if '"event":"step"' in line:
                break
        child.send_signal(signal.SIGTERM)
        out, errors = child.communicate(timeout=300)
        self.assertEqual(child.returncode, 0, errors)
        words = shlex.split(json.loads(out.splitlines()[-1])["resume"])
        self.assertEqual(words[words.index("--sweep") + 1], self.SPACE)

    def test_the_plan_and_what_is_refused(self):
        plan = json.loads(self.train(self.data, *self.arguments(self.SPACE), "--plan").stdout.splitlines()[-1])
        self.assertEqual(len(plan["trials"]), 4)
        self.assertEqual(plan["whole_runs"], 4 * 0.25 + 2 * 0.25 + 0.5)
        self.assertFalse((self.folder / "out/trials").exists())
        self.assertIn("max_length", self.sweep("max_length=64,128", code=2).stderr)
        self.assertIn("lora.rank", self.sweep("lora.rank=1,2", code=2).stderr)
        file = self.folder / "sweep.yaml"
        file.write_text("parameters:\n  - {key: lr, chioce: [1]}\n")
        self.assertIn("sweep.yaml:2", self.sweep(str(file), code=2).stderr)
        self.assertIn("--eval-data", self.train(self.data, "--sweep", "lr=1,2", *self.small(), code=2).stderr)


@unittest.skipUnless((BIN / "twin-train").exists(), "built without twin-train")
class ProjectSweepTest(ProjectTest):
    def test_a_project_s_sweep_is_recorded_and_named_in_its_settings(self):
        samples = self.home / ".twin" / "datasets" / "instruct"
        samples.mkdir(parents=True)
        (samples / "train.jsonl").write_text(jsonl(rows(6)))
        (samples / "validation.jsonl").write_text("")
        self.assertIn("validation split", self.twin("train", "--sweep", "lr=1e-3,1e-6", code=2).err)
        (samples / "validation.jsonl").write_text(jsonl(rows(2, 6)))
        file = self.home / "sweep.yaml"
        file.write_text("eta: 2\nparameters:\n  - {key: lr, choice: [1e-7, 1e-3]}\n  - {key: lora.r, choice: [4]}\n")
        done = self.twin("train", "--sweep", str(file), "--set", "train.batch_size=2", "--set", "train.dtype=f32")
        self.assertIn("Trial 2 is the best: lr=1e-3 lora.r=4", done.out)
        self.assertIn("train:\n  lr: 1e-3\n  lora:\n    r: 4", done.out)
        self.assertEqual(len(list((self.home / ".twin/training").glob("sweep-*/adapter.gguf"))), 1)
        run = self.twin("run", "show", "--json").json()
        self.assertEqual((run["pipeline"], run["status"]), ("sweep", "done"))
        self.assertEqual([(s["step"], s["status"]) for s in run["steps"]],
                         [("trial-001", "done"), ("trial-002", "done"), ("winner", "done")])
        self.assertTrue([m for m in run["metrics"] if m["name"] == "trial-002/eval/loss"])
        output = run["steps"][-1]["outputs"][0]
        listed = self.twin("models", "list", "--json").out.splitlines()
        models = {m["id"]: m for m in map(json.loads, listed)}
        winner = models[output["detail"]]
        self.addCleanup(self.twin, "models", "remove", winner["id"], code=None)
        self.assertIn(winner["id"], done.out)
        self.assertEqual((winner["kind"], winner["base"], winner["run_id"]), ("adapter", "smollm2", run["run"]))
        self.assertEqual(winner["details"]["settings"], "lr=1e-3 lora.r=4")
        self.assertIn("eval_loss", winner["metrics"])
        self.assertEqual(output["sha256"], {f["name"]: f["sha256"] for f in winner["files"]}["adapter.gguf"])
        refused = self.twin("train", "--sweep", "lora.dora=true,false", code=2)
        self.assertIn("lora.dora", refused.err)


if __name__ == "__main__":
    unittest.main()
