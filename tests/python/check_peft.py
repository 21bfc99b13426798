#!/usr/bin/env python3
"""The adapter that twin-train writes gives the same model in Hugging Face PEFT.

    check_peft.py --twin-train PROGRAM [--base MODEL.gguf]

Without --base it takes the chat model of the registry that TWIN_TEST_MODELS names. TWIN_TEST_PYTHON names another Python
to run in, one with torch, transformers, gguf and peft.

Trains a few steps, then compares the negative log-likelihood of each text, as `twin-train score` (float32) computes it,
with that of transformers (weights and tokenizer read from the same GGUF) and PEFT. Exit codes: 0 equal, 1 different,
77 skipped because a package is missing.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

TEXTS = [
    "Debian is a free operating system, made by people who care about it.",
    "The package manager resolves dependencies; apt-get install does the rest.",
    "An author writes about gardens, bread, and trains that leave at night.",
]
SAMPLES = [("What is Debian?", TEXTS[0]), ("And apt?", TEXTS[1]), ("What do you write about?", TEXTS[2])]
TOLERANCE = 1e-3  # nats per token


def run(program, command, job):
    done = subprocess.run([program, command], input=json.dumps(job), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"twin-train {command} failed: {done.stdout}{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def write_lines(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def python_nll(model, tokenizer, text):
    import torch

    ids = tokenizer(text, return_tensors="pt", add_special_tokens=False).input_ids
    with torch.no_grad():
        logits = model(ids).logits[0, :-1].double()
    return torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum").item(), ids.shape[1] - 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--twin-train", required=True)
    parser.add_argument("--base")
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
    try:
        import peft
        import torch
        import transformers
    except ImportError as missing:
        print(f"skipped: {missing}")
        return 77

    with tempfile.TemporaryDirectory() as folder:
        train, texts = os.path.join(folder, "train.jsonl"), os.path.join(folder, "texts.jsonl")
        messages = [[{"role": "user", "content": q}, {"role": "assistant", "content": a}] for q, a in SAMPLES]
        write_lines(train, [{"messages": m} for m in messages])
        write_lines(texts, [{"text": t} for t in TEXTS])
        config = {"max_steps": 6, "lr": 2e-3, "batch_tokens": 256, "dtype": "f32", "warmup": 0}
        out = os.path.join(folder, "out")
        job = {"base": arguments.base, "data": train, "out": out, "base_name": "base", "config": config}
        adapter = run(arguments.twin_train, "train", job)[0]["peft"]
        score = {"base": arguments.base, "data": texts, "dtype": "f32"}
        ours = {
            "base": run(arguments.twin_train, "score", score),
            "adapter": run(arguments.twin_train, "score", {**score, "adapter": adapter}),
        }

        place, name = os.path.split(os.path.abspath(arguments.base))
        tokenizer = transformers.AutoTokenizer.from_pretrained(place, gguf_file=name)
        base = transformers.AutoModelForCausalLM.from_pretrained(place, gguf_file=name, dtype=torch.float32)
        theirs = {"base": [python_nll(base.eval(), tokenizer, t) for t in TEXTS]}
        tuned = peft.PeftModel.from_pretrained(base, adapter).eval()
        theirs["adapter"] = [python_nll(tuned, tokenizer, t) for t in TEXTS]

    worst, effect = 0.0, 0.0
    for kind in ("base", "adapter"):
        for mine, (nll, tokens) in zip(ours[kind], theirs[kind]):
            if mine["tokens"] != tokens:
                sys.exit(f"token counts differ: {mine['tokens']} and {tokens}")
            worst = max(worst, abs(mine["nll"] - nll) / tokens)
    for before, after in zip(ours["base"], ours["adapter"]):
        effect = max(effect, abs(before["nll"] - after["nll"]) / before["tokens"])
    print(f"largest difference {worst:.2e} nats per token; the adapter changes up to {effect:.2f}")
    return 0 if worst < TOLERANCE and effect > 0.2 else 1


if __name__ == "__main__":
    sys.exit(main())
