"""Pictures of words, drawn stroke by stroke: PNG files without a font, a library or a binary in the repository."""

import math
import struct
import zlib

# Lines of each letter in a square of 1 by 1, y downwards; "o" stands for a circle.
LETTERS = {
    "ㄱ": [[(0, 0), (1, 0), (1, 1)]],
    "ㄴ": [[(0, 0), (0, 1), (1, 1)]],
    "ㄷ": [[(1, 0), (0, 0), (0, 1), (1, 1)]],
    "ㄹ": [[(0, 0), (1, 0), (1, 0.5), (0, 0.5), (0, 1), (1, 1)]],
    "ㅁ": [[(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]],
    "ㅇ": "o",
}
# The vowels stand beside the consonant or below it.
BESIDE = {
    "ㅏ": [[(0.3, 0), (0.3, 1)], [(0.3, 0.5), (0.9, 0.5)]],
    "ㅣ": [[(0.5, 0), (0.5, 1)]],
}
BELOW = {
    "ㅗ": [[(0.5, 0), (0.5, 0.6)], [(0, 0.6), (1, 0.6)]],
    "ㅜ": [[(0, 0.3), (1, 0.3)], [(0.5, 0.3), (0.5, 1)]],
}
INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"


def strokes(syllable):
    """The lines of a Hangul syllable without a final consonant, in a square of 1 by 1."""
    number = ord(syllable) - 0xAC00
    initial, vowel = INITIALS[number // 588], VOWELS[number % 588 // 28]
    if vowel in BESIDE:
        boxes = (0.06, 0.18, 0.46, 0.6), (0.6, 0.02, 0.36, 0.94)
    else:
        boxes = (0.22, 0.06, 0.56, 0.36), (0.04, 0.5, 0.92, 0.46)
    for lines, (x, y, w, h) in zip((LETTERS[initial], {**BESIDE, **BELOW}[vowel]), boxes):
        if lines == "o":
            turn = [2 * math.pi * i / 24 for i in range(25)]
            lines = [[(0.5 + 0.5 * math.cos(a), 0.5 + 0.5 * math.sin(a)) for a in turn]]
        for line in lines:
            yield [(x + w * a, y + h * b) for a, b in line]


def png(text, size=64, width=5):
    """A white picture with the words in black; syllables of drawn letters and spaces only."""
    columns, rows = size * (len(text) + 2), size * 3
    pixels = [bytearray(b"\xff" * columns) for _ in range(rows)]

    def dot(x, y):
        for j in range(int(y - width), int(y + width) + 1):
            for i in range(int(x - width), int(x + width) + 1):
                if (i - x) ** 2 + (j - y) ** 2 <= (width / 2) ** 2 * 1.2 and 0 <= j < rows and 0 <= i < columns:
                    pixels[j][i] = 0

    for at, syllable in enumerate(text):
        if syllable == " ":
            continue
        for line in strokes(syllable):
            for (x0, y0), (x1, y1) in zip(line, line[1:]):
                steps = max(1, int(size * max(abs(x1 - x0), abs(y1 - y0))))
                for k in range(steps + 1):
                    t = k / steps
                    dot(size * (at + 1 + 0.9 * (x0 + (x1 - x0) * t)), size * (1 + 0.9 * (y0 + (y1 - y0) * t)))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + bytes(row) for row in pixels))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
