"""A damaged index is noticed, moved away and made again from the warehouse."""

import unittest

from harness import ProjectTest


class DamagedIndex(ProjectTest):
    def test_index_makes_a_damaged_index_again(self):
        before = self.outputs(self.twin("--json", "index"))
        folder = self.home / ".twin" / "index"
        file = folder / "index.db"
        whole = file.read_bytes()
        middle = len(whole) // 2 // 4096 * 4096

        for name, damaged in [
            ("not a database", b"x" * 5000),
            ("an empty page in the middle", whole[:middle] + b"\0" * 4096 + whole[middle + 4096 :]),
            ("cut off", whole[: len(whole) // 3]),
        ]:
            with self.subTest(name):
                for log in ("index.db-wal", "index.db-shm"):
                    (folder / log).unlink(missing_ok=True)
                file.write_bytes(damaged)
                result = self.twin("--json", "index")
                self.assertEqual(self.steps(result)["index"], "done")
                self.assertEqual(self.outputs(result)["index"], before["index"])
                self.assertIn("damaged", result.err)
                self.assertEqual((folder / "damaged" / "index.db").read_bytes()[:4096], damaged[:4096])
                hits = self.twin("search", "한강에서 자전거를 타는 코스", "-k", 1, "--json").json()["results"]
                self.assertTrue(hits[0]["url"].endswith("hangang.md"))

        with self.subTest("searching never moves anything"):
            file.write_bytes(b"x" * 5000)
            result = self.twin("search", "sourdough", code=1)
            self.assertIn("index.db", result.err)
            self.assertEqual(file.read_bytes(), b"x" * 5000)

        with self.subTest("the next run finds nothing wrong"):
            self.twin("index")
            self.assertEqual(set(self.steps(self.twin("--json", "index")).values()), {"cached"})


if __name__ == "__main__":
    unittest.main()
