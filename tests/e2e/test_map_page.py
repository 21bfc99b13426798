"""The map of the corpus in a browser: what a reader sees and can do there."""

import os
import pathlib
import unittest

from browser import DRIVER, Browser
from harness import MODELS, ProjectTest

HOSTILE = '# <img src=x onerror="window.hurt=1"> </script><script>window.hurt=1</script>\n\n' \
          "A page about kettles whose title is markup: </script><script>window.hurt=1</script> <b>bold</b>.\n"


@unittest.skipUnless(MODELS.exists(), "no models: TWIN_TEST_MODELS")
@unittest.skipUnless(DRIVER, "no chromedriver: scripts/setup/setup.sh test")
class MapPage(ProjectTest):
    def test_the_map_in_chromium(self):
        for i in range(12):
            topic = ("trains and stations", "bread and ovens", "radios and valves")[i % 3]
            (self.home / "writing" / f"more-{i}.md").write_text(f"# Page {i}\n\nThis page tells of {topic}, number {i}.\n")
        (self.home / "writing" / "korean.md").write_text("# 한강의 밤\n\n한강을 따라 걸은 밤을 적는다. 다리마다 불빛이 다르다.\n")
        (self.home / "writing" / "hostile.md").write_text(HOSTILE)
        self.twin("collect")
        self.twin("index")
        report = self.twin("--json", "index", "map").json()
        with Browser() as browser:
            browser.open((self.home / ".twin/reports/map.html").as_uri())
            points = browser.run("return document.querySelectorAll('.p').length")
            self.assertEqual(points, report["all"])
            if folder := os.environ.get("TWIN_SCREENSHOTS"):
                pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
                browser.picture(pathlib.Path(folder) / "map.png")

            # Every point is inside of the picture and large enough to be hit; tools have appeared.
            inside = browser.run("""
              const frame = document.querySelector('svg').getBoundingClientRect();
              return [...document.querySelectorAll('.p')].every(p => {
                const r = p.getBoundingClientRect();
                return r.width >= 3 && r.left >= frame.left - 1 && r.right <= frame.right + 1 &&
                       r.top >= frame.top - 1 && r.bottom <= frame.bottom + 1; });""")
            self.assertTrue(inside)
            self.assertFalse(browser.run("return document.getElementById('tools').hidden"))

            # The mouse on a point shows its text; a click keeps it.
            korean = [p["title"] for p in report["points"]].index("한강의 밤")
            browser.hover(f".p[data-i='{korean}']")
            self.assertEqual(browser.run("return document.getElementById('title').textContent"), "한강의 밤")
            self.assertIn("한강을 따라", browser.run("return document.getElementById('text').textContent"))
            browser.click(f".p[data-i='{korean}']")
            browser.hover("h1")
            self.assertEqual(browser.run("return document.getElementById('title').textContent"), "한강의 밤")

            # Search leaves the points that say it.
            bright = "return [...document.querySelectorAll('.p:not(.dim)')].map(p => +p.dataset.i).sort((a, b) => a - b)"
            browser.type("#words", "다리마다")
            self.assertEqual(browser.run(bright), [korean])
            browser.type("#words", "valves")
            said = [i for i, p in enumerate(report["points"]) if p["title"] in ("Page 2", "Page 5", "Page 8", "Page 11")]
            self.assertEqual(browser.run(bright), said)
            browser.type("#words", " ")

            # Colours by language; a click in the legend leaves that language.
            browser.run("const f = document.getElementById('field'); f.value = 'language'; f.onchange();")
            legend = browser.run("return [...document.querySelectorAll('#legend button')].map(b => b.textContent)")
            languages = {}
            for point in report["points"]:
                languages[point["language"]] = languages.get(point["language"], 0) + 1
            self.assertEqual(sorted(legend), sorted(f"{name} ({count})" for name, count in languages.items()))
            colours = browser.run("return new Set([...document.querySelectorAll('.p')].map(p => p.getAttribute('fill'))).size")
            self.assertEqual(colours, len(languages))
            browser.click("#legend button")
            chosen = legend[0].split(" (")[0]
            self.assertEqual(browser.run(bright), [i for i, p in enumerate(report["points"]) if p["language"] == chosen])

            # What documents say is never markup, nothing is fetched, no script fails.
            self.assertIsNone(browser.run("return window.hurt ?? null"))
            self.assertEqual(browser.run("return document.querySelectorAll('img').length"), 0)
            self.assertEqual(browser.run("return performance.getEntriesByType('resource').length"), 0)
            self.assertEqual(browser.faults(), [])


if __name__ == "__main__":
    unittest.main()
