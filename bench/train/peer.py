"""One peer's training loop over the samples of run.py; prints what it measured as one JSON line.

    peer.py trl|dpo|peft|compile --base MODEL.gguf --samples FILE.jsonl --steps N --dtype f32|bf16 --threads N

trl:      SFTTrainer as its documentation starts it: prompts and answers in, loss on the answers, batches of 8, its other
          defaults (gradient checkpointing is one of them).
dpo:      DPOTrainer in the same way, over pairs of answers.
peft:     a hand-tuned loop: samples packed into full sequences of 512 tokens, no gradient checkpointing, fused AdamW.
compile:  the same loop under torch.compile.

Real tokens (no padding) per second of wall time and of processor time, both without loading and the first step.
"""

import argparse
import json
import os
import resource
import time

WARM_UP = 1
# For a base model that has no template: Gemma's turns, as `twin train` takes them.
TEMPLATE = ("{{ bos_token }}{% for m in messages %}<start_of_turn>{{ 'model' if m['role'] == 'assistant' else m['role'] }}\n"
            "{{ m['content'] }}<end_of_turn>\n{% endfor %}"
            "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}")
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Meter:
    """Counts real tokens from the end of the warm-up on."""

    def __init__(self, steps):
        self.steps, self.done, self.tokens, self.losses = steps, 0, 0, []
        self.wall = self.processor = None

    def step(self, tokens, loss):
        self.done += 1
        self.losses.append(loss)
        if self.done > WARM_UP:
            self.tokens += tokens
        if self.done == WARM_UP:
            self.wall, self.processor = time.perf_counter(), processor_seconds()
        return self.done >= self.steps + WARM_UP

    def report(self):
        wall, processor = time.perf_counter() - self.wall, processor_seconds() - self.processor
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return {"tokens_per_s": self.tokens / wall, "tokens_per_cpu_s": self.tokens / processor, "tokens": self.tokens,
                "peak_rss_bytes": peak, "losses": [round(x, 5) for x in self.losses]}


def load(arguments):
    import torch
    import transformers

    torch.set_num_threads(arguments.threads)
    place, name = os.path.split(os.path.abspath(arguments.base))
    dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[arguments.dtype]
    tokenizer = transformers.AutoTokenizer.from_pretrained(place, gguf_file=name)
    model = transformers.AutoModelForCausalLM.from_pretrained(place, gguf_file=name, dtype=dtype)
    # The weights are widened already; the mark that they were not is what Trainer refuses.
    model.is_quantized, model.hf_quantizer = False, None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    tokenizer.chat_template = tokenizer.chat_template or TEMPLATE
    rows = [json.loads(line) for line in open(arguments.samples, encoding="utf-8")]
    return model, tokenizer, rows


def lora():
    import peft

    return peft.LoraConfig(r=16, lora_alpha=32, target_modules=TARGETS, task_type="CAUSAL_LM")


def run_trl(arguments, meter):
    import datasets
    import transformers
    import trl

    model, tokenizer, rows = load(arguments)

    class Count(transformers.TrainerCallback):
        def __init__(self):
            self.tokens = 0

        def on_log(self, args, state, control, logs=None, **more):
            if "loss" in (logs or {}):
                self.loss = logs["loss"]
                if meter.step(self.tokens, self.loss):
                    control.should_training_stop = True
                self.tokens = 0
            return control

    count = Count()

    dpo = arguments.peer == "dpo"

    class Trainer(trl.DPOTrainer if dpo else trl.SFTTrainer):
        def compute_loss(self, model, inputs, *args, **kwargs):
            count.tokens += int(inputs["attention_mask"].sum())
            return super().compute_loss(model, inputs, *args, **kwargs)

    if not dpo:
        rows = [{"prompt": row["messages"][:-1], "completion": row["messages"][-1:]} for row in rows]
    make_config = trl.DPOConfig if dpo else trl.SFTConfig
    config = make_config(output_dir=arguments.scratch, max_steps=arguments.steps + WARM_UP, logging_steps=1,
                         per_device_train_batch_size=8, report_to=[], save_strategy="no", use_cpu=True,
                         bf16=arguments.dtype == "bf16")
    trainer = Trainer(model=model, args=config, processing_class=tokenizer, peft_config=lora(), callbacks=[count],
                      train_dataset=datasets.Dataset.from_list(rows))
    trainer.train()


def run_peft(arguments, meter):
    import peft
    import torch

    model, tokenizer, rows = load(arguments)
    model = peft.get_peft_model(model, lora())
    model.train()
    ids = []
    for row in rows:
        text = tokenizer.apply_chat_template(row["messages"], tokenize=False)
        ids.extend(tokenizer(text, add_special_tokens=False).input_ids)
    length, batch = 512, 4
    count = len(ids) // (length * batch)
    blocks = torch.tensor(ids[: count * length * batch]).view(count, batch, length)
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=5e-4, fused=True)
    forward = torch.compile(model) if arguments.peer == "compile" else model
    at = 0
    while True:
        block = blocks[at % count]
        at += 1
        loss = forward(input_ids=block, labels=block, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if meter.step(block.numel(), loss.item()):
            return


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=["trl", "dpo", "peft", "compile"])
    parser.add_argument("--base", required=True)
    parser.add_argument("--samples", required=True)
    parser.add_argument("--scratch", required=True)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    meter = Meter(arguments.steps)
    (run_trl if arguments.peer in ("trl", "dpo") else run_peft)(arguments, meter)
    print(json.dumps(meter.report()))


if __name__ == "__main__":
    main()
