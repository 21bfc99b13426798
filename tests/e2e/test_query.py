"""What happens to a question before it is searched for, and to one that the writing does not cover, as a user sees it."""

import pathlib
import unittest

from harness import ProjectTest

DATED = "What did Mina Park write in March 2025 about bread and time?"


class QueryTest(ProjectTest):
    def setUp(self):
        super().setUp()
        self.twin("index")

    def search(self, query, *more, code=0):
        return self.twin("search", query, "-k", 5, *more, code=code)

    def test_search_reads_filters_off_the_question(self):
        plain = self.search(DATED, "--json").json()
        self.assertEqual(plain["query"]["steps"], [])
        self.assertEqual(plain["query"]["filter"], {})
        self.assertGreater(len({hit["url"] for hit in plain["results"]}), 1)

        # By the flag and by the configuration alike.
        for more in (["--filters", "rules"], ["--set", "retrieval.query.filters=rules"]):
            found = self.search(DATED, "--json", *more).json()
            self.assertEqual({pathlib.Path(hit["url"]).name for hit in found["results"]}, {"sourdough.md"})
            self.assertEqual(found["query"]["filter"]["from"], "2025-03-01")
            self.assertEqual([step["step"] for step in found["query"]["steps"]], ["filters"])
            self.assertEqual(found["query"]["steps"][0]["outcome"], "used")
        # The flag wins over the configuration.
        off = self.search(DATED, "--json", "--set", "retrieval.query.filters=rules", "--filters", "off").json()
        self.assertEqual(off["query"]["steps"], [])
        explained = self.search(DATED, "--explain", "--filters", "rules").out
        self.assertIn("filters", explained)
        self.assertIn("published: 2025-03-01", explained)

    def test_what_the_command_asks_for_is_never_given_up(self):
        found = self.search(DATED, "--json", "--filters", "rules", "--category", "no-such").json()
        self.assertEqual(found["results"], [])
        found = self.search("What did Mina Park write in March 1999?", "--json", "--filters", "rules", "--category",
                            "articles").json()
        self.assertGreater(len(found["results"]), 0)
        self.assertIn("given up", found["query"]["steps"][0]["outcome"])

    def test_steps_of_the_chat_model_run_when_it_is_there_and_say_so_when_it_is_not(self):
        question = "How long should sourdough rest before it is baked?"
        steps = ["--variants", 1, "--hyde", "--decompose"]
        found = self.search(question, "--json", *steps).json()
        self.assertEqual([step["step"] for step in found["query"]["steps"]], ["decompose", "variants", "hyde"])
        for step in found["query"]["steps"]:
            self.assertNotIn("no chat model", step["outcome"])
            self.assertGreater(step["duration_ms"], 0)
        self.assertEqual(pathlib.Path(found["results"][0]["url"]).name, "sourdough.md")
        self.assertEqual(set(found) & {"results", "fusion", "candidates", "rerank"},
                         {"results", "fusion", "candidates", "rerank"})

        without = self.search(question, "--json", "--set", "models.chat=not-here", *steps).json()
        for step in without["query"]["steps"]:
            self.assertIn("no chat model", step["outcome"])
        plain = self.search(question, "--json").json()
        self.assertEqual([hit["url"] for hit in without["results"]], [hit["url"] for hit in plain["results"]])
        off = self.search(question, "--json", "--set", "retrieval.query.hyde=true", "--no-hyde").json()
        self.assertEqual(off["query"]["steps"], [])

    def test_wrong_flags_are_usage_errors(self):
        self.assertIn("off, rules, model", self.search("bread", "--filters", "magic", code=2).err)
        self.search("bread", "--variants", 9, code=2)

    def test_a_question_that_the_writing_does_not_cover(self):
        far = "How do volcanoes erupt?"
        near = "How long should sourdough rest?"
        found = self.search(far, "--json").json()
        self.assertFalse(found["coverage"]["covered"], found["coverage"])
        self.assertFalse(found["coverage"]["calibrated"])
        self.assertTrue(self.search(near, "--json").json()["coverage"]["covered"])
        self.assertIn("may not cover", self.search(far).out)

        say = ["--set", "retrieval.not_covered=say"]
        said = self.twin("ask", far, "--json", *say).json()
        self.assertIn("does not cover", said["answer"])
        self.assertEqual(said["citations"], [])
        self.assertEqual(said["usage"]["completion_tokens"], 0)
        self.assertFalse(said["coverage"]["covered"])
        self.assertIn("글에는", self.twin("ask", "화산은 왜 폭발하나요?", *say).out)
        answered = self.twin("ask", near, "--json", "--max-tokens", 8, *say).json()
        self.assertTrue(answered["coverage"]["covered"])
        self.assertGreater(answered["usage"]["completion_tokens"], 0)

        warned = self.twin("ask", far, "--max-tokens", 8, "--set", "retrieval.not_covered=warn").out
        self.assertIn("may not cover", warned)
        off = self.twin("ask", far, "--json", "--max-tokens", 8, "--set", "retrieval.not_covered=off").json()
        self.assertIsNone(off["coverage"])

    def test_a_calibration_is_used_and_a_damaged_one_is_passed_over(self):
        report = self.twin("index", "tune", "--json", code=None).json()
        if report["answerability"] is None:
            self.assertTrue(any("too few" in problem for problem in report["problems"]), report)
            self.skipTest("the fixtures give too few questions")
        found = self.search("How long should sourdough rest?", "--json").json()
        self.assertTrue(found["coverage"]["calibrated"])
        kept = next((self.home / ".twin" / "rankers").glob("covered-*.json"))
        kept.write_text("{")
        found = self.search("How long should sourdough rest?", "--json")
        self.assertFalse(found.json()["coverage"]["calibrated"])
        self.assertIn("twin index tune", found.err)


if __name__ == "__main__":
    unittest.main()
