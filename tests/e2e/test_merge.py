"""twin models merge: base and adapter into one model, and what it says about bad input."""

import array
import contextlib
import hashlib
import http.client
import json
import math
import os
import pathlib
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from harness import BIN, MODELS

LAYERS, HIDDEN, KV, FEED_FORWARD, HEADS, KV_HEADS = 30, 576, 192, 1536, 9, 3  # SmolLM2-135M
MODULES = {  # Hugging Face's name: GGUF's, outputs, inputs, heads whose rows change places
    "self_attn.q_proj": ("attn_q", HIDDEN, HIDDEN, HEADS),
    "self_attn.k_proj": ("attn_k", KV, HIDDEN, KV_HEADS),
    "self_attn.v_proj": ("attn_v", KV, HIDDEN, 0),
    "mlp.down_proj": ("ffn_down", HIDDEN, FEED_FORWARD, 0),
}
RANK, ALPHA = 4, 8
PROMPTS = [
    "<|im_start|>user\nWhat is a package manager?<|im_end|>\n<|im_start|>assistant\n",
    "데비안은 무엇인가요? Debian is",
]
TOLERANCE = 0.02  # nats: llama.cpp keeps keys and values in float16


def waves(count, phase, size):
    return array.array("f", (size * math.sin(i * 12.9898 + phase) for i in range(count)))


def pairs(strength):
    """(layer, module, A, B) with rows in Hugging Face's order."""
    for layer in range(LAYERS):
        for module, (_, outputs, inputs, _) in MODULES.items():
            yield layer, module, waves(RANK * inputs, layer, 0.05), waves(outputs * RANK, layer + 0.5, strength)


