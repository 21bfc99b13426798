#!/usr/bin/env python3
"""DoRA in twin-train and in Hugging Face PEFT: the same losses over fifty steps.

    check_dora.py --twin PROGRAM --twin-train PROGRAM [--base MODEL.gguf]

Without --base it takes the chat model of the registry that TWIN_TEST_MODELS names, for its tokenizer only.
TWIN_TEST_PYTHON names another Python to run in, one with torch, transformers, gguf and peft.

A small random Llama that transformers saves is the base of both (float32). twin-train's own initial adapter, written by
a run whose learning rate changes nothing, is loaded by PEFT and trained by AdamW on the same texts; compared are the
losses of each step. Exit codes: 0 equal, 1 different, 77 skipped because a package is missing.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from check_imported import SIZES

TEXTS = [
    "Debian is a free operating system, made by people who care about it.",
    "데비안은 자유 소프트웨어로 이루어진 운영체제입니다.",
    "The package manager resolves dependencies; apt-get install does the rest.",
]
STEPS, LR, TOLERANCE = 50, 2e-3, 0.005  # relative, of each step's loss


def run(program, *arguments, **how):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False, **how)
    if done.returncode != 0:
        sys.exit(f"{program} {arguments[0]} failed: {done.stdout}{done.stderr}")


def train(twin_train, place, base, out, dora, **more):
    config = {"method": "text", "batch_size": len(TEXTS), "schedule": "constant", "warmup": 0, "dtype": "f32",
              "lora": {"r": 4, "alpha": 8, "dora": dora}, **more}
    job = {"base": str(base), "data": str(place / "texts.jsonl"), "out": str(place / out), "base_name": "tiny",
           "config": config}
    run(twin_train, "train", input=json.dumps(job))
    lines = (place / out / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [event["loss"] for event in map(json.loads, lines) if event["event"] == "step"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--twin", required=True)
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

    worst = {}
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        source, file = os.path.split(os.path.abspath(arguments.base))
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, gguf_file=file)
        torch.manual_seed(5)
        config = transformers.LlamaConfig(**SIZES, vocab_size=len(tokenizer), num_hidden_layers=2, pad_token_id=None,
                                          bos_token_id=1, eos_token_id=2, tie_word_embeddings=True)
        base = place / "tiny"
        transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32).save_pretrained(base)
        tokenizer.save_pretrained(base)
        with open(place / "texts.jsonl", "w", encoding="utf-8") as lines:
            lines.writelines(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in TEXTS)
        ids = [tokenizer(text, add_special_tokens=False).input_ids for text in TEXTS]
        run(arguments.twin, "models", "import", base, "--id", "tiny",
            env={**os.environ, "TWIN_MODELS": str(place / "models")})
        gguf = place / "models" / "tiny" / "tiny.gguf"
        for dora in (False, True):
            train(arguments.twin_train, place, gguf, f"start-{dora}", dora, max_steps=1, lr=1e-30)
            ours = train(arguments.twin_train, place, gguf, f"run-{dora}", dora, epochs=STEPS, lr=LR)
            model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
            model = peft.PeftModel.from_pretrained(model, place / f"start-{dora}" / "adapter", is_trainable=True).train()
            trained = [weight for weight in model.parameters() if weight.requires_grad]
            optimizer = torch.optim.AdamW(trained, lr=LR, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.0)
            theirs = []
            for _ in range(STEPS):
                optimizer.zero_grad()
                total, count = 0.0, 0
                for sequence in ids:
                    logits = model(torch.tensor([sequence])).logits[0, :-1]
                    targets = torch.tensor(sequence[1:])
                    total = total + torch.nn.functional.cross_entropy(logits, targets, reduction="sum")
                    count += len(targets)
                (total / count).backward()
                theirs.append(total.item() / count)
                torch.nn.utils.clip_grad_norm_(trained, 1.0)
                optimizer.step()
            name = "DoRA" if dora else "LoRA"
            if len(ours) != STEPS:
                sys.exit(f"{name}: {len(ours)} steps")
            worst[name] = max(abs(a - b) / b for a, b in zip(ours, theirs))
            print(f"{name}: loss {ours[0]:.4f} -> {ours[-1]:.4f}, in PEFT {theirs[0]:.4f} -> {theirs[-1]:.4f}; "
                  f"largest difference of a step {100 * worst[name]:.4f} %", flush=True)
    return 0 if max(worst.values()) < TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
