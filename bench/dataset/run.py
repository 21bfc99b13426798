#!/usr/bin/env python3
"""Duplicates, rules, decontamination and personal data over short samples: `twin dataset clean` against Python with
datasketch, in one run. See README.md."""

import argparse
import json
import os
import pathlib
import random
import re
import resource
import subprocess
import sys
import tempfile
import time

SYLLABLES = "가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허고노도로모보소오조초코토포호구누두루무부수우주추쿠투푸후"
WORDS = 13


def vocabulary(random_, korean):
    words = []
    for _ in range(20000):
        if korean:
            words.append("".join(random_.choice(SYLLABLES) for _ in range(random_.randint(2, 4))))
        else:
            words.append("".join(random_.choice("etaoinshrdlucmfwypvbgk") for _ in range(random_.randint(2, 9))))
    return words


def sentence(random_, words, length):
    return " ".join(words[int(len(words) * random_.random() ** 3)] for _ in range(length))


def make(file, bench, count):
    """A tenth near duplicates, one of a hundred a leak, one of a hundred with personal data."""
    random_ = random.Random(17)
    words = [vocabulary(random_, False), vocabulary(random_, True)]
    held_out = [sentence(random_, words[i % 2], 20) for i in range(5000)]
    with open(bench, "w", encoding="utf-8") as out:
        for text in held_out:
            out.write(json.dumps({"question": text}, ensure_ascii=False) + "\n")
    earlier = []
    with open(file, "w", encoding="utf-8") as out:
        for i in range(count):
            draw = random_.random()
            question = sentence(random_, words[i % 2], 6)
            answer = sentence(random_, words[i % 2], random_.randint(12, 24))
            if draw < 0.1 and earlier:
                question, answer = random_.choice(earlier)
                answer += "!"
            if 0.1 <= draw < 0.11:
                answer += " " + random_.choice(held_out)
            if 0.11 <= draw < 0.12:
                answer += f" 010-{random_.randint(2000, 9999)}-{random_.randint(1000, 9999)} a{i}@example.org"
            if len(earlier) < 10000:
                earlier.append((question, answer))
            out.write(json.dumps({"messages": [{"role": "user", "content": question},
                                               {"role": "assistant", "content": answer}]}, ensure_ascii=False) + "\n")


def twin(program, file, bench, out):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([program, "--quiet", "--json", "--set", f"dataset.decontaminate=[{bench}]", "dataset", "clean",
                           file, "--out", out], check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    report = json.loads(done.stdout.strip().splitlines()[-1])
    report["cpu_s"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    report["peak_bytes"] = after.ru_maxrss * 1024
    return report


UNIT = re.compile(r"[가-힣]|[a-z0-9]+")
PERSONAL = [(re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"), "[EMAIL]"), (re.compile(r"\b01[016789]-\d{3,4}-\d{4}\b"), "[PHONE]"),
            (re.compile(r"\b\d{6}-[1-8]\d{6}\b"), "[RESIDENT_NUMBER]"), (re.compile(r"\b(?:\d{4}[ -]){3}\d{4}\b"), "[CARD]"),
            (re.compile(r"\b(?:ghp_|sk-|AKIA|hf_)\w{16,}\b"), "[KEY]")]


def ngrams(text):
    """As ours: words of Latin script weigh two, syllables one, an n-gram 26."""
    units = UNIT.findall(text.casefold())
    weights = [1 if "가" <= unit <= "힣" else 2 for unit in units]
    last, weight = 0, 0
    for first in range(len(units)):
        while last < len(units) and weight < 2 * WORDS:
            weight += weights[last]
            last += 1
        if weight < 2 * WORDS:
            return
        yield " ".join(units[first:last])
        weight -= weights[first]


def peer(file, bench, out, limit):
    from datasketch import MinHash, MinHashLSH

    start = time.process_time()
    held_out = set()
    with open(bench, encoding="utf-8") as lines:
        for line in lines:
            held_out.update(ngrams(json.loads(line)["question"]))
    lsh = MinHashLSH(threshold=0.8, num_perm=128)
    sets, removed, kept, read = {}, {}, 0, 0
    with open(file, encoding="utf-8") as lines, open(out, "w", encoding="utf-8") as output:
        for number, line in enumerate(lines):
            if number >= limit:
                break
            read += 1
            sample = json.loads(line)
            text = "\n".join(message["content"] for message in sample["messages"])
            plain = " ".join(text.casefold().split())
            shingles = {plain[i : i + 5] for i in range(max(1, len(plain) - 4))}
            signature = MinHash(num_perm=128)
            signature.update_batch([shingle.encode() for shingle in shingles])
            near = any(len(shingles & sets[k]) / len(shingles | sets[k]) >= 0.8 for k in lsh.query(signature))
            if near:
                removed["near_duplicate"] = removed.get("near_duplicate", 0) + 1
                continue
            lsh.insert(number, signature)
            sets[number] = shingles
            if any(ngram in held_out for ngram in ngrams(text)):
                removed["contaminated"] = removed.get("contaminated", 0) + 1
                continue
            for message in sample["messages"]:
                for pattern, mask in PERSONAL:
                    message["content"] = pattern.sub(mask, message["content"])
            kept += 1
            output.write(json.dumps(sample, ensure_ascii=False) + "\n")
    return {"read": read, "kept": kept, "removed": removed, "cpu_s": time.process_time() - start,
            "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--twin", default="build/release/bin/twin")
    parser.add_argument("--samples", type=int, default=1000000)
    parser.add_argument("--peer-samples", type=int, default=20000)
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:  # the child, so that its memory is its own
        print(json.dumps(peer(*options.peer.split(":"), options.peer_samples)))
        return
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        file, bench = str(folder / "samples.jsonl"), str(folder / "bench.jsonl")
        make(file, bench, options.samples)
        size = os.path.getsize(file)
        ours = twin(options.twin, file, bench, str(folder / "clean.jsonl"))
        theirs = json.loads(subprocess.run(
            [sys.executable, __file__, "--peer", f"{file}:{bench}:{folder / 'peer.jsonl'}", "--peer-samples",
             str(options.peer_samples)], check=True, capture_output=True, text=True).stdout)
    print(f"{size / 1e6:.0f} MB")
    for name, row in (("twin dataset clean", ours), ("Python with datasketch", theirs)):
        print(f"{name:24} {row['read']:9} read {row['kept']:9} kept {row['removed']} {row['cpu_s']:8.1f} CPU s "
              f"{row['read'] / row['cpu_s']:9.0f} samples/s {row['peak_bytes'] / 2**20:7.0f} MiB")
    print(f"ratio per core: {ours['read'] / ours['cpu_s'] / (theirs['read'] / theirs['cpu_s']):.1f}")


if __name__ == "__main__":
    main()
