"""Several embedding models: a static one, and the index of another one made beside it while the first one serves."""

import array
import json
import os
import signal
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from harness import BIN, CONFIG, MODELS, SOURCE, ProjectTest
from test_index import SERVER, QdrantServer

STATIC = SOURCE / "tests/data/models/static/unigram"


@unittest.skipUnless(MODELS.exists(), "no models: TWIN_TEST_MODELS")
class IndexModels(ProjectTest):
    config = CONFIG.replace("embedding: minilm", "embedding: tiny-static")

    def setUp(self):
        super().setUp()
        # A registry of its own: the shared one gets no other models.
        registry = self.home / "models"
        registry.mkdir()
        for model in ("minilm", "smollm2"):
            (registry / model).symlink_to(MODELS / model)
        yaml = self.home / "twin.yaml"
        yaml.write_text(yaml.read_text().replace(str(MODELS), str(registry)))
        self.twin("models", "pull", STATIC, "--id", "tiny-static")
        for i in range(60):
            text = f"# Note {i}\n\n" + " ".join(f"Sentence {i}.{j} tells of bread, trains and radios." for j in range(20))
            (self.home / "writing" / f"note-{i}.md").write_text(text)
        self.twin("collect")
        self.other = ["--set", "models.embedding=minilm"]

    def indexes(self, *sets):
        found = self.twin(*sets, "--json", "index", "models").json()["indexes"]
        return [(i["state"], i["embedding"], i["documents"]) for i in found]

    def start(self, *arguments):
        return subprocess.Popen(
            [str(BIN / "twin"), "--home", str(self.home), *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def found_with(self, *sets):
        """Passages that a search finds, with both retrievers."""
        results = self.twin(*sets, "--json", "search", "How long should the dough rest?").json()["results"]
        self.assertGreater(len(results), 0)
        self.assertIn("dense", results[0]["parts"])
        return results

    def check_the_switch(self, *sets):
        self.twin(*sets, "index")
        documents = self.indexes(*sets)[0][2]
        self.assertEqual(self.indexes(*sets), [("serving", "tiny-static", documents)])
        before = self.found_with(*sets)

        # kill -9 in the middle of the other model's build
        process = self.start(*sets, *self.other, "--set", "embed.batch=8", "index")
        deadline = time.monotonic() + 300
        while process.poll() is None and time.monotonic() < deadline:
            begun = [i for i in self.indexes(*sets) if i[0] == "building"]
            if begun and begun[0][2] > 2:
                break
            time.sleep(0.05)
        self.assertIsNone(process.poll(), "the build was over before it could be killed")
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        process.stdout.close()
        states = self.indexes(*sets)
        self.assertEqual(states[0], ("serving", "tiny-static", documents))
        self.assertEqual(states[1][:2], ("building", "minilm"))
        self.assertLess(states[1][2], documents)
        # The old one serves, whatever twin.yaml names by now.
        self.assertEqual(self.found_with(*sets, *self.other), before)

        run = self.twin(*sets, *self.other, "--json", "index").json()
        summary = {s["step"]: s["summary"] for s in run["steps"]}["index"]
        self.assertNotIn(" 0 unchanged", summary)  # it went on where it was killed
        self.assertEqual(
            self.indexes(*sets), [("serving", "minilm", documents), ("kept", "tiny-static", documents)]
        )
        self.assertNotEqual(self.found_with(*sets), before)
        # Nothing is left to do.
        self.assertEqual(self.steps(self.twin(*sets, *self.other, "--json", "index"))["index"], "cached")

        # Back: nothing is embedded again.
        run = self.twin(*sets, "--json", "index").json()
        summary = {s["step"]: s["summary"] for s in run["steps"]}["index"]
        self.assertIn(" 0 indexed", summary)
        self.assertEqual(self.found_with(*sets), before)
        # And without keeping any.
        self.twin(*sets, *self.other, "--set", "models.former_indexes=0", "index")
        self.assertEqual(self.indexes(*sets), [("serving", "minilm", documents)])

    def test_another_model_in_a_folder(self):
        self.check_the_switch()

    @unittest.skipUnless(SERVER.exists(), "no Qdrant server: scripts/setup/setup.sh test")
    def test_another_model_on_a_server(self):
        with QdrantServer() as server:
            self.check_the_switch("--set", f"index.uri={server.uri()}", "--set", "index.qdrant.exact=true")

    def test_a_running_server_moves_to_the_other_index(self):
        self.twin("index")
        process = self.start("--json", "serve")
        try:
            url = json.loads(process.stdout.readline())["url"].rstrip("/")

            def call(path, body=None):
                data = None if body is None else json.dumps(body).encode()
                request = urllib.request.Request(url + path, data=data, headers={"Content-Type": "application/json"})
                with urllib.request.urlopen(request, timeout=120) as response:
                    return json.load(response)

            def served():
                return [m["id"] for m in call("/v1/models")["data"] if m["id"] in ("minilm", "tiny-static")]

            self.assertEqual(served(), ["tiny-static"])
            build = self.start(*self.other, "index")
            answers = 0
            while build.poll() is None:  # it answers all the time
                self.assertGreater(len(call("/v1/search", {"query": "dough"})["results"]), 0)
                answers += 1
                time.sleep(0.1)
            build.stdout.close()
            self.assertEqual(build.returncode, 0)
            self.assertGreater(answers, 3)
            deadline = time.monotonic() + 120
            while served() != ["minilm"] and time.monotonic() < deadline:
                self.assertGreater(len(call("/v1/search", {"query": "dough"})["results"]), 0)
                time.sleep(0.2)
            self.assertEqual(served(), ["minilm"])
            vectors = call("/v1/embeddings", {"model": "minilm", "input": "dough"})
            self.assertEqual(len(vectors["data"][0]["embedding"]), 384)
            with self.assertRaises(urllib.error.HTTPError) as gone:
                call("/v1/embeddings", {"model": "tiny-static", "input": "dough"})
            gone.exception.close()
            self.assertGreater(len(call("/v1/search", {"query": "How long should sourdough rest?"})["results"]), 0)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            process.stdout.close()


@unittest.skipUnless(BIN.exists(), "not built")
class StaticModels(ProjectTest):
    def test_lines_of_a_file(self):
        """twin embed with a static model: what the Python original says."""
        expected = json.loads((SOURCE / "tests/data/models/static/unigram.json").read_text())["texts"]
        texts = [t for t in expected if "\n" not in t["text"] and t["ids"]]
        (self.home / "texts.txt").write_text("".join(t["text"] + "\n" for t in texts))
        models = {"TWIN_MODELS": str(self.home / "models")}
        empty = self.home / "empty"
        empty.mkdir()
        command = [str(BIN / "twin"), "models", "pull", str(STATIC), "--id", "tiny-static"]
        subprocess.run(command, cwd=empty, env={**os.environ, **models}, check=True, capture_output=True)
        command = [str(BIN / "twin"), "--json", "embed", "--model", "tiny-static", "--input", str(self.home / "texts.txt")]
        command += ["--output", str(self.home / "texts.f32")]
        subprocess.run(command, cwd=empty, env={**os.environ, **models}, check=True, capture_output=True)
        rows = array.array("f", (self.home / "texts.f32").read_bytes())
        self.assertEqual(len(rows), 8 * len(texts))
        for i, text in enumerate(texts):
            mine, theirs = rows[8 * i : 8 * i + 8], text["vector"]
            dot = sum(a * b for a, b in zip(mine, theirs))
            norm = sum(a * a for a in mine) ** 0.5 * sum(b * b for b in theirs) ** 0.5
            self.assertGreater(dot / norm, 0.9999, text["text"])


if __name__ == "__main__":
    unittest.main()
