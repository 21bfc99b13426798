"""Reranking as a user sees it: fitting a ranking to one's own corpus, judging by the chat model, and what is said."""

import json
import pathlib
import unittest

from harness import ProjectTest

MATTERS = ["kernel", "printer", "backup", "firewall", "mailbox", "keyboard", "clock", "scanner", "router", "speaker",
           "monitor", "battery"]
SECTIONS = """\
# The {0}

## Choosing

Whoever buys a {0} should compare several offers first. The cheapest one seldom lasts, as the winter of {1} taught me.

## Repairing

A broken {0} can often be opened with two small screwdrivers. Photograph every step, or screw number {1} is left over.

## Selling

Nobody pays much for an old {0} without its papers. Keep the bill of the year {1} in a dry drawer.
"""


class RerankTest(ProjectTest):
    def setUp(self):
        super().setUp()
        for number, matter in enumerate(MATTERS):
            (self.home / "writing" / f"{matter}.md").write_text(SECTIONS.format(matter, 1970 + number))
        with open(self.home / "twin.yaml", "a", encoding="utf-8") as config:
            config.write("retrieval: {rerank_candidates: 8}\n")

    def search(self, *more, query="How do I repair a printer?", code=0):
        return self.twin("search", query, "-k", 4, *more, code=code)

    def test_a_ranking_of_ones_own(self):
        self.twin("index")
        missing = self.search("--set", "retrieval.rerank=learned", code=1)
        self.assertIn("twin index tune", missing.err)

        report = self.twin("index", "tune", "--queries", 30, "--json").json()
        ways = {way["name"]: way for way in report["ways"]}
        self.assertEqual(set(ways), {"lexical", "dense", "zscore", "rrf", "weighted", "configured",
                                     "fitted weights", "learned"})
        for way in ways.values():
            self.assertLessEqual(way["known"]["mrr@10"], 1)
        self.assertGreater(ways["learned"]["known"]["mrr@10"], 0.5)
        kept = json.loads(pathlib.Path(report["file"]).read_text(encoding="utf-8"))
        self.assertEqual(kept["features"], report["ranker"]["features"])
        # The same corpus and seed give the same ranker.
        self.assertEqual(self.twin("index", "tune", "--queries", 30, "--dry-run", "--json").json()["ranker"], kept)

        plain = self.search("--json").json()
        self.assertEqual(plain["rerank"]["name"], "off")
        self.assertTrue(all(hit["rerank"] is None for hit in plain["results"]))
        found = self.search("--json", "--set", "retrieval.rerank=learned").json()
        self.assertEqual(found["rerank"]["judged"], 8)
        self.assertEqual(found["rerank"]["problem"], "")
        scores = [hit["score"] for hit in found["results"]]
        self.assertEqual(scores, sorted(scores, reverse=True))
        for hit in found["results"]:
            self.assertEqual(set(hit["fusion"]["shares"]), {"lexical", "dense"})
            self.assertIsNotNone(hit["rerank"])
        explained = self.search("--explain", "--set", "retrieval.rerank=learned").out
        self.assertIn("reranker", explained)
        self.assertIn("joined by weighted", explained)

    def test_the_chat_model_as_judge_within_its_time(self):
        self.twin("index")
        judged = self.search("--json", "--set", "retrieval.rerank=llm", "--set", "retrieval.rerank_budget_ms=0").json()
        self.assertEqual(judged["rerank"]["judged"], 8, judged["rerank"])
        hurried = self.search("--json", "--set", "retrieval.rerank=llm", "--set", "retrieval.rerank_budget_ms=1").json()
        self.assertTrue(hurried["rerank"]["out_of_time"])
        self.assertLess(hurried["rerank"]["judged"], 8)
        self.assertEqual(len(hurried["results"]), 4)
        # So small a model does not keep to the form of a list: nothing is changed then, and it is said.
        listed = self.search("--json", "--set", "retrieval.rerank=llm", "--set", "retrieval.rerank_llm=listwise",
                             "--set", "retrieval.rerank_budget_ms=0").json()
        if listed["rerank"]["judged"] == 0:
            self.assertIn("no order", listed["rerank"]["problem"])
            self.assertEqual([hit["fusion"]["rank"] for hit in listed["results"]], sorted(
                hit["fusion"]["rank"] for hit in listed["results"]))

    def test_what_is_missing_is_named(self):
        self.twin("index")
        wrong = self.search("--set", "retrieval.rerank=cross-encoder", code=2)
        self.assertIn("models.reranker", wrong.err)
        wrong = self.search("--set", "retrieval.rerank=cross-encoder", "--set", "models.reranker=minilm", code=1)
        self.assertIn("cross-encoder", wrong.err)
        self.search("--set", "retrieval.rerank=magic", code=2)
        self.search("--set", "retrieval.fusion=best", code=2)
        self.search("--set", "retrieval.fusion=rrf", "--set", "retrieval.max_per_document=1",
                    "--set", "retrieval.mmr_lambda=0.5")


if __name__ == "__main__":
    unittest.main()
