"""twin train --data: any JSON lines outside any project, and what it says about bad ones."""

import json
import os
import pathlib
import resource
import shlex
import signal
import socket
import subprocess
import unittest

from harness import BIN, ProjectTest
from training_case import RankedTrainingTest, TrainingTest, message, pair, talk

RESULT = ["steps", "samples", "tokens", "loss_tokens", "seconds", "tokens_per_s", "final_loss", "eval_loss"]
RESULT += ["peak_rss_bytes", "adapter"]


class BareTrainingTest(TrainingTest):
    def test_sft_writes_the_result_and_progress_as_json(self):
        rows = [talk(f"What is {name}?", f"{name} is a tool.") for name in ("apt", "dpkg", "김치", "systemd")]
        data = self.write("train.jsonl", rows)
        done = self.train(data, "--eval-data", data, "--method", "sft",
                          *self.small(epochs=2, **{"lora.r": 4}), base="smollm2")
        result = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual(list(result), RESULT)
        self.assertEqual(result["samples"], 8)
        self.assertGreater(result["tokens"], result["loss_tokens"])
        self.assertGreater(result["peak_rss_bytes"], 1 << 28)
        for path in result["adapter"].values():
            self.assertTrue((self.folder / path).exists())
        events = [json.loads(line) for line in done.stderr.splitlines()]
        steps = [e for e in events if e.get("event") == "step"]
        self.assertEqual(len(steps), result["steps"])
        evals = [e["eval_loss"] for e in events if e.get("event") == "eval"]
        self.assertLess(result["eval_loss"], evals[0])
        config = json.loads((self.folder / "out/adapter/adapter_config.json").read_text())
        self.assertEqual((config["r"], config["base_model_name_or_path"]), (4, "smollm2"))

    def test_dora_ends_with_a_merged_model_and_8_bit_adamw_with_an_adapter(self):
        data = self.write("train.jsonl", [talk(f"Question {i}?", f"Answer {i}, 김치.") for i in range(4)])
        done = self.train(data, *self.small(max_steps=2, dtype="f32", **{"lora.dora": "true", "lora.r": 4}), out="dora")
        result = json.loads(done.stdout.splitlines()[-1])
        self.assertIsNone(result["adapter"]["gguf"])
        self.assertGreater((self.folder / result["merged"]["gguf"]).stat().st_size, 1 << 28)
        self.assertTrue(json.loads((self.folder / "dora/adapter/adapter_config.json").read_text())["use_dora"])
        self.assertIn("cannot hold DoRA", done.stderr)
        done = self.train(data, *self.small(max_steps=2, dtype="f32", optimizer="adamw8bit"), out="small")
        self.assertNotIn("merged", json.loads(done.stdout.splitlines()[-1]))
        self.assertTrue((self.folder / "small/adapter.gguf").exists())

    def test_muon_trains_and_the_model_answers_while_it_does(self):
        data = self.write("train.jsonl", [talk(f"누가 {i}?", "김치는 맛있다.") for i in range(4)])
        done = self.train(data, *self.small(max_steps=3, optimizer="muon", **{
            "samples.every": 2, "samples.max_tokens": 6, "samples.prompts": '["What is apt?", "김치?"]'}))
        events = [json.loads(line) for line in done.stderr.splitlines()]
        answers = [e for e in events if e.get("event") == "samples"]
        self.assertEqual([e["step"] for e in answers], [0, 2, 3])
        self.assertEqual([a["prompt"] for a in answers[0]["answers"]], ["What is apt?", "김치?"])
        self.assertTrue(all(a["answer"] and a["tokens"] <= 6 for e in answers for a in e["answers"]))
        kept = [json.loads(line) for line in (self.folder / "out/metrics.jsonl").read_text().splitlines()]
        self.assertEqual([e for e in kept if e["event"] == "samples"], answers)
        done = self.train(data, *self.small(optimizer="lion"), code=2)
        self.assertIn("muon", done.stderr)

    def test_the_plan_is_what_the_run_takes(self):
        rows = [talk(f"What about part {i}?", f"Part {i} rests on part {i + 1}, as was said. " * 6) for i in range(40)]
        data = self.write("train.jsonl", rows)
        memory = {}
        for name, settings in {
            "f32": {"dtype": "f32"},
            "checkpointing": {"dtype": "f32", "checkpointing": "true"},
            "quantized": {"dtype": "f32", "quantize_base": "true", "micro_tokens": 192},
        }.items():
            with self.subTest(name):
                arguments = self.small(batch_tokens=400, max_steps=2, **settings)
                planned = self.train(data, "--plan", *arguments, out=name)
                self.assertFalse((self.folder / name / "adapter.gguf").exists())
                plan = json.loads(planned.stdout.splitlines()[-1])
                result = json.loads(self.train(data, *arguments, out=name).stdout.splitlines()[-1])
                for key in ("steps", "tokens", "loss_tokens"):
                    self.assertEqual(plan[key], result[key], key)
                ratio = plan["peak_rss_bytes"] / result["peak_rss_bytes"]
                print(f"{name}: planned {plan['peak_rss_bytes']:,} of {result['peak_rss_bytes']:,} bytes, {ratio:.3f}")
                self.assertTrue(0.8 < ratio < 1.2, ratio)
                self.assertEqual(plan["config"]["dtype"], "f32")
                self.assertEqual(plan["config"]["lr"], 5e-4)  # the method's own
                self.assertGreater(plan["seconds"], 0)
                memory[name] = plan["peak_rss_bytes"]
        self.assertLess(memory["checkpointing"], memory["f32"])
        self.assertLess(memory["quantized"], memory["checkpointing"])

    def test_the_plan_says_what_would_stop_the_run(self):
        data = self.write("long.jsonl", [talk("Hi?", "word " * 1900)])
        self.assertIn("raise max_length", self.train(data, "--plan", *self.small(), code=1).stderr)
        ok = self.write("ok.jsonl", [talk("Hi?", "Hello.")])
        done = self.train(ok, "--plan", "--set", "quantize_base=q4_k", *self.small(), code=1)
        self.assertIn("do not divide into blocks", done.stderr)

    def test_preference_methods(self):
        pairs = [pair(f"Say {n}", f"I say {n}, gladly.", "no no no") for n in ("one", "two", "three", "four")]
        data = self.write("pairs.jsonl", pairs)
        for method in ("dpo", "orpo"):
            with self.subTest(method):
                done = self.train(data, "--method", method, *self.small(epochs=3, lr=1e-3), out=method)
                steps = [json.loads(line) for line in done.stderr.splitlines()]
                steps = [e for e in steps if e.get("event") == "step"]
                self.assertLess(steps[-1]["loss"], steps[0]["loss"])
                self.assertGreater(steps[-1]["reward_margin"], steps[0]["reward_margin"])

    def test_sigterm_writes_a_checkpoint_and_the_command_that_goes_on(self):
        data = self.write("train.jsonl", [talk(f"Question {i}?", f"Answer {i}, and so on.") for i in range(24)])
        arguments = ["--method", "sft", *self.small(batch_size=1, checkpoint_every=1000)]
        child = subprocess.Popen(self.command(data, *arguments), cwd=self.folder, env=self.env, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for line in child.stderr:
            if '"event":"step"' in line and json.loads(line)["step"] == 2:
                break
        child.send_signal(signal.SIGTERM)
        out, _ = child.communicate(timeout=300)
        self.assertEqual(child.returncode, 0)
        stopped = json.loads(out.splitlines()[-1])
        self.assertTrue(stopped["stopped"])
        self.assertLess(stopped["step"], 24)
        self.assertTrue(list((self.folder / "out/checkpoints").glob("step-*")))
        words = shlex.split(stopped["resume"])
        self.assertEqual(words[:2], ["twin", "train"])
        words[0] = str(BIN / "twin")
        again = subprocess.run(words, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=900)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn('"event":"resumed"', again.stderr)
        self.assertEqual(json.loads(again.stdout.splitlines()[-1])["steps"], 24)

    def test_bad_data_is_named_by_file_and_line(self):
        good = talk("Hi?", "Hello.")
        for name, rows, says in [
            ("broken", [good, '{"messages":[{"role":"user"'], "broken.jsonl:2: The line is not a JSON object"),
            ("roles", [good, good, {"messages": [message("assistant", "x"), message("user", "y")]}], "roles.jsonl:3"),
            ("pairs", [pair("a", "b", "c")], "Use method dpo"),
            ("empty", ["", ""], "The dataset is empty"),
            ("long", [talk("Hi?", "word " * 1900)], "raise max_length"),
        ]:
            with self.subTest(name):
                done = self.train(self.write(name + ".jsonl", rows), *self.small(), code=1)
                self.assertIn(says, done.stderr)
        self.train(str(self.folder / "absent.jsonl"), code=1)
        empty_split = self.train(self.write("ok.jsonl", [good]), "--eval-data", self.write("none.jsonl", []), code=1)
        self.assertIn("none.jsonl", empty_split.stderr)

    def test_wrong_settings_are_refused_with_the_nearest_key(self):
        data = self.write("ok.jsonl", [talk("Hi?", "Hello.")])
        done = self.train(data, "--set", "lora.rank=8", code=2)
        self.assertIn('unknown key "lora.rank" (known keys: r, alpha', done.stderr)
        self.assertIn("epochs", self.train(data, "--set", "epoch=2", code=2).stderr)
        self.assertIn("sft", self.train(data, "--method", "ppo", code=2).stderr)
        self.train(data, "--set", "lr=fast", code=2)

    def test_bad_models_are_refused(self):
        data = self.write("ok.jsonl", [talk("Hi?", "Hello.")])
        whole = self.base.read_bytes()
        truncated = self.folder / "truncated.gguf"
        truncated.write_bytes(whole[: len(whole) // 2])
        self.assertIn("truncated", self.train(data, base=truncated, code=1).stderr)
        renamed = self.folder / "renamed.gguf"
        renamed.write_bytes(whole[:4096].replace(b"llama", b"xlama") + whole[4096:])
        self.assertIn("architecture is 'xlama'", self.train(data, base=renamed, code=1).stderr)
        self.train(data, base=self.folder / "absent.gguf", code=1)
        self.train(data, base=self.folder, code=2)  # two models are there
        self.assertIn("pull", self.train(data, base="absent-model", code=1).stderr)

    def test_a_full_disk_at_a_checkpoint_ends_the_run_with_the_reason(self):
        data = self.write("train.jsonl", [talk(f"Question {i}?", f"Answer {i}.") for i in range(4)])

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

        done = self.train(data, *self.small(batch_size=1), code=1, before=limit)
        self.assertIn("state.safetensors", done.stderr)
        self.assertFalse((self.folder / "out/adapter.gguf").exists())
        self.train(data, *self.small(batch_size=1))


@unittest.skipUnless((BIN / "twin-train").exists(), "built without twin-train")
class ProjectPlanTest(ProjectTest):
    def test_the_project_s_stage_is_planned_over_the_samples_that_are_there(self):
        self.assertIn("twin dataset", self.twin("train", "--plan", code=1).err)
        samples = self.home / ".twin" / "datasets" / "instruct"
        samples.mkdir(parents=True)
        (samples / "train.jsonl").write_text("".join(json.dumps(talk(f"Why {i}?", "Because.")) + "\n" for i in range(9)))
        (samples / "validation.jsonl").write_text("")
        plan = self.twin("train", "--plan", "--json", "--set", "train.batch_size=3", "--set", "train.dtype=f32").json()
        self.assertEqual((plan["steps"], plan["samples"], plan["evaluations"]), (2, 9, 0))
        text = self.twin("train", "--plan", "--set", "train.batch_size=3").out
        self.assertRegex(text, r"max_steps: 2 +# twin.yaml")
        self.assertRegex(text, r"batch_size: 3 +# --set")
        self.assertRegex(text, r"dtype: (f32|bf16) +# for auto")
        self.assertIn("2 steps", text)
        self.assertFalse(list((self.home / ".twin" / "training").rglob("*.gguf")))


@unittest.skipUnless((BIN / "twin-train").exists(), "built without twin-train")
class ProjectAnswersTest(ProjectTest):
    def test_what_the_model_answered_is_shown_with_the_run(self):
        settings = ["train.samples.every=1", "train.samples.max_tokens=6", "train.samples.count=2"]
        self.twin("train", *[word for s in settings for word in ("--set", s)])
        run = self.twin("run", "show", "--json").json()
        # Which documents are held out depends on where the project lies: one validation sample may be all there is.
        numbers = sorted({a["number"] for a in run["answers"]})
        self.assertIn(numbers, ([0], [0, 1]))
        self.assertEqual(sorted((a["number"], a["step"]) for a in run["answers"]),
                         [(number, step) for number in numbers for step in (0, 1, 2)])
        self.assertTrue(all(a["expected"] for a in run["answers"]))
        text = self.twin("run", "show").out
        self.assertIn("  author ", text)
        self.assertIn("  step 2 ", text)


class RanksTest(RankedTrainingTest):
    def trainers(self, parent):
        """The processes of twin-train by rank."""
        found = {}
        for pid in subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True).stdout.split():
            environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
            ranks = [int(e[5:]) for e in environment if e.startswith("RANK=")]
            if ranks and b"twin-train" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
                found[ranks[0]] = int(pid)
        return found

    def test_two_ranks_give_the_losses_of_one_and_a_killed_one_ends_the_job(self):
        data = self.write("train.jsonl", self.rows())
        self.train(data, *self.settings(), out="one")
        self.train(data, "--nproc", "2", *self.settings(), out="two")
        one, two = self.losses("one"), self.losses("two")
        self.assertEqual((len(one), len(two)), (20, 20))
        self.assertLess(max(abs(a - b) for a, b in zip(one, two)), 1e-3)

        for victim in (1, 0):
            with self.subTest(killed=victim):
                out = f"killed-{victim}"
                arguments = ["--nproc", "2", *self.settings(checkpoint_every=4)]
                child = self.start(data, *arguments, out=out)
                self.wait_for_step(child, 6)
                os.kill(self.trainers(child.pid)[victim], signal.SIGKILL)
                _, errors = child.communicate(timeout=300)
                self.assertEqual(child.returncode, 1, errors)
                self.assertIn(f"Rank {victim} of 2 was ended by signal 9", errors)
                self.assertFalse((self.folder / out / "adapter.gguf").exists())
                again = self.train(data, *arguments, out=out)
                resumed = [json.loads(line) for line in again.stderr.splitlines() if '"event":"resumed"' in line]
                # Rank 0 survives the other one and writes a checkpoint; without it, the last regular one is there.
                self.assertGreaterEqual(resumed[0]["step"], 6 if victim == 1 else 4)
                for file in ("adapter.gguf", "adapter/adapter_model.safetensors"):
                    self.assertEqual((self.folder / out / file).read_bytes(), (self.folder / "two" / file).read_bytes())

    def start_by_variables(self, data, *arguments, out):
        """Two processes that find each other as torchrun's do."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        variables = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        return [self.start(data, *arguments, out=out, env={**self.env, **variables, "RANK": str(rank)})
                for rank in (0, 1)]

    def test_ranks_started_by_the_usual_variables_train_as_those_of_nproc(self):
        data = self.write("train.jsonl", self.rows())
        settings = self.small(batch_size=3, max_steps=4, threads=1, rank_timeout=60, dtype="f32")
        self.train(data, "--nproc", "2", *settings, out="nproc")
        children = self.start_by_variables(data, *settings, out="env")
        ended = [child.communicate(timeout=300) for child in children]
        self.assertEqual([child.returncode for child in children], [0, 0], ended)
        self.assertEqual(json.loads(ended[0][0].splitlines()[-1])["steps"], 4)
        self.assertEqual(ended[1][0], "")  # rank 0 says it
        self.assertEqual(self.losses("env"), self.losses("nproc"))
        weights = "adapter/adapter_model.safetensors"
        self.assertEqual((self.folder / "env" / weights).read_bytes(), (self.folder / "nproc" / weights).read_bytes())

    def test_ranks_started_by_the_usual_variables_name_the_one_that_is_gone(self):
        data = self.write("train.jsonl", self.rows())
        for victim in (1, 0):
            with self.subTest(killed=victim):
                children = self.start_by_variables(data, *self.settings(), out=f"env-{victim}")
                self.wait_for_step(children[0], 3)
                os.kill(self.trainers(children[victim].pid)[victim], signal.SIGKILL)
                ended = [child.communicate(timeout=300) for child in children]
                survivor = 1 - victim
                self.assertEqual(children[survivor].returncode, 1, ended[survivor])
                self.assertIn(f"Rank {victim} of 2 is gone", ended[survivor][1])
                self.assertIn("run the same command again", ended[survivor][1])

    def test_sigterm_stops_all_ranks_with_a_checkpoint(self):
        data = self.write("train.jsonl", self.rows())
        arguments = ["--nproc", "2", *self.settings(checkpoint_every=1000)]
        child = self.start(data, *arguments, out="stopped")
        self.wait_for_step(child, 2)
        child.send_signal(signal.SIGTERM)
        out, errors = child.communicate(timeout=300)
        self.assertEqual(child.returncode, 0, errors)
        self.assertTrue(list((self.folder / "stopped/checkpoints").glob("step-*")))
        self.assertIn("--nproc 2", json.loads(out.splitlines()[-1])["resume"])

    def test_bad_data_is_named_once(self):
        data = self.write("broken.jsonl", [talk("Hi?", "Hello."), '{"messages":[{"role":"user"'])
        done = self.train(data, "--nproc", "2", *self.settings(), code=1)
        self.assertIn("broken.jsonl:2", done.stderr)


if __name__ == "__main__":
    unittest.main()
