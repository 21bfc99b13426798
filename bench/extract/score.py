#!/usr/bin/env python3
"""Main-content extraction measured: twin, and trafilatura where it is installed, on the same pages in the same run.

    bench/extract/score.py --data ../shared/data/extraction-dev --twin build/release/bin/twin
    bench/extract/score.py --data tests/data/extraction-ko --worst 5

The data folder holds truth.json ({page: {"url", "with": [...], "without": [...]}}) and pages/ (HTML, gzip'd or not).
A `with` segment that is in the text is a true positive, one that is missing a false negative; a `without` segment that
is in the text is a false positive. CPU time is user + system, of the whole process for twin (its start included) and
of extract() alone for trafilatura.
"""
import argparse
import gzip
import hashlib
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, default=SOURCE / "tests/data/extraction-ko")
    parser.add_argument("--twin", type=pathlib.Path, default=SOURCE / "build/release/bin/twin")
    parser.add_argument("--part", choices=["all", "develop", "check"], default="all",
                        help="two thirds of the pages to develop on, or the other third")
    parser.add_argument("--category", default="", help="twin's rules of this category")
    parser.add_argument("--worst", type=int, default=0, help="list so many pages with the most errors of twin")
    parser.add_argument("--spaces", action="store_true", help="compare with white space collapsed")
    parser.add_argument("--no-peer", action="store_true", help="leave trafilatura out")
    parser.add_argument("--output", type=pathlib.Path, help="keep twin's JSON lines here")
    return parser.parse_args()


def part_of(name):
    return "check" if hashlib.sha256(name.encode()).digest()[0] % 3 == 0 else "develop"


def read_pages(data, part):
    truth = json.loads((data / "truth.json").read_text(encoding="utf-8"))
    pages = {}
    for name in sorted(truth):
        if part != "all" and part_of(name) != part:
            continue
        raw = (data / "pages" / name).read_bytes()
        pages[name] = gzip.decompress(raw) if name.endswith(".gz") else raw
    return truth, pages


def children_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run_twin(arguments, pages, truth):
    with tempfile.TemporaryDirectory(prefix="twin-score-") as folder:
        names = []
        for name, html in pages.items():
            path = pathlib.Path(folder) / (name.removesuffix(".gz").removesuffix(".html") + ".html")
            path.write_bytes(html)
            names.append(str(path))
        listing = pathlib.Path(folder) / "list"
        listing.write_text("\n".join(names) + "\n", encoding="utf-8")
        command = [str(arguments.twin), "extract", "--list", str(listing), "--jsonl", "--jobs", "1"]
        if arguments.category:
            command += ["--category", arguments.category]
        before = children_seconds()
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        seconds = children_seconds() - before
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if len(lines) != len(pages):
        sys.exit(f"twin wrote {len(lines)} lines for {len(pages)} pages (exit {done.returncode})\n{done.stderr[-2000:]}")
    if arguments.output:
        arguments.output.write_text(done.stdout, encoding="utf-8")
    texts = {name: line.get("text") or "" for name, line in zip(pages, lines)}
    return texts, seconds


def run_trafilatura(pages):
    from trafilatura import extract  # noqa: PLC0415

    decoded = {name: html.decode("utf-8", errors="replace") for name, html in pages.items()}
    for html in list(decoded.values())[:3]:  # imports and caches are not the pages' cost
        extract(html, include_comments=False)
    before = time.process_time()
    texts = {name: extract(html, include_comments=False) or "" for name, html in decoded.items()}
    return texts, time.process_time() - before


def squeeze(text, spaces):
    return " ".join(text.split()) if spaces else text


def score(texts, truth, spaces):
    tp = fn = fp = 0
    errors = {}
    for name, text in texts.items():
        text = squeeze(text, spaces)
        missing = [s for s in truth[name]["with"] if squeeze(s, spaces) not in text]
        wrong = [s for s in truth[name]["without"] if squeeze(s, spaces) in text]
        tp += len(truth[name]["with"]) - len(missing)
        fn += len(missing)
        fp += len(wrong)
        errors[name] = (missing, wrong)
    precision = tp / (tp + fp) if tp + fp else 0.0
    recall = tp / (tp + fn) if tp + fn else 0.0
    f1 = 2 * tp / (2 * tp + fp + fn) if tp else 0.0
    return precision, recall, f1, errors


def show(name, texts, seconds, truth, spaces):
    precision, recall, f1, errors = score(texts, truth, spaces)
    per_page = 1000 * seconds / max(1, len(texts))
    print(f"{name:<12} pages {len(texts):4}  precision {precision:.4f}  recall {recall:.4f}  F1 {f1:.4f}  "
          f"CPU {per_page:6.2f} ms/page")
    return f1, per_page, errors


def main():
    options = arguments()
    truth, pages = read_pages(options.data, options.part)
    texts, seconds = run_twin(options, pages, truth)
    f1, ms, errors = show("twin", texts, seconds, truth, options.spaces)
    if not options.no_peer:
        try:
            peer_texts, peer_seconds = run_trafilatura(pages)
        except ImportError:
            print("trafilatura is not installed for this Python: pip install trafilatura")
        else:
            peer_f1, peer_ms, _ = show("trafilatura", peer_texts, peer_seconds, truth, options.spaces)
            print(f"F1 {f1 - peer_f1:+.4f}; CPU 1/{peer_ms / ms:.1f}")
    worst = sorted(errors, key=lambda name: (-len(errors[name][0]) - len(errors[name][1]), name))
    for name in worst[:options.worst]:
        missing, wrong = errors[name]
        if missing or wrong:
            print(f"{name}  {truth[name]['url']}\n  missing {missing}\n  wrong   {wrong}")


if __name__ == "__main__":
    main()
