"""The whole line on a small body of writing, English and Korean."""

import json
import unittest

from harness import ProjectTest


class WholeLine(ProjectTest):
    def test_up_caches_updates_and_forgets(self):
        first = self.twin("--json", "up", "--no-serve")
        self.assertEqual(set(self.steps(first).values()), {"done"})

        again = self.twin("--json", "up", "--no-serve")
        self.assertEqual(set(self.steps(again).values()), {"cached"})
        self.assertEqual(self.outputs(first), self.outputs(again))

        with self.subTest("search finds English and Korean, in the documented shape"):
            for query, page in [
                ("How long should sourdough rest?", "sourdough.md"),
                ("한강에서 자전거를 타는 코스", "hangang.md"),
            ]:
                results = self.twin("search", query, "-k", 3, "--json").json()["results"]
                self.assertTrue(results[0]["url"].endswith(page), results[0]["url"])
                for key in ("rank", "score", "document_id", "url", "title", "heading", "text", "start", "end"):
                    self.assertIn(key, results[0])
                self.assertEqual([r["rank"] for r in results], [1, 2, 3])

        with self.subTest("a result's offsets point into the document"):
            hit = self.twin("search", "sourdough starter", "-k", 1, "--json").json()["results"][0]
            prose = self.twin("docs", "show", hit["document_id"], "--view", "prose").out.encode()
            self.assertEqual(prose[hit["start"] : hit["end"]].decode(), hit["text"])

        with self.subTest("the prompt is shown without an answer"):
            shown = self.twin("ask", "How long should sourdough rest?", "--prompt").out
            self.assertIn("--- system ---", shown)
            self.assertIn("How long should sourdough rest?", shown.split("--- user ---")[1])

        with self.subTest("ask answers in the documented shape"):
            answer = self.twin("ask", "How long should sourdough rest?", "--max-tokens", 24, "--json").json()
            for key in ("answer", "citations", "model", "usage", "timing_ms"):
                self.assertIn(key, answer)
            self.assertEqual(set(answer["timing_ms"]), {"retrieve", "first_token", "total"})
            for citation in answer["citations"]:
                self.assertEqual(set(citation), {"n", "document_id", "url", "title", "start", "end", "text"})

        with self.subTest("one changed document is one document's work"):
            path = self.home / "writing" / "sourdough.md"
            path.write_text(path.read_text() + "\n## Storing\n\nA linen bag keeps the crust for three days.\n")
            result = self.twin("--json", "index")
            summary = {s["step"]: s["summary"] for s in result.json()["steps"]}
            self.assertIn("1 changed", summary["collect"])
            self.assertIn("1 indexed", summary["index"])
            hit = self.twin("search", "linen bag crust", "-k", 1, "--json").json()["results"][0]
            self.assertIn("linen bag", hit["text"])

        with self.subTest("why names what changed"):
            why = self.twin("run", "why", "collect", "--json").json()
            self.assertTrue(any("fingerprint" in change for change in why["changes"]), why)

        with self.subTest("a deleted file disappears everywhere, and its versions stay"):
            (self.home / "writing" / "hangang.md").unlink()
            self.twin("index")
            results = self.twin("search", "한강에서 자전거를 타는 코스", "-k", 10, "--json").json()["results"]
            self.assertFalse([r for r in results if r["url"].endswith("hangang.md")])
            listed = self.twin("docs", "list", "--json").out
            self.assertNotIn("hangang.md", listed)
            self.assertIn("hangang.md", self.twin("docs", "list", "--deleted", "--json").out)

        with self.subTest("export and import lose nothing"):
            exported = self.twin("docs", "export").out
            other = self.home / "other"
            other.mkdir()
            (other / "twin.yaml").write_text("name: other\n")
            (self.home / "all.jsonl").write_text(exported)
            self.twin("docs", "import", self.home / "all.jsonl", home=other)
            self.assertEqual(self.twin("docs", "export", home=other).out, exported)

    def test_dataset_is_verbatim_and_split_by_document(self):
        self.twin("dataset")
        folder = self.home / ".twin" / "datasets" / "instruct"
        documents, with_passages = {}, 0
        for split in ("train", "validation", "test"):
            for line in (folder / f"{split}.jsonl").read_text().splitlines():
                sample = json.loads(line)
                source = sample["metadata"]
                documents.setdefault(source["document_id"], set()).add(split)
                prose = self.twin("docs", "show", source["document_id"], "--view", "prose").out.encode()
                self.assertEqual(
                    prose[source["start"] : source["end"]].decode(), sample["messages"][-1]["content"]
                )
                if source["passages"]:
                    with_passages += 1
                    self.assertEqual(split, "train")
                    self.assertTrue(sample["messages"][-2]["content"].startswith("[1] "), sample)
                    self.assertIn(sample["messages"][-1]["content"], sample["messages"][-2]["content"])
        self.assertTrue(documents)
        self.assertGreater(with_passages, 0)
        self.assertTrue(all(len(splits) == 1 for splits in documents.values()), documents)

        preference = self.home / ".twin" / "datasets" / "preference" / "train.jsonl"
        for line in preference.read_text().splitlines():
            sample = json.loads(line)
            self.assertNotEqual(sample["chosen"], sample["rejected"])


if __name__ == "__main__":
    unittest.main()
