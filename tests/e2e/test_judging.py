"""Judging retrieval on one's own corpus: test sets from it, comparisons, the index's doctor and its map."""

import json
import re
import sqlite3
import unittest
import xml.etree.ElementTree as ElementTree

from harness import MODELS, ProjectTest


@unittest.skipUnless(MODELS.exists(), "no models: TWIN_TEST_MODELS")
class Judging(ProjectTest):
    def setUp(self):
        super().setUp()
        self.twin("collect")
        self.twin("index")

    def test_a_set_is_made_measured_and_compared(self):
        made = self.twin("--json", "eval", "retrieval", "--make-set", self.home / "set").json()
        for kind in ("question", "keywords", "phrase", "particles", "spacing", "typos", "unanswerable"):
            self.assertGreater(made["queries"].get(kind, 0), 0, made)
        self.assertEqual(made["problems"], [])
        names = ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv", "set.json")
        first = {name: (self.home / "set" / name).read_bytes() for name in names}
        self.twin("eval", "retrieval", "--make-set", self.home / "again")
        for name, content in first.items():
            self.assertEqual((self.home / "again" / name).read_bytes(), content, name)
        self.twin("eval", "retrieval", "--make-set", self.home / "other", "--seed", 5)
        self.assertNotEqual((self.home / "other" / "queries.jsonl").read_bytes(), first["queries.jsonl"])

        lexical = self.twin("--json", "eval", "retrieval", "--set", self.home / "set", "--mode", "lexical",
                            "--scores", self.home / "lexical.json").json()
        self.assertNotIn("compared", lexical)
        answerable = sum(n for kind, n in made["queries"].items() if kind != "unanswerable")
        self.assertEqual(lexical["queries"], answerable)
        self.assertGreater(lexical["kinds"]["keywords"]["ndcg@10"]["mean"], 0.9)
        self.assertGreater(lexical["kinds"]["phrase"]["passage_recall@5"]["mean"], 0.8)
        self.assertLess(lexical["measures"]["ndcg@10"]["low"], lexical["measures"]["ndcg@10"]["high"] + 1e-9)
        self.assertEqual(lexical["unanswerable"]["queries"], made["queries"]["unanswerable"])
        self.assertEqual(list(lexical["unanswerable"]["area_under_roc"]), ["lexical"])
        times = lexical["query_ms"]
        self.assertLessEqual(times["p50"], times["p90"])
        self.assertLessEqual(times["p90"], times["p99"])
        # The next run knows the last one.
        same = self.twin("--json", "eval", "retrieval", "--set", self.home / "set", "--mode", "lexical").json()
        self.assertEqual(same["compared"]["queries"], answerable)
        self.assertEqual(same["compared"]["differences"]["ndcg@10"]["mean"], 0)
        self.assertEqual(same["compared"]["differences"]["ndcg@10"]["p"], 1)
        # MiniLM knows no Korean.
        dense = self.twin("--json", "eval", "retrieval", "--set", self.home / "set", "--mode", "dense",
                          "--against", self.home / "lexical.json").json()
        self.assertEqual(dense["compared"]["settings"]["mode"], "lexical")
        self.assertAlmostEqual(dense["compared"]["differences"]["ndcg@10"]["mean"],
                               dense["ndcg@10"] - lexical["ndcg@10"], places=9)
        shown = self.twin("eval", "retrieval", "--set", self.home / "set", "--mode", "lexical").out
        self.assertIn("nDCG@10", shown)
        self.assertIn("keywords", shown)
        # The folder is one of BEIR's: any index can be made of it.
        beir = self.twin("--json", "eval", "retrieval", "--beir", self.home / "set", "--mode", "lexical").json()
        self.assertEqual(beir["queries"], answerable)
        self.assertGreater(beir["ndcg@10"], 0.8)

    def test_wrong_use_of_sets(self):
        self.twin("eval", "retrieval", "--set", "a", "--beir", "b", code=2)
        self.twin("eval", "retrieval", "--set", self.home / "set", "--tokenizer", "bigrams", code=2)
        self.twin("eval", "retrieval", "--set", self.home / "nowhere", "--mode", "lexical", code=1)
        foreign = self.home / "foreign"
        foreign.mkdir()
        (foreign / "corpus.jsonl").write_text("mine\n")
        self.twin("eval", "retrieval", "--make-set", foreign, code=2)
        self.assertEqual((foreign / "corpus.jsonl").read_text(), "mine\n")
        self.twin("eval", "retrieval", "--make-set", self.home / "set")
        (self.home / "scores.json").write_text("{}")
        self.twin("eval", "retrieval", "--set", self.home / "set", "--mode", "lexical", "--against",
                  self.home / "scores.json", code=1)

    def test_paraphrases_come_from_the_chat_model_and_are_checked(self):
        made = self.twin("--json", "eval", "retrieval", "--make-set", self.home / "set", "--passages", 4,
                         "--paraphrases", 2).json()
        refused = sum(n for reason, n in made["left_out"].items() if reason.startswith("paraphrase: "))
        self.assertEqual(made["queries"].get("paraphrase", 0) + refused, 2)

    def test_the_doctor_finds_what_is_wrong_and_mends_it(self):
        self.assertIn("Nothing is wrong", self.twin("index", "doctor").out)
        # A new document, one that is gone, one that changed.
        (self.home / "writing" / "new.md").write_text("# New\n\nThis was written after the index was made.\n")
        (self.home / "writing" / "garden.txt").unlink()
        page = self.home / "writing" / "sourdough.md"
        page.write_text(page.read_text() + "\nOne more sentence for the dough.\n")
        self.twin("collect")
        report = self.twin("--json", "index", "doctor", code=3).json()
        self.assertEqual({name: fault["count"] for name, fault in report["faults"].items()},
                         {"missing": 1, "orphan": 1, "stale": 1})
        self.twin("index")
        self.twin("index", "doctor")
        # Damage in the database itself.
        with sqlite3.connect(self.home / ".twin" / "index" / "index.db") as index:
            keys = [row[0] for row in index.execute("SELECT chunk FROM vectors ORDER BY chunk")]
            index.execute("UPDATE vectors SET vector = zeroblob(length(vector)) WHERE chunk = ?", keys[:1])
            index.execute("DELETE FROM vectors WHERE chunk = ?", keys[-1:])
        shown = self.twin("index", "doctor", code=3).out
        self.assertIn("twin index doctor --mend", shown)
        report = self.twin("--json", "index", "doctor", "--mend", code=3).json()
        self.assertEqual({name: fault["count"] for name, fault in report["faults"].items()},
                         {"vector": 1, "lost-vector": 1})
        self.assertEqual(report["removed"], 2)
        self.twin("index")
        self.assertEqual(self.twin("--json", "index", "doctor").json()["findings"], [])

    def test_the_doctor_without_the_model(self):
        report = self.twin("--json", "index", "doctor", "--no-model").json()
        self.assertEqual(report["unchecked"], ["stale", "model", "too-long"])
        gone = self.twin("--json", "--set", "models.embedding=no-such-model", "index", "doctor")
        self.assertIn("no-such-model", gone.err)
        self.assertEqual(gone.json()["unchecked"], ["stale", "model", "too-long"])

    def test_the_map_is_a_picture_and_a_page(self):
        report = self.twin("--json", "index", "map").json()
        self.assertEqual(len(report["points"]), report["all"])
        self.assertEqual(sum(group["points"] for group in report["groups"]), report["all"])
        reports = self.home / ".twin" / "reports"
        svg = ElementTree.parse(reports / "map.svg").getroot()
        circles = svg.findall("{http://www.w3.org/2000/svg}circle")
        self.assertEqual(len(circles), report["all"])
        page = (reports / "map.html").read_text(encoding="utf-8")
        self.assertNotRegex(page, r"""(?i)(src|href)=["']?(https?:)?//""")
        data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.S).group(1))
        self.assertEqual([p["title"] for p in data["points"]], [p["title"] for p in report["points"]])
        before = page
        self.twin("index", "map")
        self.assertEqual((reports / "map.html").read_text(encoding="utf-8"), before)
        passages = self.twin("--json", "index", "map", "--passages", "--output", self.home / "p.svg").json()
        self.assertGreater(len(passages["points"]), len(report["points"]))
        self.assertTrue((self.home / "p.svg").exists())
        few = self.twin("--json", "--set", "map.max_points=3", "index", "map", "--output", self.home / "f.html").json()
        self.assertEqual(len(few["points"]), 3)
        self.twin("index", "map", "--output", "map.png", code=2)


class Empty(ProjectTest):
    def test_nothing_is_indexed_yet(self):
        for command in (["index", "map"], ["eval", "retrieval", "--make-set", self.home / "set"]):
            self.assertIn("twin index", self.twin(*command, code=1).err)
        self.assertIn("Nothing is wrong", self.twin("index", "doctor", "--no-model").out)


if __name__ == "__main__":
    unittest.main()
