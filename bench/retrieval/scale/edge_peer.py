"""Qdrant Edge for peers.py: the vectors of bench_scale under payload filters of 1, 10 and 50 %, at several recalls.

Three shards, each one segment, all of it indexed (which is checked), vectors and quantized vectors in memory, a payload
index on each field that is filtered by:
  graph          HNSW with int8 codes; the planner compares where a filter keeps less than full_scan_threshold, its default
  compare int8   no graph (m = 0), the planner always compares, by int8 codes
  compare turbo4 the same by its own codes of four bits
They are kept in FOLDER, so that a second run measures only.
"""

import pathlib
import time

import qdrant_edge as q

NAMES = ("one", "ten", "half")
BREADTHS = (None, 200, 400, 800, 1600, 3200)
FULL_SCAN_KB, ALWAYS_KB = 10_000, 1 << 30
RECALL = 0.99


def _config(dimension, graph, quantization):
    hnsw = q.HnswIndexConfig(
        m=16 if graph else 0,
        ef_construct=128,
        full_scan_threshold=FULL_SCAN_KB if graph else ALWAYS_KB,
        max_indexing_threads=1,
        payload_m=16 if graph else 0,
    )
    params = q.EdgeVectorParams(size=dimension, distance=q.Distance.Dot, memory=q.Memory.Cached)
    # One segment that is larger than any threshold: searched alone, without merging.
    optimizers = q.EdgeOptimizersConfig(default_segment_number=1, indexing_threshold=1000, max_segment_size=1 << 30)
    return q.EdgeConfig(
        vectors={"v": params},
        hnsw_config=hnsw,
        quantization_config=quantization,
        optimizers=optimizers,
        max_search_threads=1,
        payload_memory=q.Memory.Cached,
    )


def _shard(folder, name, vectors, classes, config):
    """The shard of that name, made where it is not there yet; and the CPU seconds that took."""
    place = pathlib.Path(folder) / f"edge-{name}"
    if place.exists():
        shard, built = q.EdgeShard.load(str(place), config), None
    else:
        place.mkdir()
        before = time.process_time()
        shard = q.EdgeShard.create(str(place), config)
        for field in NAMES:
            shard.update(q.UpdateOperation.create_field_index(field, q.PayloadSchemaType.Integer))
        for start in range(0, len(vectors), 1000):
            points = [
                q.Point(
                    id=i + 1,
                    vector={"v": vectors[i].tolist()},
                    payload={field: int(classes[i] >> bit & 1) for bit, field in enumerate(NAMES)},
                )
                for i in range(start, min(start + 1000, len(vectors)))
            ]
            shard.update(q.UpdateOperation.upsert_points(points))
        while shard.optimize():
            pass
        shard.flush()
        built = round(time.process_time() - before, 1)
    info = shard.info()
    if info.indexed_vectors_count < len(vectors):
        raise SystemExit(f"edge-{name}: {info.indexed_vectors_count} of {len(vectors)} vectors are indexed")
    facts = {"segments": info.segments_count, "indexed": info.indexed_vectors_count, "build_cpu_s": built}
    return shard, facts


def _ways(graph):
    """Name and search parameters of what is measured over a shard."""
    int8 = lambda over: q.QuantizationSearchParams(rescore=True, oversampling=over)
    if not graph:
        for over in (1.0, 2.0, 4.0):
            yield {"way": "codes", "oversampling": over}, q.SearchParams(quantization=int8(over))
        yield {"way": "f32"}, q.SearchParams(quantization=q.QuantizationSearchParams(ignore=True))
        return
    for ef in BREADTHS:
        yield {"way": "codes", "ef": ef}, q.SearchParams(hnsw_ef=ef, quantization=int8(2.0))
    for ef in BREADTHS:
        yield {"way": "codes, acorn", "ef": ef}, q.SearchParams(
            hnsw_ef=ef, quantization=int8(2.0), acorn=q.AcornSearchParams(enable=True, max_selectivity=1.0)
        )
    for ef in BREADTHS:
        yield {"way": "f32", "ef": ef}, q.SearchParams(
            hnsw_ef=ef, quantization=q.QuantizationSearchParams(ignore=True)
        )
    yield {"way": "exact"}, q.SearchParams(exact=True)


def measure(folder, vectors, queries, exact, classes, at, timed, show, only=None):
    """Shows each way with each filter, and at the end the quickest one of each filter whose recall is RECALL or more.

    exact: the nearest of each filter (all, then NAMES), of each query. only: part of a shard's name; None: all of them.
    """
    scalar = q.ScalarQuantizationConfig(type=q.ScalarType.Int8, quantile=0.99, memory=q.Memory.Pinned)
    turbo = q.TurboQuantQuantizationConfig(bits=q.TurboQuantBitSize.Bits4, memory=q.Memory.Pinned)
    best = {}
    for name, graph, quantization in (
        ("compare-int8", False, scalar),
        ("compare-turbo4", False, turbo),
        ("graph-int8", True, scalar),
    ):
        if only and only not in name:
            continue
        shard, facts = _shard(folder, name, vectors, classes, _config(vectors.shape[1], graph, quantization))
        show(f"qdrant-edge {name}", **facts)
        for number, field in enumerate((None, *NAMES)):
            where = field and q.Filter(must=[q.FieldCondition(key=field, match=q.MatchValue(value=1))])
            for way, params in _ways(graph):
                # Requests are made beforehand: lists of Python's floats are no part of a search.
                requests = [
                    q.QueryRequest(
                        query=q.Query.Nearest(query.tolist(), using="v"), filter=where, limit=at, params=params
                    )
                    for query in queries
                ]
                found = timed(shard.query, requests, exact[number], lambda points: [p.id - 1 for p in points])
                show(f"qdrant-edge {name}", filter=field or "all", **way, **found)
                quickest = best.get(field)
                if found["recall@10"] >= RECALL and (not quickest or found["p50_ms"] < quickest["p50_ms"]):
                    best[field] = {"shard": name, **way, **found}
        shard.close()
    for field, found in best.items():
        show("qdrant-edge, quickest", filter=field or "all", **found)
