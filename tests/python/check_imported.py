#!/usr/bin/env python3
"""What `twin models import` makes of a checkpoint of Hugging Face transformers is, in llama.cpp, the same model.

    check_imported.py --twin PROGRAM [--base MODEL.gguf] [--family NAME …]

Without --base it takes the chat model of the registry that TWIN_TEST_MODELS names, for its tokenizer only.
TWIN_TEST_PYTHON names another Python to run in, one with torch, transformers and gguf.

transformers makes small random models of each family and saves them (float32 and bfloat16, in one file and in shards).
Compared after the import: the log-probabilities of the next token by transformers with those by llama-server, and the
tokens of texts. Exit codes: 0 equal, 1 different, 77 skipped because a package is missing.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

TEXTS = [
    "Debian is a free operating system, made by people who care about it.",
    "데비안은 자유 소프트웨어로 이루어진 운영체제입니다. 2026년 11월, 1,234개의 꾸러미!",
    "def f(x):\n\treturn [x ** 2  for _ in range(10)]\r\n\n  # it's   spaced; don't trim ",
]
TOLERANCE = 0.02         # nats: llama.cpp keeps keys and values in float16
NARROW_TOLERANCE = 0.1  # with bfloat16 weights it rounds activations, too
SIZES = {"hidden_size": 64, "intermediate_size": 96, "num_attention_heads": 4, "num_key_value_heads": 2,
         "max_position_embeddings": 256, "initializer_range": 0.2}


def families(transformers, vocabulary):
    rope = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 32.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
    common = {**SIZES, "vocab_size": vocabulary, "num_hidden_layers": 2, "pad_token_id": None, "bos_token_id": 1,
              "eos_token_id": 2}
    yield "llama", transformers.LlamaConfig(**common, tie_word_embeddings=True)
    yield "llama3", transformers.LlamaConfig(**{**common, "max_position_embeddings": 16384}, rope_parameters=rope)
    yield "mistral", transformers.MistralConfig(**common, head_dim=32, sliding_window=None)
    yield "qwen2", transformers.Qwen2Config(**common)
    yield "qwen3", transformers.Qwen3Config(**common, head_dim=32)
    yield "phi3", transformers.Phi3Config(**common, sliding_window=None)
    gemma = {**common, "num_hidden_layers": 7, "num_key_value_heads": 1}
    yield "gemma3", transformers.Gemma3TextConfig(**gemma, head_dim=32, query_pre_attn_scalar=32, sliding_window=8)


def ask(port, path, body):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


def compare(name, model, tokenizer, gguf, failures):
    import torch

    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
    from test_merge import server

    worst, compared = 0.0, 0
    with server(gguf) as port:
        for text in TEXTS:
            ids = tokenizer(text).input_ids
            theirs = ask(port, "/tokenize", {"content": text, "add_special": True, "parse_special": True})["tokens"]
            if ids != theirs:
                failures.append(f"{name}: tokens of {text!r}: {ids} and {theirs}")
                continue
            with torch.no_grad():
                ours = torch.log_softmax(model(torch.tensor([ids])).logits[0, -1].double(), -1)
            answer = ask(port, "/completion", {"prompt": ids, "n_predict": 1, "temperature": 0, "n_probs": 10,
                                               "cache_prompt": False})
            # A model of random weights may end at once, or with half a character, of which the server tells nothing.
            for token in answer.get("completion_probabilities", [{"top_logprobs": []}])[0]["top_logprobs"]:
                compared += 1
                worst = max(worst, abs(ours[token["id"]].item() - token["logprob"]))
    print(f"{name}: largest difference {worst:.4f} nats of {compared} tokens", flush=True)
    if worst >= (NARROW_TOLERANCE if name == "qwen2" else TOLERANCE) or compared == 0:
        failures.append(f"{name}: {worst:.4f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--twin", required=True)
    parser.add_argument("--base")
    parser.add_argument("--family", nargs="*", default=[])
    arguments = parser.parse_args()
    python = os.environ.pop("TWIN_TEST_PYTHON", "")
    if python:
        os.execv(python, [python, *sys.argv])
    if arguments.base is None:
        found = sorted(pathlib.Path(os.environ.get("TWIN_TEST_MODELS", "/nowhere")).rglob("SmolLM2*.gguf"))
        if not found:
            print("skipped: TWIN_TEST_MODELS names no registry with SmolLM2")
            return 77
        arguments.base = str(found[0])
    os.environ.setdefault("TWIN_BIN", str(pathlib.Path(arguments.twin).resolve().parent))
    try:
        import torch
        import transformers
    except ImportError as missing:
        print(f"skipped: {missing}")
        return 77

    place, file = os.path.split(os.path.abspath(arguments.base))
    tokenizer = transformers.AutoTokenizer.from_pretrained(place, gguf_file=file)
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        models = pathlib.Path(folder) / "models"
        for name, config in families(transformers, len(tokenizer)):
            if arguments.family and name not in arguments.family:
                continue
            torch.manual_seed(3)
            model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
            with torch.no_grad():
                for key, weight in model.named_parameters():
                    if weight.dim() == 1:  # norms and biases are all ones or zeros at first
                        weight.add_(torch.randn_like(weight) * 0.2)
            if name == "qwen2":
                model = model.to(torch.bfloat16)
            # llama.cpp asks a model that is called phi3 for tokens that this vocabulary does not have.
            place = pathlib.Path(folder) / ("joined" if name == "phi3" else name)
            model.save_pretrained(place, max_shard_size="4MB" if name == "qwen3" else "5GB")
            tokenizer.save_pretrained(place)
            done = subprocess.run([arguments.twin, "models", "import", str(place), "--id", name], capture_output=True,
                                  text=True, env={**os.environ, "TWIN_MODELS": str(models)}, check=False)
            if done.returncode != 0:
                failures.append(f"{name}: {done.stdout}{done.stderr}")
                continue
            compare(name, model.to(torch.float32), tokenizer, next((models / name).glob("*.gguf")), failures)
    for failure in failures:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
