#!/usr/bin/env python3
"""Encoding speed of `twin embed` beside sentence-transformers on the same texts: texts and tokens a second, cosine.

  encode.py --gguf MODEL.gguf --folder SENTENCE_TRANSFORMERS_FOLDER --texts FILE --python VENV/bin/python
            [--peers f32,bf16,int8] [--rounds 2] [--threads N] [--twin build/release/bin/twin]

--texts: one text a line. The sides run one after another, `--rounds` times; the table has each side's best round, encoding
alone (no loading). Processor seconds say more on a busy machine: those of the peers are of encoding alone, those of `twin`
of all its processes, loading and the end included. Memory is the most that all processes of a side held together, shared
pages counted once. Cosine is the least and the mean to the vectors of sentence-transformers in f32. int8 is ONNX Runtime
with dynamic quantization of the weights by channel, as sentence-transformers' backend "onnx" quantizes for AVX2.
The venv needs torch, sentence-transformers, onnx, onnxruntime and onnxscript.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BATCH = 32  # sentence-transformers' default


def onnx_session(model, tokenizer, scratch, threads):
    """The transformer as an int8 ONNX session; made once in `scratch`."""
    import onnxruntime
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    plain, quantized = scratch / "model.onnx", scratch / "model-int8.onnx"
    if not quantized.exists():
        inputs = dict(tokenizer(["one text", "another one, longer"], padding=True, return_tensors="pt"))

        class Hidden(torch.nn.Module):
            """The model with its inputs in their order, as an export by tracing takes them."""

            def __init__(self):
                super().__init__()
                self.model = model

            def forward(self, *tensors):
                return self.model(**dict(zip(inputs, tensors))).last_hidden_state

        axes = {name: {0: "texts", 1: "tokens"} for name in [*inputs, "hidden"]}
        torch.onnx.export(Hidden(), tuple(inputs.values()), str(plain), input_names=list(inputs),
                          output_names=["hidden"], dynamic_axes=axes, dynamo=False)
        quantize_dynamic(str(plain), str(quantized), weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(quantized), options, providers=["CPUExecutionProvider"])


def encode_onnx(session, tokenizer, texts):
    import numpy

    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    out = [None] * len(texts)
    names = {each.name for each in session.get_inputs()}
    for first in range(0, len(order), BATCH):
        batch = order[first:first + BATCH]
        inputs = tokenizer([texts[i] for i in batch], padding=True, truncation=True, max_length=256, return_tensors="np")
        hidden = session.run(None, {k: v for k, v in inputs.items() if k in names})[0]
        mask = inputs["attention_mask"][..., None]
        mean = (hidden * mask).sum(1) / mask.sum(1)
        mean /= numpy.linalg.norm(mean, axis=1, keepdims=True)
        for i, row in zip(batch, mean):
            out[i] = row
    return numpy.stack(out)


def peer(arguments):
    """One peer in this process: the vectors to a file, figures as one JSON line."""
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(arguments.threads)
    texts = pathlib.Path(arguments.texts).read_text().splitlines()
    dtype = torch.bfloat16 if arguments.peer == "bf16" else torch.float32
    model = SentenceTransformer(arguments.folder, device="cpu", model_kwargs={"torch_dtype": dtype})
    tokens = sum(len(ids) for ids in model.tokenizer(texts, truncation=True, max_length=256)["input_ids"])
    if arguments.peer == "int8":
        session = onnx_session(model[0].auto_model, model.tokenizer, pathlib.Path(arguments.scratch), arguments.threads)

        def encode(some):
            return encode_onnx(session, model.tokenizer, some)
    else:
        def encode(some):
            return model.encode(some, batch_size=BATCH, normalize_embeddings=True, convert_to_numpy=True)
    encode(texts[:BATCH])  # warm-up
    started, cpu = time.perf_counter(), time.process_time()
    vectors = encode(texts)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    vectors.astype("float32").tofile(arguments.output)
    print(json.dumps({"texts_per_second": len(texts) / seconds, "tokens_per_second": tokens / seconds,
                      "tokens": tokens, "cpu_seconds": cpu}))


def memory(root):
    """Bytes that a process and its children hold, shared pages divided among those that share them."""
    parents = {}
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
    total = 0
    for pid in parents:
        at = pid
        while at and at != root:
            at = parents.get(at)
        if at != root:
            continue
        try:
            rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) << 10 for line in rollup.splitlines() if line.startswith("Pss:"))
    return total


def run(command):
    """The JSON line that a command ends with, with the most memory it held and its processor seconds."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = subprocess.Popen([str(word) for word in command], stdout=out, stderr=err)
        most = 0
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            most = max(most, memory(child.pid))
            time.sleep(0.1)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if child.returncode != 0:
            sys.exit(f"{command} failed:\n{err.read()[-3000:]}")
        figures = json.loads(out.read().splitlines()[-1])
    return {"cpu_seconds": usage.ru_utime + usage.ru_stime, **figures, "memory": most}


def read_vectors(file, count):
    import array

    values = array.array("f", pathlib.Path(file).read_bytes())
    width = len(values) // count
    return [values[i * width:(i + 1) * width] for i in range(count)]


def cosines(a, b):
    return [sum(x * y for x, y in zip(p, q)) / (sum(x * x for x in p) * sum(y * y for y in q)) ** 0.5
            for p, q in zip(a, b)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gguf")
    parser.add_argument("--folder", required=True)
    parser.add_argument("--texts", required=True)
    parser.add_argument("--python")
    parser.add_argument("--peers", default="f32,bf16,int8")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--twin", default=str(ROOT / "build/release/bin/twin"))
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--output", help=argparse.SUPPRESS)
    parser.add_argument("--scratch", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        return peer(arguments)

    count = len(pathlib.Path(arguments.texts).read_text().splitlines())
    best = {}
    with tempfile.TemporaryDirectory(prefix="twin-bench-") as name:
        scratch = pathlib.Path(name)
        for _ in range(arguments.rounds):
            for side in ["twin", *filter(None, arguments.peers.split(","))]:
                output = scratch / f"{side}.f32"
                if side == "twin":
                    figures = run([arguments.twin, "embed", "--model", arguments.gguf, "--input",
                                             arguments.texts, "--output", output, "--json", "-q"])
                else:
                    figures = run([arguments.python, __file__, "--peer", side, "--folder", arguments.folder,
                                             "--texts", arguments.texts, "--threads", str(arguments.threads),
                                             "--output", output, "--scratch", scratch])
                print(f"{side}: {figures['tokens_per_second']:.0f} tokens/s", file=sys.stderr, flush=True)
                if side not in best or figures["texts_per_second"] > best[side]["texts_per_second"]:
                    best[side] = figures
        reference = read_vectors(scratch / "f32.f32", count) if "f32" in best else None
        print(f"{'':<8} {'texts/s':>9} {'tokens/s':>10} {'tokens/CPU s':>13} {'MiB':>6} {'cosine least, mean':>22}")
        for side, figures in best.items():
            near = cosines(read_vectors(scratch / f"{side}.f32", count), reference) if reference else [0.0]
            print(f"{side:<8} {figures['texts_per_second']:>9.1f} {figures['tokens_per_second']:>10.0f} "
                  f"{figures['tokens'] / figures['cpu_seconds']:>13.0f} {figures['memory'] >> 20:>6} "
                  f"{min(near):>12.5f} {sum(near) / len(near):>9.5f}")


if __name__ == "__main__":
    main()
