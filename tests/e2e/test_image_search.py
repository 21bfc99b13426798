"""Pictures found by what they show: a multimodal embedding model in llama-server, from collecting to searching.

The model is made here, of random weights (tiny_vision.py): what it finds alike means nothing, so that what is checked
holds for any weights.
"""

import json
import os
import shutil
import signal
import subprocess
import time
import unittest
import urllib.request

import tiny_vision
from harness import BIN, CONFIG, MODELS, ProjectTest
from test_index import SERVER, QdrantServer

SEES = CONFIG.replace("  folder: {models}\n", "  folder: {home}/models\n").replace(
    "  embedding: minilm\n",
    "  embedding: tiny-vision\n"
    "  embedding_from: {home}/tiny.gguf\n"
    "  embedding_mmproj: tiny-mmproj\n"
    "  embedding_mmproj_from: {home}/mmproj.gguf\n",
)


@unittest.skipUnless(MODELS.exists(), "no models: TWIN_TEST_MODELS")
class ImageSearch(ProjectTest):
    config = SEES

    def setUp(self):
        super().setUp()
        models = self.home / "models"
        models.mkdir()
        for name in ("smollm2", "minilm"):
            os.symlink(MODELS / name, models / name)
        tiny_vision.write_model(self.home / "tiny.gguf")
        tiny_vision.write_projector(self.home / "mmproj.gguf")
        self.without_ocr = ["--set", "collect.images.ocr=off"]
        self.cat = self.put("img/cat.png", tiny_vision.picture(1))
        self.dog = self.put("img/dog.png", tiny_vision.picture(2, 84, 112))
        self.put("cats.md", "# Cats\n\nThis is where the cat likes to sleep.\n\n![](img/cat.png)\n\nIt does so all day.\n")
        self.put("dogs.md", "# Dogs\n\nNothing is said about it.\n\n![the dog](img/dog.png)\n\nBut it is there.\n")

    def put(self, name, content):
        path = self.home / "writing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def index(self, *arguments, code=0):
        return self.twin("--json", *self.without_ocr, *arguments, "index", code=code)

    def by_picture(self, picture, *arguments):
        return self.twin("--json", *arguments, "search", "--image", picture, "-k", "3").json()["results"]

    def summary(self, run):
        return next(step["summary"] for step in run.json()["steps"] if step["step"] == "index")

    def test_a_picture_finds_the_passage_that_shows_it(self):
        run = self.index()
        self.assertIn("2 pictures", self.summary(run))
        for picture, page, other in ((self.cat, "cats.md", "img/dog.png"), (self.dog, "dogs.md", "img/cat.png")):
            first, second = self.by_picture(picture)
            self.assertTrue(first["url"].endswith(page), first)
            self.assertAlmostEqual(first["parts"]["image"], 1, places=4)
            self.assertLess(second["parts"]["image"], 0.9999)
            (shown,) = first["pictures"]
            self.assertEqual(shown["found_by"], "image")
            self.assertEqual(shown["place"], str(picture))
            self.assertEqual(second["picture"], other)
        text = self.twin("search", "--image", self.cat).out
        self.assertIn("found by what it shows", text)
        # The name of the file is nothing: its bytes are.
        copy = self.put("../elsewhere.png", self.cat.read_bytes())
        self.assertEqual(self.by_picture(copy)[0]["picture"], "img/cat.png")
        # Words find pictures, too: their vectors are of one space.
        results = self.twin("--json", "search", "where does the cat sleep", "-k", "8", "--explain").json()["results"]
        self.assertTrue(any("image" in r["parts"] for r in results), json.dumps(results, indent=1))
        ids = [(r["document_id"], r["start"]) for r in results]
        self.assertEqual(len(ids), len(set(ids)))
        for result in results:
            found = [p["source"] for p in result.get("pictures", []) if p.get("found_by") == "image"]
            self.assertEqual(found, [result["picture"]] if "picture" in result else [])
        self.assertEqual(self.twin("--json", *self.without_ocr, "index", "doctor", code=0).json()["findings"], [])

    def test_only_what_changed_is_embedded_again_and_the_same_bytes_give_the_same_vectors(self):
        first = self.outputs(self.index())["index"]
        again = self.index()
        self.assertEqual(self.steps(again)["index"], "cached", again)
        forced = self.index("--set", "embed.batch=3")
        self.assertEqual(self.outputs(forced)["index"], first)

        # The same name, other bytes: found by the new ones, although no document was touched.
        before = self.cat.read_bytes()
        self.cat.write_bytes(tiny_vision.picture(3))
        run = self.index()
        self.assertIn("1 pictures", self.summary(run))
        self.assertNotEqual(self.outputs(run)["index"], first)
        self.assertAlmostEqual(self.by_picture(self.cat)[0]["parts"]["image"], 1, places=4)
        old = self.put("../old.png", before)
        self.assertLess(self.by_picture(old)[0]["parts"]["image"], 0.9999)

        # A document that is gone takes its picture along.
        (self.home / "writing/dogs.md").unlink()
        self.index()
        results = self.by_picture(self.dog)
        self.assertEqual([r["picture"] for r in results], ["img/cat.png"])

        # A copy is the same index.
        copy = self.twin("--json", "index", "copy", "--to", f"sqlite:{self.home / 'copy'}").json()
        self.assertEqual(copy["digest"], self.outputs(self.index())["index"])

    def test_a_picture_that_cannot_be_embedded_is_a_note(self):
        self.put("img/broken.png", b"\x89PNG\r\n\x1a\n broken")
        self.put("img/cut.png", tiny_vision.picture(4)[:60])
        self.put("more.md", "# More\n\nTwo pictures that nobody can see.\n\n![](img/broken.png) ![](img/cut.png)\n")
        run = self.index()
        self.assertIn("2 pictures", self.summary(run))
        self.assertIn("img/broken.png", run.err)
        self.assertIn("img/cut.png", run.err)
        self.assertTrue(self.twin("--json", "search", "nobody can see").json()["results"])
        self.assertEqual(self.index().code, 0)
        for file in ("img/broken.png", "img/cut.png", "img/none.png", "."):
            self.assertIn("picture", self.twin("search", "--image", self.home / "writing" / file, code=None).err)
            self.assertNotEqual(self.twin("search", "--image", self.home / "writing" / file, code=None).code, 0)
        self.twin("search", code=2)
        self.twin("search", "words", "--image", self.cat, code=2)

    def test_without_a_projector_nothing_is_different(self):
        texts = ["--set", "models.embedding_mmproj="]
        plain = self.outputs(self.index(*texts))
        self.assertEqual(self.steps(self.index(*texts))["index"], "cached")
        said = self.twin(*texts, "search", "--image", self.cat, code=None)
        self.assertNotEqual(said.code, 0)
        self.assertIn("models.embedding_mmproj", said.err)
        # The index with pictures is made beside it, then takes its place; and back.
        seeing = self.outputs(self.index())
        self.assertNotEqual(seeing["index"], plain["index"])
        self.assertEqual(self.by_picture(self.cat)[0]["picture"], "img/cat.png")
        made = {i["embedding"]: i["state"] for i in self.twin("--json", "index", "models").json()["indexes"]}
        self.assertEqual(made, {"tiny-vision": "kept", "tiny-vision+tiny-mmproj": "serving"})
        self.assertNotIn("pictures", self.summary(self.index(*texts)))
        for result in self.twin("--json", *texts, "search", "where does the cat sleep").json()["results"]:
            self.assertNotIn("image", result["parts"])
            self.assertNotIn("picture", result)

    def test_a_build_that_is_killed_goes_on_and_ends_with_the_same_index(self):
        for i in range(40):
            self.put(f"img/{i}.png", tiny_vision.picture(100 + i))
            self.put(f"page-{i}.md", f"# Page {i}\n\nA page with the picture {i}.\n\n![](img/{i}.png)\n")
        self.twin(*self.without_ocr, "collect")
        command = [str(BIN / "twin"), "--home", str(self.home), *self.without_ocr, "--set", "embed.batch=2", "index"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 300
        while process.poll() is None and time.monotonic() < deadline:
            indexes = self.twin("--json", "index", "models").json()["indexes"]
            if indexes and indexes[0]["documents"] > 2:
                break
            time.sleep(0.02)
        self.assertIsNone(process.poll(), "the build was over before it could be killed")
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        resumed = self.index()
        self.assertNotIn(" 0 unchanged", self.summary(resumed))
        self.assertEqual(self.twin("--json", *self.without_ocr, "index", "doctor").json()["findings"], [])
        shutil.rmtree(self.home / ".twin/index")
        anew = self.index()
        self.assertIn("42 pictures", self.summary(anew))
        self.assertEqual(self.outputs(resumed)["index"], self.outputs(anew)["index"])

    def test_vectors_of_a_file_are_those_of_an_index_with_pictures(self):
        self.index()
        lines = self.put("../lines.txt", "Nothing is said about it.\nBut it is there.\n")
        made = {}
        for name in ("tiny-vision+tiny-mmproj", f"{self.home / 'tiny.gguf'}+{self.home / 'mmproj.gguf'}", "tiny-vision"):
            out = self.home / "lines.f32"
            self.twin("embed", "--model", name, "--input", lines, "--output", out)
            made[name] = out.read_bytes()
            out.unlink()
        seeing, by_path, plain = made.values()
        self.assertEqual(seeing, by_path)
        self.assertEqual(len(seeing), len(plain))
        self.assertNotEqual(seeing, plain)  # without what stands around a text where pictures are seen
        said = self.twin("embed", "--model", "tiny-vision+none", "--input", lines, "--output", out, code=None)
        self.assertIn("none", said.err)
        self.assertNotEqual(said.code, 0)

    @unittest.skipUnless(SERVER.exists(), "no Qdrant server: scripts/setup/setup.sh test")
    def test_on_a_qdrant_server_it_is_the_same(self):
        local = self.outputs(self.index())["index"]
        with QdrantServer() as server:
            uri = server.uri()
            copy = self.twin("--json", "index", "copy", "--to", uri).json()
            self.assertEqual(copy["digest"], local)
            there = ["--set", f"index.uri={uri}"]
            for picture, source in ((self.cat, "img/cat.png"), (self.dog, "img/dog.png")):
                results = self.by_picture(picture, *there)
                self.assertEqual(results[0]["picture"], source)
                self.assertEqual(len(results), 2)
            self.cat.write_bytes(tiny_vision.picture(5))
            changed = self.outputs(self.index(*there))["index"]
            self.assertNotEqual(changed, local)
            self.assertAlmostEqual(self.by_picture(self.cat, *there)[0]["parts"]["image"], 1, places=4)
            self.assertEqual(self.outputs(self.index())["index"], changed)
            self.assertEqual(self.twin("--json", *there, "index", "doctor").json()["findings"], [])

    def test_a_server_finds_pictures_too(self):
        self.index()
        command = [str(BIN / "twin"), "--home", str(self.home), "--json", "serve"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            url = json.loads(process.stdout.readline())["url"].rstrip("/")
            body = json.dumps({"query": "where does the cat sleep", "k": 8}).encode()
            request = urllib.request.Request(
                url + "/v1/search", data=body, headers={"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(request, timeout=120) as response:
                results = json.load(response)["results"]
            self.assertTrue(any("image" in result["parts"] for result in results), results)
        finally:
            process.terminate()
            process.wait()
            process.stdout.close()

    def test_a_large_picture_is_made_smaller_until_it_fits(self):
        self.put("img/large.png", tiny_vision.picture(6, 1400, 1000))
        self.put("large.md", "# Large\n\nA large picture.\n\n![](img/large.png)\n")
        self.assertIn("3 pictures", self.summary(self.index("--set", "worker.picture_tokens=64")))
        self.assertIn("3 pictures", self.summary(self.index()))  # another window for pictures, other vectors

    def test_a_file_that_is_no_projector_is_refused(self):
        for name, said in (("tiny.gguf", "no mmproj"), ("none.gguf", "none.gguf")):
            wrong = ["--set", f"models.embedding_mmproj={name}"]
            wrong += ["--set", f"models.embedding_mmproj_from={self.home / name}"]
            run = self.twin(*wrong, "index", code=None)
            self.assertNotEqual(run.code, 0)
            self.assertIn(said, run.out + run.err)
        self.put("../mean.gguf", b"")
        tiny_vision.write_model(self.home / "mean.gguf", pooling=1)
        mean = ["--set", "models.embedding=mean", "--set", f"models.embedding_from={self.home / 'mean.gguf'}"]
        run = self.twin(*mean, "index", code=None)
        self.assertNotEqual(run.code, 0)
        self.assertIn("last token", run.out + run.err)
        checks = {c["check"]: c for c in self.twin("--json", *mean, "doctor", code=None).json()}
        self.assertEqual(checks["pictures"]["state"], "problem", checks["pictures"])

    def test_doctor_says_whether_pictures_are_found_by_what_they_show(self):
        def line(*arguments):
            checks = self.twin("--json", *arguments, "doctor", code=None).json()
            return next(check for check in checks if check["check"] == "pictures" or "mmproj" in check["check"])

        self.assertEqual(line()["state"], "warning")  # not pulled yet
        self.twin("models", "pull")
        self.assertEqual(line()["state"], "good")
        self.assertIn("tiny-vision+tiny-mmproj", line()["detail"])
        self.assertIn("texts alone", line("--set", "models.embedding_mmproj=")["detail"])


if __name__ == "__main__":
    unittest.main()
