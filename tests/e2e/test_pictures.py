"""Pictures as a user finds them: by alternative text, by caption, and by what OCR reads in them."""

import json
import shutil
import subprocess
import unittest

import drawn
from harness import ProjectTest

PDF = """%PDF-1.4
1 0 obj
<< /Type /Catalog /Pages 2 0 R >>
endobj
2 0 obj
<< /Type /Pages /Kids [3 0 R] /Count 1 >>
endobj
3 0 obj
<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 200] /Resources << /Font << /F 4 0 R >> >> /Contents 5 0 R >>
endobj
4 0 obj
<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>
endobj
5 0 obj
<< /Length {length} >>
stream
{content}
endstream
endobj
trailer
<< /Root 1 0 R >>
%%EOF
"""


def english(text):
    """A PNG of the words, drawn by poppler with a font of the PDF standard."""
    content = f"BT /F 24 Tf 1 0 0 1 40 120 Tm ({text}) Tj ET"
    pdf = PDF.format(length=len(content), content=content)
    command = ["pdftoppm", "-png", "-gray", "-r", "150", "-singlefile", "-"]
    return subprocess.run(command, input=pdf.encode(), capture_output=True, check=True).stdout


def tesseract_lacks():
    """Why OCR cannot be tested here; empty: it can."""
    if not shutil.which("tesseract") or not shutil.which("pdftoppm"):
        return "tesseract-ocr or poppler-utils is not installed: run 'make setup'"
    known = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True).stdout.split()
    return "" if {"eng", "kor"} <= set(known) else "tesseract-ocr-kor is not installed: run 'make setup'"


class Pictures(ProjectTest):
    def put(self, name, content):
        path = self.home / "writing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def search(self, query, *arguments):
        return self.twin("--json", "search", query, "-k", "3", *arguments).json()["results"]

    def first_with_picture(self, query):
        results = self.search(query)
        self.assertIn("pictures", results[0], json.dumps(results, ensure_ascii=False, indent=1))
        return results[0]

    def test_alternative_texts_and_captions_are_found_and_say_where_the_picture_is(self):
        chart = self.put("img/chart.png", b"\x89PNG")
        self.put(
            "weather.md",
            "# Weather\n\nWe measured for a year.\n\n"
            '![Thermometer readings in Wonju](img/chart.png "coldest in January")\n\nThen we stopped.\n',
        )
        self.put(
            "plan.html",
            "<html><body><article><h1>우리 집</h1><p>작년에 집을 새로 지었다. 오래 걸렸지만 마음에 든다.</p><figure>"
            "<img src='https://pictures.example/plan.png' alt='거실 배치도'><figcaption>남쪽 창이 넓은 거실</figcaption>"
            "</figure><p>다음에는 마당 이야기를 쓰겠다.</p></article></body></html>",
        )
        self.twin("--set", "collect.images.ocr=off", "index")

        hit = self.first_with_picture("thermometer readings")
        (picture,) = hit["pictures"]
        self.assertEqual(picture["source"], "img/chart.png")
        self.assertEqual(picture["place"], str(chart))
        self.assertEqual(picture["words"], "Thermometer readings in Wonju (coldest in January)")
        self.assertFalse(picture["read_by_ocr"])
        self.assertNotIn("chart.png", hit["text"])
        self.assertEqual(self.search("coldest in January")[0]["start"], hit["start"])

        for query in ("거실 배치도", "남쪽 창이 넓은"):
            (picture,) = self.first_with_picture(query)["pictures"]
            self.assertEqual(picture["place"], "https://pictures.example/plan.png")
        shown = self.twin("search", "거실 배치도", "-k", "1", env={"LC_ALL": "ko_KR.UTF-8", "LANG": "ko_KR.UTF-8"}).out
        self.assertIn("https://pictures.example/plan.png", shown)

    @unittest.skipIf(tesseract_lacks(), tesseract_lacks())
    def test_what_ocr_reads_is_found_cited_and_never_trained_on(self):
        bread = self.put("img/poster.png", english("Bread needs time and patience."))
        self.put("img/sign.png", drawn.png("우리 나라 나무 다리 오리"))
        self.put("img/broken.png", b"\x89PNG\r\n\x1a\n broken")
        self.put("kitchen.md", "# Kitchen\n\nOn the wall hangs this:\n\n![the poster](img/poster.png)\n\n![](img/broken.png)\n")
        self.put("sign.md", "# 표지판\n\n강가에서 본 표지판이다.\n\n![](img/sign.png)\n\n글씨가 조금 흐렸다.\n")
        run = self.twin("--json", "index", code=None)
        self.assertIn(run.code, (0, 3), run)

        hit = self.first_with_picture("patience bread needs")
        (picture,) = hit["pictures"]
        self.assertTrue(picture["read_by_ocr"])
        self.assertEqual(picture["place"], str(bread))
        self.assertEqual(picture["words"], "the poster")
        self.assertIn("Bread needs time and patience", hit["text"])
        self.assertIn("the poster", hit["heading"])
        # The offsets are those of the view that is shown.
        view = self.twin("docs", "show", hit["document_id"], "--view", "prose").out.encode()
        self.assertEqual(view[hit["start"] : hit["end"]].decode(), hit["text"])

        korean = self.first_with_picture("나무 다리")
        self.assertTrue(korean["pictures"][0]["read_by_ocr"])
        self.assertTrue(korean["url"].endswith("sign.md"))

        # Nothing of it is in the author's writing or the samples.
        self.assertNotIn("patience", self.twin("docs", "show", hit["document_id"], "--view", "markdown").out)
        self.twin("dataset", code=None)
        self.assertTrue((self.home / ".twin/datasets/instruct/train.jsonl").read_text())
        for path in self.home.rglob("*.jsonl"):
            self.assertNotIn("needs time and patience", path.read_text(), path)

        again = self.twin("--json", "index", code=None)
        self.assertEqual(self.steps(again)["index"], "cached", again)
        # A new picture under the old name: found, although no document was touched.
        self.put("img/poster.png", english("Salt comes later, says the baker."))
        self.twin("index", code=None)
        self.assertIn("Salt comes later", self.first_with_picture("says the baker salt")["text"])
        self.assertNotIn("patience", json.dumps(self.search("patience bread needs")))

    def doctor(self, **env):
        checks = self.twin("--json", "doctor", code=None, env=env).json()
        return next(check for check in checks if check["check"] == "tesseract")

    def test_doctor_says_whether_pictures_are_read(self):
        empty = self.home / "empty"
        empty.mkdir()
        missing = self.doctor(PATH=str(empty))
        self.assertEqual(missing["state"], "warning")
        self.assertIn("tesseract-ocr-kor", missing["advice"])
        if not tesseract_lacks():
            self.assertEqual(self.doctor()["state"], "good")
            self.assertIn("kor", self.doctor()["detail"])


if __name__ == "__main__":
    unittest.main()
