"""Configuration and usage: mistakes are exit code 2, with file, line and what to do."""

import unittest

from harness import ProjectTest


class Configuration(ProjectTest):
    def rewrite(self, old, new):
        path = self.home / "twin.yaml"
        path.write_text(path.read_text().replace(old, new))

    def test_unknown_key(self):
        self.rewrite("train:", "trian:")
        result = self.twin("config", "show", code=2)
        self.assertRegex(result.err, r"twin\.yaml:\d+")
        self.assertIn("train", result.err)

    def test_wrong_type_and_unreachable_path_together(self):
        self.rewrite("max_steps: 2", "max_steps: many")
        self.rewrite("path: writing", "path: nowhere")
        result = self.twin("config", "show", code=2)
        self.assertIn("many", result.err)
        self.assertIn("nowhere", result.err)

    def test_yaml_bomb(self):
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
        (self.home / "twin.yaml").write_text("\n".join(lines) + "\nname: *a11\n")
        result = self.twin("config", "show", code=2)
        self.assertIn("twin.yaml", result.err)

    def test_no_project(self):
        (self.home / "twin.yaml").unlink()
        self.assertIn("twin init", self.twin("runs", code=2).err)

    def test_unknown_command_and_option(self):
        self.twin("colect", code=2)
        self.twin("collect", "--frobnicate", code=2)

    def test_show_names_each_origin(self):
        values = {
            v["key"]: v
            for v in self.twin(
                "--set", "train.lr=0.25", "config", "show", "--json", env={"TWIN_SERVE_PORT": "1234"}
            ).json()
        }
        self.assertEqual(values["train.lr"]["origin"], "--set")
        self.assertIn("TWIN_SERVE_PORT", values["serve.port"]["origin"])
        self.assertRegex(values["train.max_steps"]["origin"], r"twin\.yaml:\d+")
        self.assertEqual(values["retrieval.k"]["origin"], "default")

    def test_messages_in_korean(self):
        (self.home / "twin.yaml").unlink()
        result = self.twin("runs", code=2, env={"LC_ALL": "ko_KR.UTF-8"})
        self.assertRegex(result.err, "[가-힣]")

    def test_doctor(self):
        checks = {c["check"]: c["state"] for c in self.twin("doctor", "--json").json()}
        self.assertEqual(checks["twin-encode"], "good")
        self.assertEqual(checks["twin-train"], "good")


if __name__ == "__main__":
    unittest.main()
