"""The index on a Qdrant server as a user sees it: copies both ways, search there, doctor, addresses."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request

from harness import MODELS, SOURCE, ProjectTest

SERVER = (
    pathlib.Path(
        subprocess.run(
            [str(SOURCE / "scripts/setup/fetch-qdrant.sh"), "--where"], capture_output=True, text=True, check=True
        ).stdout.strip()
    )
    / "qdrant"
)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class QdrantServer:
    """A real server on loopback, without telemetry, its data in a temporary folder."""

    def __init__(self, key=None):
        self.key = key

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="twin-qdrant-")
        self.port = free_port()
        settings = {
            "SERVICE__HOST": "127.0.0.1",
            "SERVICE__HTTP_PORT": str(self.port),
            "SERVICE__GRPC_PORT": str(free_port()),
            "TELEMETRY_DISABLED": "true",
            "LOG_LEVEL": "WARN",
            "STORAGE__STORAGE_PATH": f"{self.folder}/storage",
            "STORAGE__SNAPSHOTS_PATH": f"{self.folder}/snapshots",
        }
        if self.key:
            settings["SERVICE__API_KEY"] = self.key
        self.process = subprocess.Popen(
            [str(SERVER), "--disable-telemetry"],
            cwd=self.folder,
            env={**os.environ, **{f"QDRANT__{name}": value for name, value in settings.items()}},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz").read()
                return self
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("Qdrant does not start")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def uri(self, name="writing"):
        return f"qdrant://127.0.0.1:{self.port}/{name}"


class Addresses(ProjectTest):
    def test_a_key_in_an_address_is_refused_and_never_shown(self):
        secret = "hunter2secret"
        uri = f"qdrant://{secret}@127.0.0.1:1/name"
        for arguments in (["--set", f"index.uri={uri}", "config", "show"], ["index", "copy", "--to", uri]):
            result = self.twin(*arguments, code=2)
            self.assertNotIn(secret, result.out + result.err)
            self.assertIn("QDRANT_API_KEY", result.err)

    def test_wrong_use(self):
        self.twin("index", "copy", code=2)
        self.twin("index", "copy", "--to", "nowhere", code=2)
        self.twin("index", "copy", "--to", "qdrant://host", code=2)
        self.twin("index", "copy", "--to", f"sqlite:{self.home}/copy", code=2)  # nothing is indexed yet

    def test_no_server(self):
        uri = "qdrant://127.0.0.1:1/name"
        nobody = ["--set", f"index.uri={uri}", "--set", "index.qdrant.retry_seconds=0"]
        self.assertIn(uri, self.twin(*nobody, "index", "copy", "--to", f"sqlite:{self.home}/copy", code=1).err)
        checks = {c["check"]: c for c in self.twin(*nobody, "doctor", "--json", code=None).json()}
        self.assertEqual(checks["index"]["state"], "problem")
        self.assertIn(uri, checks["index"]["detail"])
        self.assertTrue(checks["index"]["advice"])


@unittest.skipUnless(SERVER.exists(), "no Qdrant server: scripts/setup/setup.sh test")
@unittest.skipUnless(MODELS.exists(), "no models: TWIN_TEST_MODELS")
class Qdrant(ProjectTest):
    def test_the_line_on_a_server_and_copies_both_ways(self):
        self.twin("collect")
        with QdrantServer() as server:
            there = ["--set", f"index.uri={server.uri()}", "--set", "index.qdrant.exact=true"]
            self.twin(*there, "index")
            self.twin("index")
            question = ["search", "How long should the dough rest?"]
            mine = self.twin("--json", *question).out
            # A backup of what was indexed there is what is indexed here.
            copied = self.twin("--json", *there, "index", "copy", "--to", f"sqlite:{self.home}/backup").json()
            self.assertGreater(copied["documents"], 0)
            second = self.twin("--json", "index", "copy", "--to", server.uri("copy")).json()
            self.assertEqual(second["digest"], copied["digest"])
            again = self.twin("--json", "index", "copy", "--to", server.uri("copy")).json()
            self.assertEqual(again["documents"], 0)
            self.assertEqual(again["unchanged"], second["documents"])
            back = self.twin("--json", "index", "copy", "--from", server.uri("copy")).json()
            self.assertEqual(back["digest"], copied["digest"])
            theirs = self.twin("--json", *there, *question).out
            text = lambda out: [p["text"] for p in json.loads(out.strip().splitlines()[-1])["results"]]
            self.assertEqual(text(theirs), text(mine))
            # Nothing changed: the step is cached there too.
            self.assertEqual(self.steps(self.twin("--json", *there, "index"))["index"], "cached")
            checks = {c["check"]: c for c in self.twin(*there, "doctor", "--json", code=None).json()}
            self.assertEqual(checks["index"]["state"], "good")

    def test_the_doctor_finds_the_same_on_a_server(self):
        """index doctor and index map look through the same interface: what is wrong there is what is wrong here."""
        self.twin("collect")
        with QdrantServer() as server:
            there = ["--set", f"index.uri={server.uri()}", "--set", "index.qdrant.exact=true"]
            for sets in ([], there):
                self.twin(*sets, "index")
                self.assertEqual(self.twin(*sets, "--json", "index", "doctor").json()["findings"], [])
            maps = [self.twin(*s, "--json", "index", "map", "--output", self.home / "m.svg").json() for s in ([], there)]
            titles = [sorted(p["title"] for p in m["points"]) for m in maps]
            self.assertEqual(titles[0], titles[1])
            # A new document, one that is gone, one that changed.
            (self.home / "writing" / "new.md").write_text("# New\n\nThis was written after the index was made.\n")
            (self.home / "writing" / "garden.txt").unlink()
            page = self.home / "writing" / "sourdough.md"
            page.write_text(page.read_text() + "\nOne more sentence for the dough.\n")
            self.twin("collect")
            mine, theirs = (self.twin(*s, "--json", "index", "doctor", code=3).json() for s in ([], there))
            self.assertEqual(mine["faults"], theirs["faults"])
            named = lambda report: [(f["fault"], f["document"], f.get("passage")) for f in report["findings"]]
            self.assertEqual(named(mine), named(theirs))
            self.assertEqual({n: f["count"] for n, f in theirs["faults"].items()}, {"missing": 1, "orphan": 1, "stale": 1})
            self.twin(*there, "index")
            # A passage that was taken away behind Twin's back.
            self.delete_a_passage(server)
            self.assertIn("not whole", self.twin(*there, "index", "doctor", code=1).err)
            mended = self.twin(*there, "--json", "index", "--force")
            self.assertIn("1 documents of the index are not whole", mended.err)
            self.assertEqual(self.twin(*there, "--json", "index", "doctor").json()["findings"], [])

    @staticmethod
    def delete_a_passage(server):
        """Deletes the passages of the document that has fewest."""
        def post(path, body):
            request = urllib.request.Request(f"http://127.0.0.1:{server.port}/collections/writing{path}",
                                             json.dumps(body).encode(), {"Content-Type": "application/json"})
            return json.load(urllib.request.urlopen(request))["result"]

        chunks = {"must": [{"key": "kind", "match": {"value": "chunk"}}]}
        points = post("/points/scroll", {"filter": chunks, "limit": 1000, "with_payload": True})["points"]
        by_document = {}
        for point in points:
            by_document.setdefault(point["payload"]["document"], []).append(point["id"])
        post("/points/delete?wait=true", {"points": min(by_document.values(), key=lambda ids: (len(ids), ids))})

    def test_a_server_with_a_key(self):
        key = "a-key-for-tests"
        with QdrantServer(key) as server:
            there = ["--set", f"index.uri={server.uri()}", "--set", "index.qdrant.retry_seconds=0"]
            copy = ["index", "copy", "--to", f"sqlite:{self.home}/copy"]
            without = self.twin(*there, *copy, code=2)
            self.assertIn("QDRANT_API_KEY", without.err)
            known = {"QDRANT_API_KEY": key}
            checks = {c["check"]: c for c in self.twin(*there, "doctor", "--json", code=None, env=known).json()}
            self.assertEqual(checks["index"]["state"], "good")
            result = self.twin(*there, *copy, code=2, env=known)  # let in, but nothing is indexed there yet
            self.assertIn("twin index", result.err)
            self.assertNotIn(key, result.out + result.err)


if __name__ == "__main__":
    unittest.main()
