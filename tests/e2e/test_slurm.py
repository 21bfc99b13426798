"""twin train under srun, on a real Slurm of one node."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

import slurm_cluster
from training_case import RankedTrainingTest

MISSING = slurm_cluster.why_not()


@unittest.skipIf(MISSING, MISSING)
class SlurmTest(RankedTrainingTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="twin-slurm-")
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.cluster = slurm_cluster.Cluster(folder)
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start()

    def setUp(self):
        super().setUp()
        self.env.update(self.cluster.environment)
        self.data = self.write("train.jsonl", self.rows())

    def submit(self, *arguments, out):
        """What rank 0 writes is what srun writes; its errors those of all tasks."""
        command = ["srun", "--ntasks", "2", "--job-name", out, "--kill-on-bad-exit=0", "--unbuffered",
                   *self.command(self.data, *arguments, out=out)]
        return subprocess.Popen(command, cwd=self.folder, env=self.env, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def trainer(self, rank):
        """The process of twin-train below a task of srun."""
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                program = (process / "cmdline").read_bytes().split(b"\0")[0]
                environment = (process / "environ").read_bytes().split(b"\0")
                here = os.readlink(process / "cwd") == str(self.folder)
            except OSError:  # it ended, or is not ours to look at
                continue
            if here and program.endswith(b"twin-train") and f"SLURM_PROCID={rank}".encode() in environment:
                return int(process.name)
        return self.fail(f"no twin-train of rank {rank}")

    def test_tasks_train_as_the_processes_of_nproc_and_a_killed_one_ends_the_job(self):
        self.train(self.data, "--nproc", "2", *self.settings(), out="nproc")
        job = self.submit(*self.settings(checkpoint_every=4), out="srun")
        self.wait_for_step(job, 6)
        os.kill(self.trainer(1), signal.SIGKILL)
        _, errors = job.communicate(timeout=300)
        self.assertNotEqual(job.returncode, 0, errors)
        self.assertIn("Rank 1 of 2 is gone", errors)
        self.assertFalse((self.folder / "srun/adapter.gguf").exists())

        again = self.submit(*self.settings(checkpoint_every=4), out="srun")
        out, errors = again.communicate(timeout=300)
        self.assertEqual(again.returncode, 0, errors)
        resumed = [json.loads(line) for line in errors.splitlines() if '"event":"resumed"' in line]
        self.assertGreaterEqual(resumed[0]["step"], 6)
        self.assertEqual([json.loads(line)["steps"] for line in out.splitlines()], [20])  # rank 0 alone says it
        for file in ("adapter.gguf", "adapter/adapter_model.safetensors"):
            self.assertEqual((self.folder / "srun" / file).read_bytes(), (self.folder / "nproc" / file).read_bytes())

    def test_scancel_s_sigterm_writes_a_checkpoint(self):
        job = self.submit(*self.settings(checkpoint_every=1000), out="cancelled")
        self.wait_for_step(job, 2)
        self.cluster.command("scancel", "--signal=TERM", "--name", "cancelled")
        _, errors = job.communicate(timeout=300)
        self.assertEqual(job.returncode, 0, errors)
        self.assertTrue(list((self.folder / "cancelled/checkpoints").glob("step-*")))


if __name__ == "__main__":
    unittest.main()
