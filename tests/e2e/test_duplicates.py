"""The same post in two places: both are kept, one is searched and trained on, and the user sees which."""

import json
import unittest

from harness import CONFIG, ProjectTest

POST = """\
---
title: Starting a sourdough
date: {date}
---
{intro}
The first week of a sourdough is mostly waiting. You mix flour and water in a jar, you leave it on the shelf above the
stove, and once a day you throw half of it away and feed the rest. Nothing happens for three days, then everything
happens at once.

On the fourth day mine smelled of nail polish, which is a sign of hunger and not of failure. I fed it twice a day from
then on, and by the end of the week it doubled within six hours. That was the day I baked the first loaf, flat as a
plate and sour as a lemon.
"""


class Duplicates(ProjectTest):
    config = CONFIG.replace(
        "  - {{type: folder, path: writing, category: articles}}\n",
        "  - {{type: folder, path: writing, category: articles}}\n  - {{type: folder, path: medium, category: posts}}\n",
    )

    def setUp(self):
        super().setUp()
        (self.home / "medium").mkdir()

    def test_the_earlier_one_stays(self):
        (self.home / "writing" / "starter.md").write_text(POST.format(date="2023-05-02", intro=""))
        (self.home / "medium" / "starter.md").write_text(
            POST.format(date="2023-05-09", intro="*This was first published on my own blog.*\n")
        )
        self.twin("index")
        listed = {d["url"]: d for d in map(json.loads, self.twin("docs", "list", "--json").out.splitlines())}
        original = next(d for url, d in listed.items() if url.endswith("writing/starter.md"))
        copy = next(d for url, d in listed.items() if url.endswith("medium/starter.md"))
        self.assertNotIn("duplicate_of", original)
        self.assertEqual(copy["duplicate_of"], original["id"])
        self.assertIn(f"(near duplicate of {original['id']})", self.twin("docs", "list").out)

        group = self.twin("docs", "duplicates", "--json").json()
        self.assertEqual(group["id"], original["id"])
        self.assertEqual([d["id"] for d in group["duplicates"]], [copy["id"]])
        self.assertGreaterEqual(group["duplicates"][0]["similarity"], 0.8)

        found = self.twin("search", "sourdough nail polish", "--json").out
        self.assertIn(original["id"], found)
        self.assertNotIn(copy["id"], found)

        # Another rule, another choice; nothing was lost in between.
        self.twin("--set", "duplicates.prefer=[latest]", "index")
        group = self.twin("docs", "duplicates", "--json").json()
        self.assertEqual(group["id"], copy["id"])
        found = self.twin("search", "sourdough nail polish", "--json").out
        self.assertIn(copy["id"], found)
        self.assertNotIn(original["id"], found)

        self.twin("dataset", "--json")
        rejected = (self.home / ".twin" / "datasets" / "instruct" / "rejected.jsonl").read_text()
        self.assertIn("duplicate_document", rejected)

    def test_before_the_first_run(self):
        result = self.twin("docs", "duplicates", code=1)
        self.assertIn("twin index", result.err)
        self.twin("docs", "list")


if __name__ == "__main__":
    unittest.main()
