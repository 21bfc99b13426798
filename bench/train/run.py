#!/usr/bin/env python3
"""Fine-tuning speed and memory of twin train beside TRL and PEFT: the same model, samples, rank, type and threads.

    run.py --base MODEL.gguf --python VENV/bin/python [--dtype f32|bf16] [--threads N] [--steps N] [--peers trl,peft]
           [--method sft|dpo] [--twins plain,qlora] [--twin build/release/bin/twin] [--korean]

The sides run one after another, in rounds; the table has the best round of each. Real tokens: those of samples, no
padding. Processor time is what a busy machine does not blur; with one thread, no waiting of threads for each other is
in it either. What a step of DPO costs contains the reference model's pass over its samples, on all sides.

Sides of Twin: `plain`, and `qlora` (quantize_base: the linear layers stay in the file's blocks); every ratio is to the
first one.
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARM_UP = 1
BATCH = 8
TICK = os.sysconf("SC_CLK_TCK")
ENGLISH = ("package system server kernel network file user group service install remove update configure write read "
           "because however therefore the a this that every some with without under over between reliable small fast "
           "careful debian author book chapter example command option daemon module archive release").split()
KOREAN = ("패키지 시스템 서버 커널 네트워크 파일 사용자 서비스 설치한다 지운다 갱신한다 설정한다 쓴다 읽는다 그래서 그러나 "
          "이것은 모든 작은 빠른 조심스러운 글쓴이 책 장 보기 명령 선택 모듈 저장소 배포판 믿을만한 사이에서").split()


def samples(count, words, method, seed=5):
    """Conversations of about 120 tokens: a question of some 20 words, an answer of some 55; for DPO, two answers."""
    draw = random.Random(seed)

    def answer():
        text = ". ".join(" ".join(draw.choices(words, k=draw.randint(8, 14))) for _ in range(draw.randint(2, 8)))
        return {"role": "assistant", "content": text + "."}

    rows = []
    for _ in range(count):
        question = {"role": "user", "content": " ".join(draw.choices(words, k=draw.randint(8, 30))) + "?"}
        if method == "dpo":
            rows.append({"prompt": [question], "chosen": [answer()], "rejected": [answer()]})
        else:
            rows.append({"messages": [question, answer()]})
    return rows


def run_peer(arguments, peer, data, scratch):
    command = [arguments.python, str(ROOT / "bench/train/peer.py"), peer, "--base", arguments.base, "--samples", data,
               "--steps", str(arguments.steps), "--dtype", arguments.dtype, "--threads", str(arguments.threads),
               "--scratch", scratch]
    environment = {**os.environ, "OMP_NUM_THREADS": str(arguments.threads), "TOKENIZERS_PARALLELISM": "false",
                   "HF_HUB_OFFLINE": "1"}
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        environment.pop(name, None)
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        sys.exit(f"{peer} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def processor_of_children(pid):
    """Seconds that the children of a process have computed so far: twin-train is the child of twin."""
    seconds = 0.0
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        fields = pathlib.Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()
        seconds += (int(fields[11]) + int(fields[12])) / TICK
    return seconds


class Reference:
    """What the reference model's pass costs a sample, by two reports of its progress."""

    def __init__(self):
        self.marks = []

    def mark(self, pid, done):
        self.marks = [*self.marks[:1], (done, time.perf_counter(), processor_of_children(pid))]

    def per_sample(self):
        (done0, wall0, cpu0), (done1, wall1, cpu1) = self.marks
        return (wall1 - wall0) / (done1 - done0), (cpu1 - cpu0) / (done1 - done0)


def run_twin(arguments, side, data, out):
    """The steps after the warm-up, by the events of the run."""
    settings = {"lora.r": 16, "lora.alpha": 32, "dtype": arguments.dtype, "threads": arguments.threads,
                "batch_size": BATCH, "max_steps": arguments.steps + WARM_UP, "max_length": 1024, "warmup": 0,
                "checkpoint_every": 10_000}
    if side == "qlora":
        settings["quantize_base"] = "true"
    command = [arguments.twin, "train", "--data", data, "--base", arguments.base, "--method", arguments.method, "--out",
               out, "--json", *(word for k, v in settings.items() for word in ("--set", f"{k}={v}"))]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    losses, seconds, processor, tokens, before, others = [], 0.0, 0.0, 0, 0, []
    reference = Reference()
    for line in child.stderr:
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("event") == "reference":
            reference.mark(child.pid, event["done"])
        if event.get("event") != "step":
            others.append(line)
            continue
        losses.append(event["loss"])
        step_tokens = event["tokens"] - before
        before = event["tokens"]
        if event["step"] > WARM_UP:
            tokens += step_tokens
            seconds += step_tokens / event["tokens_per_s"]
            processor += event["cpu_seconds"]
    answer = child.stdout.read().splitlines()
    if child.wait() != 0:
        sys.exit("twin train failed:\n" + "".join(others[-5:]))
    result = json.loads(answer[-1])
    if reference.marks:
        wall, cpu = reference.per_sample()
        sequences = 2 if arguments.method == "dpo" else 1  # the pass counts sequences
        seconds += wall * BATCH * arguments.steps * sequences
        processor += cpu * BATCH * arguments.steps * sequences
    return {"tokens_per_s": tokens / seconds, "tokens_per_cpu_s": tokens / processor, "tokens": tokens,
            "peak_rss_bytes": result["peak_rss_bytes"], "losses": losses}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--twin", default=str(ROOT / "build/release/bin/twin"))
    parser.add_argument("--method", choices=["sft", "dpo"], default="sft")
    parser.add_argument("--twins", default="plain")
    parser.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--peers", default="trl,peft")
    parser.add_argument("--korean", action="store_true")
    arguments = parser.parse_args()
    twins = [f"twin {side}" for side in arguments.twins.split(",") if side]
    peers = [peer for peer in arguments.peers.split(",") if peer]

    best = {}
    with tempfile.TemporaryDirectory() as scratch:
        data = os.path.join(scratch, "samples.jsonl")
        with open(data, "w", encoding="utf-8") as file:
            # Enough for the full sequences that the tuned loop packs, too.
            for row in samples(max(128, BATCH * (arguments.steps + WARM_UP)),
                               KOREAN if arguments.korean else ENGLISH, arguments.method):
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        for round_number in range(arguments.rounds):
            for side in [*twins, *peers]:
                out = os.path.join(scratch, f"{side.replace(' ', '-')}-{round_number}")
                if side in twins:
                    got = run_twin(arguments, side.split()[1], data, out)
                else:
                    got = run_peer(arguments, side, data, out)
                print(side, json.dumps(got), file=sys.stderr, flush=True)
                if side not in best or got["tokens_per_cpu_s"] > best[side]["tokens_per_cpu_s"]:
                    best[side] = got

    twin = next(iter(best.values()))
    print(f"{arguments.method}, {arguments.dtype}, {arguments.threads} threads")
    print("| side | tokens/s | tokens/CPU s | peak GiB | twin / side, wall | twin / side, CPU | twin / side, memory |")
    print("|---|---|---|---|---|---|---|")
    for side, got in best.items():
        print(f"| {side} | {got['tokens_per_s']:.0f} | {got['tokens_per_cpu_s']:.0f} | "
              f"{got['peak_rss_bytes'] / 2**30:.2f} | {twin['tokens_per_s'] / got['tokens_per_s']:.2f} | "
              f"{twin['tokens_per_cpu_s'] / got['tokens_per_cpu_s']:.2f} | "
              f"{twin['peak_rss_bytes'] / got['peak_rss_bytes']:.2f} |")


if __name__ == "__main__":
    main()
