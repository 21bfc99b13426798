#!/usr/bin/env python3
"""Near-duplicate detection on the bills of korean-assembly-bills: ours against rensa and datasketch, in one run.

  python3 -m venv /tmp/bench && /tmp/bench/bin/pip install -r bench/dedup/requirements.txt
  cmake --build --preset release --target bench_dedup
  /tmp/bench/bin/python bench/dedup/run.py [--bench build/release/bin/bench_dedup] [--limit N] [--threshold 0.8]

One thread each; CPU seconds (user + system). rensa and datasketch get their shingles ready-made, as Python strings or
bytes; what making them costs is reported beside it.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from bills import bills  # noqa: E402

PERMUTATIONS = 128
LENGTH = 5


def folded(text):
    return " ".join(text.casefold().split())


def shingles(text):
    text = folded(text)
    return [text[i : i + LENGTH] for i in range(max(1, len(text) - LENGTH + 1))]


def timed(work):
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bench", default="build/release/bin/bench_dedup")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--threshold", type=float, default=0.8)
    parser.add_argument("--peer-limit", type=int, default=20000, help="documents that the peers are timed on")
    options = parser.parse_args()

    texts = [text for text in bills() if text and "\0" not in text]
    if options.limit:
        texts = texts[: options.limit]
    with tempfile.NamedTemporaryFile(suffix=".bills") as file:
        file.write(b"".join(text.encode() + b"\0" for text in texts))
        file.flush()
        ours = json.loads(subprocess.run([options.bench, file.name, str(options.threshold)], check=True,
                                         capture_output=True, text=True).stdout)
    print(json.dumps(ours, indent=1))

    rows = []
    count, total = ours["documents"], ours["shingles"]
    for name, seconds in (("ours, text to shingles", ours["shingling_s"]),
                          ("ours, shingles to signature", ours["signing_s"]),
                          ("ours, text to signature", ours["shingling_s"] + ours["signing_s"])):
        rows.append((name, count / seconds, total / seconds))

    peers = texts[: options.peer_limit]
    making, sets = timed(lambda: [shingles(text) for text in peers])
    number = sum(map(len, sets))

    import rensa

    def sign_rensa(kind):
        def work():
            for one in sets:
                minhash = kind(num_perm=PERMUTATIONS, seed=1)
                minhash.update(one)
                minhash.digest()
        return work

    for kind in ("RMinHash", "CMinHash"):
        if hasattr(rensa, kind):
            seconds, _ = timed(sign_rensa(getattr(rensa, kind)))
            rows.append((f"rensa {kind}, shingles to signature", len(peers) / seconds, number / seconds))
            rows.append((f"rensa {kind}, text to signature", len(peers) / (seconds + making), number / (seconds + making)))

    from datasketch import MinHash

    def sign_datasketch():
        for one in sets[:1000]:
            minhash = MinHash(num_perm=PERMUTATIONS)
            minhash.update_batch([shingle.encode() for shingle in one])

    seconds, _ = timed(sign_datasketch)
    some = sum(map(len, sets[:1000]))
    rows.append(("datasketch, shingles to signature", min(1000, len(peers)) / seconds, some / seconds))

    print(f"{'':44} {'docs/s':>12} {'M shingles/s':>13}")
    for name, documents, rate in rows:
        print(f"{name:44} {documents:12,.0f} {rate / 1e6:13.2f}")


if __name__ == "__main__":
    main()
