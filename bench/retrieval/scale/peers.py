#!/usr/bin/env python3
"""hnswlib, FAISS and Qdrant Edge over the vectors that bench_scale made: peers.py FOLDER [--edge [SHARD]]

One thread, CPU time. For each: build time, queries a second and recall@10 against exact search, once for each breadth (ef),
so that they can be compared at equal recall. With --edge, Qdrant Edge alone, with payload filters of 1, 10 and 50 %
(edge_peer.py); SHARD: part of the name of the shards to measure.
CPU time is that of the whole process (a peer's own threads count); that of the thread that asks stands beside it.
Needs numpy, hnswlib, faiss-cpu; for --edge qdrant-edge-py and numpy alone.
"""

import argparse
import json
import os
import pathlib
import resource
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

DIMENSION, AT = 384, 10


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def resident():
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon")) / 1024


def recall(found, exact):
    hits = wanted = 0
    for ids, best in zip(found, exact):
        best = [b for b in best if b >= 0]
        hits += len(set(best) & set(int(i) for i in ids))
        wanted += len(best)
    return hits / max(1, wanted)


def timed(ask, queries, exact, ids_of=lambda found: found):
    """One query after another, as a server gets them."""
    for query in queries[:20]:
        ask(query)
    times, own, found = [], [], []
    for query in queries:
        of_all, of_thread = time.process_time(), time.thread_time()
        answer = ask(query)
        own.append((time.thread_time() - of_thread) * 1000)
        times.append((time.process_time() - of_all) * 1000)
        found.append(ids_of(answer))
    mean = sum(times) / len(times)
    times.sort()
    own.sort()
    return {
        "p50_ms": round(times[len(times) // 2], 4),
        "p99_ms": round(times[int(0.99 * (len(times) - 1))], 4),
        "thread_p50_ms": round(own[len(own) // 2], 4),
        "qps": round(1000 / mean),
        "recall@10": round(recall(found, exact), 4),
    }


def show(name, **values):
    print(json.dumps({"peer": name, **values}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--edge", nargs="?", const="", metavar="SHARD")
    arguments = parser.parse_args()
    vectors = np.fromfile(arguments.folder / "vectors.f32", dtype="<f4").reshape(-1, DIMENSION)
    queries = np.fromfile(arguments.folder / "queries.f32", dtype="<f4").reshape(-1, DIMENSION)
    exact = np.fromfile(arguments.folder / "exact.i32", dtype="<i4").reshape(4, len(queries), AT)
    if arguments.edge is not None:
        import edge_peer

        classes = np.fromfile(arguments.folder / "classes.u8", dtype="u1")
        edge_peer.measure(arguments.folder, vectors, queries, exact, classes, AT, timed, show, arguments.edge)
        return

    import faiss
    import hnswlib

    faiss.omp_set_num_threads(1)
    memory, before = resident(), cpu()
    index = hnswlib.Index(space="ip", dim=DIMENSION)
    index.init_index(max_elements=len(vectors), ef_construction=128, M=16)
    index.add_items(vectors, num_threads=1)
    built, memory = cpu() - before, resident() - memory
    for ef in (32, 64, 128, 200, 400):
        index.set_ef(ef)
        ask = lambda query: index.knn_query(query, k=AT, num_threads=1)[0][0]
        show("hnswlib f32", ef=ef, build_cpu_s=round(built, 1), mb=round(memory), **timed(ask, queries, exact[0]))
    del index

    memory, before = resident(), cpu()
    index = faiss.IndexHNSWSQ(DIMENSION, faiss.ScalarQuantizer.QT_8bit, 16, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 128
    index.train(vectors[:20000])
    index.add(vectors)
    built, memory = cpu() - before, resident() - memory
    for ef in (64, 128, 200):
        index.hnsw.efSearch = ef
        ask = lambda query: index.search(query[None], AT)[1][0]
        show("faiss HNSW int8", ef=ef, build_cpu_s=round(built, 1), mb=round(memory), **timed(ask, queries, exact[0]))
    del index

    flat = faiss.IndexFlatIP(DIMENSION)
    flat.add(vectors)
    show("faiss flat f32", **timed(lambda query: flat.search(query[None], AT)[1][0], queries[:100], exact[0][:100]))


if __name__ == "__main__":
    main()
