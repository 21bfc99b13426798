#!/usr/bin/env python3
"""What `twin models merge` writes is, in Hugging Face transformers, the model that PEFT computes from base and adapter.

    check_merged.py --twin PROGRAM [--base MODEL.gguf]

Without --base it takes the chat model of the registry that TWIN_TEST_MODELS names. TWIN_TEST_PYTHON names another Python
to run in, one with torch, transformers, gguf and peft.

PEFT makes random adapters (LoRA, rsLoRA, DoRA); transformers reads the base from its GGUF. Compared in float32: the
logits of PEFT's model with those of the merged folder, loaded by transformers, in one file and in shards; the tokens and
the chat template of the folder's tokenizer with those that transformers makes of the GGUF. Exit codes: 0 equal,
1 different, 77 skipped because a package is missing.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

TEXTS = [
    "Debian is a free operating system, made by people who care about it.",
    "데비안은 자유 소프트웨어로 이루어진 운영체제입니다. 2026년 11월, 1,234개의 꾸러미!",
    "def f(x):\n\treturn [x ** 2  for _ in range(10)]\r\n\n  # it's   spaced; don't\u00a0trim ",
    "\u1112\u1161\u11ab\u1100\u1173\u11af NFD, café, naïve 😀 <|im_end|> tail",
]
TOLERANCE = 2e-3  # of a logit


def logits(model, ids):
    import torch

    with torch.no_grad():
        return model(ids).logits[0].double()


def merge(twin, *arguments):
    done = subprocess.run([twin, "models", "merge", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"twin models merge failed: {done.stdout}{done.stderr}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--twin", required=True)
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

    place, name = os.path.split(os.path.abspath(arguments.base))
    reference = transformers.AutoTokenizer.from_pretrained(place, gguf_file=name)
    worst, effect, failures = 0.0, 0.0, []
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("lora", "rslora", "dora"):
            torch.manual_seed(7)
            base = transformers.AutoModelForCausalLM.from_pretrained(place, gguf_file=name, dtype=torch.float32).eval()
            ids = reference(TEXTS[0], return_tensors="pt").input_ids
            plain = logits(base, ids)
            config = peft.LoraConfig(r=4, lora_alpha=8, use_rslora=kind == "rslora", use_dora=kind == "dora",
                                     init_lora_weights=False, task_type="CAUSAL_LM",
                                     target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "down_proj", "up_proj"])
            tuned = peft.get_peft_model(base, config).eval()
            with torch.no_grad():
                for key, weight in tuned.named_parameters():
                    if "lora_B" in key:
                        weight.mul_(0.1)
            theirs = logits(tuned, ids)
            adapter, out = os.path.join(folder, kind), os.path.join(folder, kind + "-merged")
            tuned.save_pretrained(adapter)
            shard = "100MB" if kind == "rslora" else "5GB"
            merge(arguments.twin, adapter, out, "--base", arguments.base, "--format", "safetensors", "--type", "f32",
                  "--shard-size", shard)
            if (len(list(pathlib.Path(out).glob("*.safetensors"))) > 1) != (kind == "rslora"):
                failures.append(f"{kind}: number of shards")
            ours = logits(transformers.AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32).eval(), ids)
            difference = (ours - theirs).abs().max().item()
            print(f"{kind}: largest difference of a logit {difference:.2e}")
            worst, effect = max(worst, difference), max(effect, (theirs - plain).abs().max().item())

        tokenizer = transformers.AutoTokenizer.from_pretrained(os.path.join(folder, "lora-merged"))
        for text in TEXTS:
            mine, other = tokenizer(text).input_ids, reference(text).input_ids
            if mine != other:
                failures.append(f"tokens of {text!r}: {mine} and {other}")
            if tokenizer.decode(mine) != reference.decode(other):
                failures.append(f"text of {text!r}")
        if reference.chat_template:
            chat = [{"role": "user", "content": "안녕?"}]
            if tokenizer.apply_chat_template(chat, tokenize=False) != reference.apply_chat_template(chat, tokenize=False):
                failures.append("chat template")
        for key in ("bos_token", "eos_token", "pad_token"):
            if getattr(tokenizer, key) != getattr(reference, key):
                failures.append(f"{key}: {getattr(tokenizer, key)} and {getattr(reference, key)}")
    print(f"largest difference {worst:.2e}; the adapters change up to {effect:.2f}")
    for failure in failures:
        print(failure)
    return 0 if worst < TOLERANCE and effect > 0.5 and not failures else 1


if __name__ == "__main__":
    sys.exit(main())
