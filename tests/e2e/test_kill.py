"""kill -9 at random instants: the next run finishes with the same hashes, nothing doubled, nothing lost."""

import os
import pathlib
import random
import shutil
import signal
import subprocess
import time
import unittest

from harness import BIN, ProjectTest


def descendants(pid):
    """Processes below pid; a child belongs to the thread that started it."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            for child in (task / "children").read_text().split():
                found += [int(child), *descendants(int(child))]
        except FileNotFoundError:
            pass
    return found


class Kill(ProjectTest):
    def start(self):
        return subprocess.Popen(
            [str(BIN / "twin"), "--home", str(self.home), "-q", "up", "--no-serve"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def test_ten_kills(self):
        reference = ProjectTest("run")
        reference.setUp()
        self.addCleanup(reference.doCleanups)
        started = time.monotonic()
        wanted = reference.outputs(reference.twin("--json", "up", "--no-serve"))
        duration = time.monotonic() - started
        # Both projects read the same files under the same URLs, so that all ids are the same.
        text = (self.home / "twin.yaml").read_text()
        (self.home / "twin.yaml").write_text(text.replace("path: writing", f"path: {reference.home}/writing"))

        seed = int(os.environ.get("TWIN_TEST_SEED", time.time()))
        print(f"TWIN_TEST_SEED={seed}")
        chance = random.Random(seed)
        killed = 0
        while killed < 10:
            process = self.start()
            deadline = time.monotonic() + chance.uniform(0.02, 0.6) * duration
            while process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
            if process.poll() is not None:
                # It got through before its time came: from the start again, so that every kill hits work.
                shutil.rmtree(self.home / ".twin")
                continue
            victims = [process.pid]
            try:
                victims += descendants(process.pid)
                os.kill(chance.choice(victims), signal.SIGKILL)
                killed += 1
            except (FileNotFoundError, ProcessLookupError):
                pass  # it ended in between
            try:
                process.wait(timeout=300)
            except subprocess.TimeoutExpired:
                process.kill()
                self.fail("the run hung after one of its processes was killed")

        final = self.twin("--json", "up", "--no-serve")
        got = self.outputs(final)
        for name in ("warehouse", "index", "dataset.instruct", "dataset.preference", "adapter"):
            self.assertEqual(got[name], wanted[name], name)
        urls = [line.split()[-1] for line in self.twin("docs", "list").out.splitlines()]
        self.assertEqual(len(urls), len(set(urls)))
        interrupted = [r for r in self.twin("runs", "-n", 50, "--json").json() if r["status"] == "running"]
        self.assertEqual(interrupted, [])


if __name__ == "__main__":
    unittest.main()
