#!/usr/bin/env python3
"""A test set in BEIR's format of the questions over the Debian handbook, answered and not, for `--set` of the demo's project.

  handbook_set.py FOLDER [--home build/demo] [--twin build/release/bin/twin]
  twin --home build/demo eval retrieval --set FOLDER --json

Judged is each page that the question's `pages` name. Kinds: direct, paraphrased, unanswerable.
"""

import argparse
import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
QUESTIONS = ROOT / "examples/debian-handbook"
LINE = re.compile(r'^\s*- \{question: ("(?:[^"\\]|\\.)*"), (?:pages: \[(.*)\]|matter: \w+)\}')


def read(name):
    """(question, pages) of each line of a file."""
    for line in (QUESTIONS / name).read_text(encoding="utf-8").splitlines():
        if found := LINE.match(line):
            yield json.loads(found.group(1)), [page.strip() for page in (found.group(2) or "").split(",") if page.strip()]


def documents(arguments):
    """Ids by the last part of the address."""
    done = subprocess.run([arguments.twin, "--home", arguments.home, "docs", "list", "--json"], check=True, text=True,
                          capture_output=True)
    listed = map(json.loads, done.stdout.splitlines())
    return {each["url"].rsplit("/", 1)[-1]: each["id"] for each in listed if "debian-handbook" in each["url"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--home", default=str(ROOT / "build/demo"))
    parser.add_argument("--twin", default=str(ROOT / "build/release/bin/twin"))
    arguments = parser.parse_args()
    ids = documents(arguments)
    queries, judged = [], []
    for kind in ("direct", "paraphrased", "unanswerable"):
        for number, (question, pages) in enumerate(read(f"questions-{kind}.yaml"), 1):
            name = f"{kind}-{number}"
            queries.append({"_id": name, "text": question, "kind": kind})
            judged += [f"{name}\t{ids[page]}\t1" for page in pages]
    (arguments.folder / "qrels").mkdir(parents=True, exist_ok=True)
    (arguments.folder / "queries.jsonl").write_text(
        "".join(json.dumps(query, ensure_ascii=False) + "\n" for query in queries), encoding="utf-8")
    (arguments.folder / "qrels/test.tsv").write_text(
        "\n".join(["query-id\tcorpus-id\tscore", *judged]) + "\n", encoding="utf-8")
    print(f"{len(queries)} questions, {len(judged)} judgements")


if __name__ == "__main__":
    main()