def write_peft(folder, strength, **config):
    folder.mkdir()
    header, data = {}, bytearray()

    def add(name, shape, values):
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * len(values)]}
        data.extend(values.tobytes())

    for layer, module, a, b in pairs(strength):
        stem = f"base_model.model.model.layers.{layer}.{module}"
        add(stem + ".lora_A.weight", [RANK, len(a) // RANK], a)
        add(stem + ".lora_B.weight", [len(b) // RANK, RANK], b)
    text = json.dumps(header).encode()
    (folder / "adapter_model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
    settings = {"peft_type": "LORA", "r": RANK, "lora_alpha": ALPHA, "bias": "none",
                "target_modules": [m.split(".")[1] for m in MODULES], "base_model_name_or_path": "smollm2", **config}
    (folder / "adapter_config.json").write_text(json.dumps(settings))


def interleaved(rows, heads):
    """From Hugging Face's order of a head's rows to that of GGUF."""
    count = len(rows) // RANK
    size = count // heads
    out = array.array("f", rows)
    for row in range(count):
        within = row % size
        to = row - within + 2 * (within % (size // 2)) + within // (size // 2)
        out[to * RANK : (to + 1) * RANK] = rows[row * RANK : (row + 1) * RANK]
    return out


def write_gguf_adapter(path, strength):
    """https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"""

    def text(value):
        return struct.pack("<Q", len(value)) + value.encode()

    keys = [("general.architecture", "llama"), ("general.type", "adapter"), ("general.name", "smollm2"),
            ("adapter.type", "lora"), ("adapter.lora.alpha", float(ALPHA))]
    tensors = []
    for layer, module, a, b in pairs(strength):
        name, outputs, inputs, heads = MODULES[module]
        stem = f"blk.{layer}.{name}.weight"
        tensors.append((stem + ".lora_a", (inputs, RANK), a))
        tensors.append((stem + ".lora_b", (RANK, outputs), interleaved(b, heads) if heads else b))
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys))
    for key, value in keys:
        head += text(key)
        head += struct.pack("<I", 8) + text(value) if isinstance(value, str) else struct.pack("<If", 6, value)
    data = bytearray()
    for name, sizes, values in tensors:
        head += text(name) + struct.pack("<I", 2) + struct.pack("<QQ", *sizes) + struct.pack("<IQ", 0, len(data))
        data += values.tobytes()
        data += bytes(-len(data) % 32)
    path.write_bytes(head + bytes(-len(head) % 32) + data)


@contextlib.contextmanager
def server(model, *arguments):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [BIN / "llama-server", "-m", model, "--port", port, "-c", 512, "--no-webui", *arguments]
    child = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                if ask(port, "GET", "/health")[0] == 200:
                    break
            if child.poll() is not None:
                raise AssertionError("llama-server does not start with the model")
            time.sleep(0.2)
        yield port
    finally:
        child.terminate()
        child.wait()


def ask(port, method, path, body=None):
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=300)) as connection:
        connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def probabilities(port, prompt, **more):
    body = {"prompt": prompt, "n_predict": 1, "temperature": 0, "n_probs": 10, "cache_prompt": False, **more}
    status, answer = ask(port, "POST", "/completion", body)
    assert status == 200, answer
    return {t["id"]: t["logprob"] for t in answer["completion_probabilities"][0]["top_logprobs"]}


class MergeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.base = next((MODELS / "smollm2").glob("*.gguf"))
        cls.shared = pathlib.Path(tempfile.mkdtemp(prefix="twin-merge-"))
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        write_peft(cls.shared / "peft", 0.05)
        write_peft(cls.shared / "nothing", 0.0)
        write_gguf_adapter(cls.shared / "lora.gguf", 0.05)
        cls.env = {**os.environ, "LC_ALL": "C.UTF-8", "TWIN_MODELS_FOLDER": str(MODELS)}

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="out-", dir=self.shared))

    def command(self, adapter, out, *arguments, base=None):
        return [*map(str, [BIN / "twin", "models", "merge", adapter, out, "--base", base or self.base, *arguments])]

    def merge(self, adapter, out, *arguments, base=None, code=0, before=None):
        done = subprocess.run(self.command(adapter, out, "--json", *arguments, base=base), cwd=self.folder, text=True,
                              env=self.env, capture_output=True, timeout=900, preexec_fn=before)
        self.assertEqual(done.returncode, code, f"{done.stdout}\n{done.stderr}")
        return json.loads(done.stdout.splitlines()[-1]) if code == 0 else done.stderr

    def left(self):
        return sorted(p.name for p in self.folder.iterdir())

    def test_the_merged_model_says_what_base_and_adapter_say(self):
        result = self.merge(self.shared / "peft", "merged", "--type", "f32")
        self.assertEqual((result["changed"], result["tensors"], result["type"]), (120, 272, "F32"))
        merged = self.folder / "merged" / "merged.F32.gguf"
        self.merge(self.shared / "lora.gguf", "other", "--type", "f32", "--name", "merged")
        sums = [hashlib.sha256(f.read_bytes()).hexdigest() for f in (merged, self.folder / "other/merged.F32.gguf")]
        self.assertEqual(sums[0], sums[1])
        self.merge(self.shared / "nothing", "wide", "--type", "f32")  # the base, only wider
        gap, effect = 0.0, 0.0
        with server(self.folder / "wide/wide.F32.gguf", "--lora", self.shared / "lora.gguf") as apart, \
                server(merged) as together:
            for prompt in PROMPTS:
                with_adapter = probabilities(apart, prompt, lora=[{"id": 0, "scale": 1.0}])
                without = probabilities(apart, prompt, lora=[{"id": 0, "scale": 0.0}])
                ours = probabilities(together, prompt)
                self.assertEqual(len(ours), 10)
                self.assertGreaterEqual(len(ours.keys() & with_adapter.keys()), 9)
                for token in ours.keys() & with_adapter.keys():
                    gap = max(gap, abs(ours[token] - with_adapter[token]))
                for token in without.keys() & ours.keys():
                    effect = max(effect, abs(ours[token] - without[token]))
        print(f"largest gap {gap:.4f} nats; the adapter changes up to {effect:.2f}")
        self.assertLess(gap, TOLERANCE)
        self.assertGreater(effect, 0.2)

    def test_quantized_with_a_modelfile_and_a_card(self):
        result = self.merge(self.shared / "lora.gguf", "mine", "--quantize", "q4_k_m", "--system", "Be brief.")
        self.assertEqual(result["type"], "Q4_K_M")
        self.assertEqual(sorted(result["files"]), self.names(self.folder / "mine"))
        modelfile = (self.folder / "mine/Modelfile").read_text()
        self.assertIn("FROM ./mine.Q4_K_M.gguf\n", modelfile)
        self.assertIn('{{ "<|im_start|>user\\n" }}{{ .Content }}{{ "<|im_end|>\\n" }}', modelfile)
        self.assertIn('{{ "<|im_start|>system\\n" }}', modelfile)  # its first word is the token that may begin a text
        self.assertIn('SYSTEM """Be brief."""', modelfile)
        self.assertIn('PARAMETER stop "<|im_end|>"', modelfile)
        apart = (self.folder / "mine/Modelfile.adapter").read_text()
        self.assertIn(f"FROM {self.base}\nADAPTER {self.shared / 'lora.gguf'}\n", apart)
        card = (self.folder / "mine/README.md").read_text()
        self.assertIn("license: \"apache-2.0\"", card)
        self.assertIn("LICENSE", result["files"])  # the registry has the text
        self.assertIn(hashlib.sha256(self.base.read_bytes()).hexdigest(), card)
        self.merge(self.shared / "lora.gguf", "plain", "--quantize", "q8_0")
        self.assertIn("assistant named SmolLM", (self.folder / "plain/Modelfile").read_text())
        with server(self.folder / "mine/mine.Q4_K_M.gguf") as port:
            self.assertEqual(len(probabilities(port, PROMPTS[0])), 10)

    def names(self, folder):
        return sorted(p.name for p in folder.iterdir())

    def test_the_folder_of_twin_train_is_an_adapter(self):
        run = self.folder / "run"
        run.mkdir()
        shutil.copytree(self.shared / "peft", run / "adapter")
        shutil.copy(self.shared / "lora.gguf", run / "adapter.gguf")
        (run / "README.md").write_text("---\nbase_model: x\n---\n\n# LoRA adapter\n\n- method sft\n")
        done = subprocess.run([BIN / "twin", "models", "merge", "run", "merged", "--json"], cwd=self.folder, text=True,
                              env=self.env, capture_output=True, timeout=900)  # its config names the base
        self.assertEqual(done.returncode, 0, done.stderr)
        card = (self.folder / "merged/README.md").read_text()
        self.assertIn("## LoRA adapter", card)
        self.assertNotIn("base_model: x", card)

    def test_an_adapter_of_the_registry_by_its_id(self):
        models = self.folder / "models"
        models.mkdir()
        (models / "smollm2").symlink_to(MODELS / "smollm2")
        tuned = models / "tuned"
        tuned.mkdir()
        weights = tuned / "adapter.gguf"
        shutil.copy(self.shared / "lora.gguf", weights)
        file = {"name": "adapter.gguf", "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
                "size": weights.stat().st_size}
        (tuned / "model.json").write_text(json.dumps({
            "id": "tuned", "kind": "adapter", "family": "llama", "format": "gguf", "files": [file], "base": "smollm2",
            "source": "run:1"}))
        env = {**self.env, "TWIN_MODELS_FOLDER": str(models)}
        merge = [BIN / "twin", "models", "merge"]
        done = subprocess.run([*merge, "tuned", "merged", "--json"], cwd=self.folder, env=env, text=True,
                              capture_output=True, timeout=900)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('SYSTEM """You write as the author', (self.folder / "merged/Modelfile").read_text())
        self.assertTrue((self.folder / "merged/Modelfile.adapter").exists())
        for named, says in [("absent", "There is no adapter absent"), ("smollm2", "smollm2 is no adapter")]:
            done = subprocess.run([*merge, named, "out"], cwd=self.folder, env=env, text=True, capture_output=True)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(says, done.stderr)

    def test_memory_holds_blocks_not_the_model(self):
        # A child's peak begins at its parent's, so a small parent starts it.
        launch = ("import os, subprocess, sys; child = subprocess.Popen(sys.argv[1:], stdout=2);"
                  "_, status, usage = os.wait4(child.pid, 0); print(usage.ru_maxrss);"
                  "sys.exit(os.waitstatus_to_exitcode(status))")
        command = self.command(self.shared / "peft", "m", "--type", "f32", "--format", "safetensors", "--quiet")
        done = subprocess.run([sys.executable, "-c", launch, *command], cwd=self.folder, env=self.env, text=True,
                              capture_output=True, timeout=900)
        self.assertEqual(done.returncode, 0, done.stderr)
        peak = int(done.stdout) * 1024
        print(f"{peak / 1e6:.0f} MB at most")
        size = (self.folder / "m/model.safetensors").stat().st_size
        self.assertGreater(size, 500_000_000)
        if not os.environ.get("TWIN_SANITIZE"):
            self.assertLess(peak, size / 3)

    def test_wrong_usage(self):
        peft = self.shared / "peft"
        self.assertIn("Q4_K_M", self.merge(peft, "out", "--quantize", "q9_9", code=2))
        self.assertIn("f32, f16, bf16", self.merge(peft, "out", "--type", "f8", code=2))
        self.assertIn("gguf or safetensors", self.merge(peft, "out", "--format", "onnx", code=2))
        self.assertIn("5GB", self.merge(peft, "out", "--shard-size", "many", code=2))
        self.assertIn("--quantize is for GGUF",
                      self.merge(peft, "out", "--format", "safetensors", "--quantize", "q8_0", code=2))
        (self.folder / "mine").mkdir()
        (self.folder / "mine/diary").write_text("dear")
        self.assertIn("Something else is there", self.merge(peft, "mine", "--force", code=2))
        self.assertEqual(self.left(), ["mine"])
        self.merge(peft, "out", "--format", "safetensors")
        self.assertIn("--force", self.merge(peft, "out", code=2))
        self.merge(peft, "out", "--format", "safetensors", "--force", "--type", "f16")
        config = json.loads((self.folder / "out/config.json").read_text())
        self.assertEqual(config["torch_dtype"], "float16")

    def test_bad_files_are_named_and_nothing_is_left(self):
        peft = self.shared / "peft"
        self.assertIn("no adapter", self.merge(self.folder / "absent.gguf", "out", code=1).lower())
        cut = self.folder / "cut.gguf"
        cut.write_bytes(self.base.read_bytes()[:50_000_000])
        self.assertIn("truncated", self.merge(peft, "out", base=cut, code=1))
        broken = self.folder / "broken"
        shutil.copytree(peft, broken)
        weights = broken / "adapter_model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-100])
        self.assertIn("adapter_model.safetensors", self.merge(broken, "out", code=1))
        other = next((MODELS / "minilm").glob("*.gguf"))
        self.assertIn("bert", self.merge(self.shared / "lora.gguf", "out", base=other, code=1))
        self.assertEqual(self.left(), ["broken", "cut.gguf"])

    def test_a_full_disk_leaves_nothing(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100 << 20, 100 << 20))

        self.assertIn("disk full", self.merge(self.shared / "peft", "out", code=1, before=limit))
        self.assertEqual(self.left(), [])

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("mount"), "mounting needs root")
    def test_too_small_a_disk_is_said_before_anything_is_written(self):
        small = self.folder / "small"
        small.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", small], check=False).returncode != 0:
            self.skipTest("mounting is not allowed here")
        self.addCleanup(subprocess.run, ["umount", small], check=False)
        says = self.merge(self.shared / "peft", small / "out", code=1)
        self.assertIn("67 MB are free", says)
        self.assertEqual(list(small.iterdir()), [])

    def test_sigterm_leaves_nothing(self):
        child = subprocess.Popen(self.command(self.shared / "peft", "out", "--type", "f32", "--quantize", "q6_k"),
                                 cwd=self.folder, env=self.env, text=True, stderr=subprocess.PIPE)
        for _ in range(2000):
            staged = list(self.folder.glob(".out.staged-*/*.gguf"))
            if staged and staged[0].stat().st_size > 1 << 20:
                break
            time.sleep(0.005)
        child.send_signal(signal.SIGTERM)
        _, says = child.communicate(timeout=300)
        self.assertEqual(child.returncode, 1, says)
        self.assertEqual(self.left(), [])


if __name__ == "__main__":
    unittest.main()
