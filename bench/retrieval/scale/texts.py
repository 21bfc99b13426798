#!/usr/bin/env python3
"""Passages and queries for bench_scale: texts.py FILE PASSAGES writes FILE and FILE.queries, the same for the same number.

A line is document, title and text, separated by tabs. Passages are whole sentences, some 350 characters of Korean bills
(ASSEMBLY_BILLS as in ../../dedup/bills.py) or 900 of the Debian handbook (apt). Beyond what these give (some 100,000),
passages are made of sentences of neighbouring bills in another order: words and lengths stay real, matters mix.
Half of the 400 queries are a few words of a sentence, without particles; half are whole sentences.
"""

import html.parser
import pathlib
import random
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "dedup"))
HANDBOOK = pathlib.Path("/usr/share/doc/debian-handbook/html/en-US")
SENTENCE = re.compile(r"(?<=[.?!음임함])[.\s]\s*")
PARTICLE = re.compile(r"(으로부터|에서는|으로써|에게|에서|으로|까지|부터|에는|은|는|이|가|을|를|의|에|로|와|과|도|만)$")


class Text(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.parts = []

    def handle_data(self, data):
        self.parts.append(data)


def sentences(text):
    text = re.sub(r"\s+", " ", text).strip()
    return [s.strip() for s in SENTENCE.split(text) if len(s.strip()) > 10]


def passages_of(parts, size):
    out, now = [], ""
    for sentence in parts:
        if now and len(now) + len(sentence) > size:
            out.append(now)
            now = ""
        now = f"{now} {sentence}.".strip()
    return out + [now] if now else out


def main():
    file, wanted = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    from bills import bills

    rng = random.Random(3)
    lines, pools = [], []
    for page in sorted(HANDBOOK.glob("*.html")):
        reader = Text()
        reader.feed(page.read_text(encoding="utf-8"))
        for text in passages_of(sentences(" ".join(reader.parts)), 900):
            lines.append((page.stem, page.stem.replace("-", " "), text))
    for number, text in enumerate(bills()):
        text = re.sub(r"^■[^\n]*\n", "", text)
        parts = sentences(text)
        if not parts:
            continue
        pools.append(parts)
        for passage in passages_of(parts, 350):
            lines.append((f"bill{number}", " ".join(parts[0].split()[:4]), passage))
    made = 0
    while len(lines) < wanted:
        first = rng.randrange(len(pools) - 4)
        near = [s for pool in pools[first : first + 4] for s in pool]
        rng.shuffle(near)
        for passage in passages_of(near[:16], 350):
            lines.append((f"made{made}", " ".join(near[0].split()[:4]), passage))
        made += 1
    del lines[wanted:]
    queries = []
    for _ in range(400):
        words = rng.choice(rng.choice(pools)).split()
        if len(queries) % 2 == 0:
            start = rng.randrange(max(1, len(words) - 5))
            words = [PARTICLE.sub("", w) or w for w in words[start : start + 5]]
        queries.append(" ".join(words))
    with open(file, "w", encoding="utf-8") as out:
        for line in lines:
            out.write("\t".join(field.replace("\t", " ").encode("utf-8", "ignore").decode() for field in line) + "\n")
    with open(f"{file}.queries", "w", encoding="utf-8") as out:
        for number, query in enumerate(queries):
            out.write(f"{number}\t\t{query}\n")
    print(f"{len(lines)} passages, {made} made documents")


if __name__ == "__main__":
    main()
