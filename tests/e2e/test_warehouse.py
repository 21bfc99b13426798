"""The warehouse as a user sees it: statistics, verification, copies to MongoDB and back, Parquet, addresses."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from harness import BIN, SOURCE, ProjectTest

JARS = subprocess.run(
    [str(SOURCE / "scripts/setup/fetch-jars.sh"), "--where"], capture_output=True, text=True, check=True
).stdout.strip()
HAVE_SERVER = shutil.which("java") is not None and os.path.isdir(JARS)


class MongoServer:
    """A real server of MongoDB's protocol, in memory."""

    def __enter__(self):
        self.process = subprocess.Popen(
            ["java", "-cp", f"{JARS}/*", str(SOURCE / "tests/mongo/MongoTestServer.java")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.port = int(re.search(r"port (\d+)", self.process.stdout.readline()).group(1))
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


class Warehouse(ProjectTest):
    def setUp(self):
        super().setUp()
        self.twin("collect")

    def jsonl(self, *arguments):
        return self.twin("docs", "export", *arguments).out

    def test_stats_and_verify(self):
        stats = self.twin("--json", "warehouse", "stats").json()
        self.assertEqual(stats["documents"], 7)
        self.assertEqual(stats["by_source"], {"folder": 7})
        self.assertEqual(stats["objects"], 7)
        self.assertIn("sqlite:", stats["location"])
        self.assertIn("7", self.twin("warehouse", "stats").out)
        self.assertEqual(self.twin("--json", "warehouse", "verify").json()["damage"], [])

        victim = next(p for p in (self.home / ".twin/warehouse/objects").rglob("*") if p.is_file())
        victim.write_bytes(b"x" + victim.read_bytes()[1:])
        broken = self.twin("--json", "warehouse", "verify", code=1)
        self.assertEqual(len(broken.json()["damage"]), 1)
        self.assertIn("file://", broken.err)

    def test_copy_to_a_folder(self):
        target = self.home / "copy"
        first = self.twin("--json", "warehouse", "copy", "--to", f"sqlite:{target}").json()
        self.assertEqual(first["documents"], 7)
        self.assertEqual(first["objects"], 7)
        again = self.twin("--json", "warehouse", "copy", "--to", f"sqlite:{target}").json()
        self.assertEqual(again["objects"], 0)
        self.assertEqual(again["digest"], first["digest"])
        self.twin("warehouse", "copy", code=2)
        self.twin("warehouse", "copy", "--to", "nowhere", code=2)
        other = self.home / "other"
        other.mkdir()
        (other / "twin.yaml").write_text((self.home / "twin.yaml").read_text().replace("path: writing", "path: ../writing"))
        before = self.jsonl()
        self.twin("warehouse", "copy", "--from", f"sqlite:{target}", home=other)
        self.assertEqual(self.twin("docs", "export", home=other).out, before)

    def test_a_password_in_an_address_is_refused_and_never_shown(self):
        secret = "hunter2secret"
        uri = f"mongodb://me:{secret}@127.0.0.1:1/db"
        for arguments in (["--set", f"warehouse.uri={uri}", "config", "show"], ["warehouse", "copy", "--to", uri]):
            result = self.twin(*arguments, code=2)
            self.assertNotIn(secret, result.out + result.err)
            self.assertIn("MONGODB_PASSWORD", result.err)

    def test_no_server(self):
        result = self.twin(
            "--set", "warehouse.uri=mongodb://127.0.0.1:1/db", "--set", "warehouse.selection_seconds=1",
            "--set", "warehouse.retry_seconds=0", "docs", "list", code=1,
        )
        self.assertIn("127.0.0.1:1/db", result.err)

    def test_parquet_is_the_same_as_json_lines(self):
        (self.home / "writing/hangang.md").write_text("# 한강\n\n다시 썼다.\n")
        (self.home / "writing/kimchi.html").unlink()
        self.twin("collect")
        lines = self.jsonl()
        file = self.home / "all.parquet"
        self.twin("docs", "export", "-o", file)
        self.assertEqual(file.read_bytes()[:4], b"PAR1")
        other = self.home / "other"
        other.mkdir()
        (other / "twin.yaml").write_text((self.home / "twin.yaml").read_text().replace("path: writing", "path: ../writing"))
        result = self.twin("--json", "docs", "import", file, home=other).json()
        self.assertEqual(result["failed"], 0)
        self.assertEqual(self.twin("docs", "export", home=other).out, lines)
        # The reader alone gives the very bytes.
        read = subprocess.run([str(BIN / "twin-parquet"), "read", str(file)], capture_output=True, check=True)
        self.assertEqual(read.stdout.decode(), lines)

        cut = self.home / "cut.parquet"
        cut.write_bytes(file.read_bytes()[:-20])
        self.twin("docs", "import", cut, home=other, code=1)
        self.twin("docs", "import", self.home / "none.parquet", home=other, code=1)
        self.twin("docs", "export", "--format", "parquet", code=2)

    def test_parquet_in_python(self):
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError:
            self.skipTest("no pyarrow in this Python")
        file = self.home / "all.parquet"
        self.twin("docs", "export", "-o", file)
        table = pyarrow.parquet.read_table(file)
        self.assertEqual(table.schema.field("fetched").type, pyarrow.timestamp("ms", tz="UTC"))
        self.assertEqual(table.schema.field("author_ids").type.value_type, pyarrow.string())
        self.assertEqual(table.schema.field("metadata").type, pyarrow.map_(pyarrow.string(), pyarrow.string()))
        rows = [row for row in table.to_pylist() if row["type"] == "document"]
        wanted = [json.loads(line) for line in self.jsonl().splitlines()]
        wanted = [row for row in wanted if row["type"] == "document"]
        self.assertEqual([row["body"] for row in rows], [row["body"] for row in wanted])
        self.assertEqual([dict(row["metadata"]) for row in rows], [row["metadata"] for row in wanted])
        # What another program wrote, in its own order and units, comes back as well.
        foreign = self.home / "foreign.parquet"
        order = sorted(table.column_names, reverse=True)
        pyarrow.parquet.write_table(table.select(order), foreign, coerce_timestamps="us")
        other = self.home / "other"
        other.mkdir()
        (other / "twin.yaml").write_text((self.home / "twin.yaml").read_text().replace("path: writing", "path: ../writing"))
        self.twin("docs", "import", foreign, home=other)
        self.assertEqual(self.twin("docs", "export", home=other).out, self.jsonl())

    @unittest.skipUnless(HAVE_SERVER, "no mongo-java-server: scripts/setup/setup.sh test brings it")
    def test_the_line_on_mongodb(self):
        with MongoServer() as server:
            uri = f"mongodb://127.0.0.1:{server.port}/writing"
            copied = self.twin("--json", "warehouse", "copy", "--to", uri, "--raw", "database").json()
            self.assertEqual(copied["documents"], 7)
            before = self.jsonl()

            # A second machine: nothing but the address.
            other = self.home / "other"
            shutil.copytree(self.home / "writing", other / "writing")
            settings = f"warehouse: {{uri: '{uri}', raw: database}}\n"
            (other / "twin.yaml").write_text((self.home / "twin.yaml").read_text() + settings)
            self.assertEqual(self.twin("docs", "export", home=other).out, before)
            self.assertEqual(self.twin("--json", "warehouse", "verify", home=other).json()["damage"], [])
            stats = self.twin("--json", "warehouse", "stats", home=other).json()
            self.assertEqual(stats["location"], uri)
            self.assertEqual(stats["objects"], 7)
            self.assertFalse((other / ".twin/warehouse/objects").exists())

            # It collects into it, and the first takes that back.
            (other / "twin.yaml").write_text(
                (self.home / "twin.yaml").read_text().replace("path: writing", f"path: {self.home}/writing") + settings
            )
            (self.home / "writing/new.md").write_text("# New\n\nWritten on the second machine.\n")
            self.twin("collect", home=other)
            back = self.twin(
                "--json", "warehouse", "copy", "--from", uri, "--raw", "database", "--to", f"sqlite:{self.home}/back"
            ).json()
            self.assertEqual(back["documents"], 8)
            text = (pathlib.Path(self.home) / "twin.yaml").read_text()
            self.assertNotIn("mongodb", text)


if __name__ == "__main__":
    unittest.main()
