"""A model that sees, in a few hundred KiB: the family of Qwen2-VL with random weights, as two GGUF files.

Its vectors mean nothing; they are of one length for texts and pictures, and the same bytes give the same vector.
"""

import array
import random
import struct
import zlib

WIDTH = 64
HEADS = 4
LAYERS = 2
HIDDEN = 128
PATCH = 14
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>"]

U32, F32, BOOL, STRING, ARRAY, I32 = 4, 6, 7, 8, 9, 5


class Gguf:
    """A GGUF file of version 3 with 32-bit weights."""

    def __init__(self, architecture, seed):
        self.fields, self.tensors = [], []
        self.random = random.Random(seed)
        self.text("general.architecture", architecture)

    @staticmethod
    def string(text):
        raw = text.encode()
        return struct.pack("<Q", len(raw)) + raw

    def field(self, key, kind, value):
        self.fields.append(self.string(key) + struct.pack("<I", kind) + value)

    def text(self, key, value):
        self.field(key, STRING, self.string(value))

    def number(self, key, value):
        self.field(key, U32, struct.pack("<I", value))

    def real(self, key, value):
        self.field(key, F32, struct.pack("<f", value))

    def flag(self, key, value):
        self.field(key, BOOL, struct.pack("<?", value))

    def texts(self, key, values):
        packed = b"".join(map(self.string, values))
        self.field(key, ARRAY, struct.pack("<IQ", STRING, len(values)) + packed)

    def numbers(self, key, values):
        self.field(key, ARRAY, struct.pack(f"<IQ{len(values)}i", I32, len(values), *values))

    def reals(self, key, values):
        self.field(key, ARRAY, struct.pack(f"<IQ{len(values)}f", F32, len(values), *values))

    def weights(self, name, *shape, scale=0.2):
        """Normally distributed; the first dimension is the one that lies together."""
        count = 1
        for size in shape:
            count *= size
        self.tensors.append((name, shape, array.array("f", (self.random.gauss(0, scale) for _ in range(count)))))

    def ones(self, name, size):
        self.tensors.append((name, (size,), array.array("f", [1.0] * size)))

    def write(self, path):
        head = struct.pack("<IIQQ", 0x46554747, 3, len(self.tensors), len(self.fields)) + b"".join(self.fields)
        data = b""
        for name, shape, values in self.tensors:
            head += self.string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, len(data))
            data += values.tobytes()
            data += b"\0" * (-len(data) % 32)
        path.write_bytes(head + b"\0" * (-len(head) % 32) + data)


def byte_letters():
    """How GPT-2's vocabulary writes each byte."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in shown]
    return [chr(b) if b in shown else chr(256 + hidden.index(b)) for b in range(256)]


def write_model(path, seed=1, pooling=3):
    """The part that reads texts, and pictures once they are made tokens. `pooling`: 3 is the last token, 1 the mean."""
    model = Gguf("qwen2vl", seed)
    model.text("general.name", "tiny vision")
    for key, value in {
        "context_length": 4096,
        "embedding_length": WIDTH,
        "block_count": LAYERS,
        "feed_forward_length": HIDDEN,
        "attention.head_count": HEADS,
        "attention.head_count_kv": HEADS,
        "pooling_type": pooling,
    }.items():
        model.number("qwen2vl." + key, value)
    model.real("qwen2vl.attention.layer_norm_rms_epsilon", 1e-6)
    model.real("qwen2vl.rope.freq_base", 10000.0)
    model.numbers("qwen2vl.rope.dimension_sections", [2, 3, 3, 0])
    tokens = byte_letters() + ["th"] + SPECIAL
    model.text("tokenizer.ggml.model", "gpt2")
    model.text("tokenizer.ggml.pre", "qwen2")
    model.texts("tokenizer.ggml.tokens", tokens)
    model.numbers("tokenizer.ggml.token_type", [1] * 257 + [3] * len(SPECIAL))
    model.texts("tokenizer.ggml.merges", ["t h"])
    model.number("tokenizer.ggml.eos_token_id", 257)
    model.flag("tokenizer.ggml.add_bos_token", False)
    model.weights("token_embd.weight", WIDTH, len(tokens), scale=1)
    model.ones("output_norm.weight", WIDTH)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        for norm in ("attn_norm", "ffn_norm"):
            model.ones(f"{block}{norm}.weight", WIDTH)
        for part in ("attn_q", "attn_k", "attn_v"):
            model.weights(f"{block}{part}.weight", WIDTH, WIDTH)
            model.weights(f"{block}{part}.bias", WIDTH)
        model.weights(f"{block}attn_output.weight", WIDTH, WIDTH)
        model.weights(f"{block}ffn_gate.weight", WIDTH, HIDDEN)
        model.weights(f"{block}ffn_up.weight", WIDTH, HIDDEN)
        model.weights(f"{block}ffn_down.weight", HIDDEN, WIDTH)
    model.write(path)


def write_projector(path, seed=2, width=WIDTH):
    """The part that makes tokens of `width` values of a picture."""
    model = Gguf("clip", seed)
    model.text("general.type", "mmproj")
    model.text("general.name", "tiny vision")
    model.flag("clip.has_vision_encoder", True)
    model.text("clip.projector_type", "qwen2vl_merger")
    model.flag("clip.use_silu", False)
    model.flag("clip.use_gelu", False)
    for key, value in {
        "image_size": 112,
        "patch_size": PATCH,
        "embedding_length": WIDTH,
        "feed_forward_length": HIDDEN,
        "projection_dim": width,
        "block_count": 1,
        "attention.head_count": HEADS,
    }.items():
        model.number("clip.vision." + key, value)
    model.real("clip.vision.attention.layer_norm_epsilon", 1e-6)
    model.reals("clip.vision.image_mean", [0.48, 0.46, 0.41])
    model.reals("clip.vision.image_std", [0.27, 0.26, 0.28])
    for frame in ("v.patch_embd.weight", "v.patch_embd.weight.1"):
        model.weights(frame, PATCH, PATCH, 3, WIDTH)
    norms = ["v.blk.0.ln1", "v.blk.0.ln2", "v.post_ln"]
    for norm in norms:
        model.ones(norm + ".weight", WIDTH)
        model.weights(norm + ".bias", WIDTH)
    for part in ("attn_q", "attn_k", "attn_v", "attn_out"):
        model.weights(f"v.blk.0.{part}.weight", WIDTH, WIDTH)
        model.weights(f"v.blk.0.{part}.bias", WIDTH)
    model.weights("v.blk.0.ffn_up.weight", WIDTH, HIDDEN)
    model.weights("v.blk.0.ffn_up.bias", HIDDEN)
    model.weights("v.blk.0.ffn_down.weight", HIDDEN, WIDTH)
    model.weights("v.blk.0.ffn_down.bias", WIDTH)
    model.weights("mm.0.weight", 4 * WIDTH, 4 * WIDTH)
    model.weights("mm.0.bias", 4 * WIDTH)
    model.weights("mm.2.weight", 4 * WIDTH, width)
    model.weights("mm.2.bias", width)
    model.write(path)


def picture(seed, columns=112, rows=84):
    """A PNG of coloured squares, others for each seed."""
    colours = random.Random(seed)
    squares = {}
    pixels = b""
    for y in range(rows):
        row = b"\0"
        for x in range(columns):
            row += squares.setdefault((x // 28, y // 28), bytes(colours.randrange(256) for _ in range(3)))
        pixels += row

    def part(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(pixels)) + part(b"IEND", b"")
