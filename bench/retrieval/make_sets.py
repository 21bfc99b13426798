#!/usr/bin/env python3
"""BEIR folders of Korean test sets, the same for the same arguments.

  make_sets.py known FOLDER       a few words of one sentence, particles and spaces as people leave them out → its bill
  make_sets.py paraphrase FOLDER  what a bill wants to change → the reasons it gives (the part shown to the index)
  make_sets.py gimp FOLDER        questions.tsv (hand-written) → pages of the GIMP help (Debian's gimp-help-ko)

Bills: PyPI korean-assembly-bills (CC-BY-4.0); ASSEMBLY_BILLS as in ../dedup/bills.py. Needs pyarrow for those.
"""

import argparse
import html.parser
import json
import pathlib
import random
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "dedup"))
HELP = pathlib.Path("/usr/share/gimp/2.0/help/ko")
HEADLINE = re.compile(r"^■[^\n]*\n")
REMEDY = re.compile(r"(?:^|\n|(?<=[음임]\. )|(?<=[음임]\.))\s*(이에,? |따라서,? |그러므로 )")
STATUTE = re.compile(r"\((?:안|현행법?|법|제)\s*제[^()]*\)|「|」|\([^()]*제\d+조[^()]*\)")
PARTICLES = ("으로부터", "에서는", "으로써", "에게", "에서", "으로", "까지", "부터", "에는", "라는", "이라", "하는", "하고",
             "은", "는", "이", "가", "을", "를", "의", "에", "로", "와", "과", "도", "만")


def write(folder, documents, queries):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "qrels").mkdir(exist_ok=True)
    with open(folder / "corpus.jsonl", "w", encoding="utf-8") as out:
        for key, title, text in documents:
            out.write(json.dumps({"_id": key, "title": title, "text": text}, ensure_ascii=False) + "\n")
    with open(folder / "queries.jsonl", "w", encoding="utf-8") as out:
        for key, text, _ in queries:
            out.write(json.dumps({"_id": key, "text": text}, ensure_ascii=False) + "\n")
    with open(folder / "qrels" / "test.tsv", "w", encoding="utf-8") as out:
        out.write("query-id\tcorpus-id\tscore\n")
        for key, _, judged in queries:
            for document, grade in judged.items():
                out.write(f"{key}\t{document}\t{grade}\n")
    print(f"{folder}: {len(documents)} documents, {len(queries)} queries")


def bills(count, seed):
    """(number in the data set, text) of a sample: long enough, and no two that begin alike."""
    from bills import bills as texts

    chosen, beginnings = [], set()
    order = [(i, HEADLINE.sub("", t).strip()) for i, t in enumerate(texts()) if t]
    random.Random(seed).shuffle(order)
    for number, text in order:
        if not 250 <= len(text) <= 1500 or text[:60] in beginnings:
            continue
        beginnings.add(text[:60])
        chosen.append((number, text))
        if len(chosen) == count:
            break
    return sorted(chosen)


def careless(sentence, rng):
    """Words of a sentence as a hurried person types them."""
    words = [re.sub(r"[^0-9A-Za-z가-힣]", "", w) for w in sentence.split()]
    words = [w for w in words if len(w) > 1]
    if len(words) < 8:
        return None
    start = rng.randrange(len(words) - 5)
    out = ""
    for word in words[start : start + 5]:
        for particle in PARTICLES:
            if word.endswith(particle) and len(word) >= len(particle) + 2:
                word = word[: -len(particle)]
                break
        out += word if not out or rng.random() < 0.25 else " " + word
    return out


def known(folder, count, asked, seed):
    chosen = bills(count, seed)
    rng = random.Random(seed + 1)
    queries = []
    for number, text in rng.sample(chosen, len(chosen)):
        sentences = [s for s in re.split(r"(?<=[음임다]\.)\s|\n", text) if len(s) > 60]
        query = careless(rng.choice(sentences), rng) if sentences else None
        if query:
            queries.append((f"k{number}", query, {str(number): 1}))
        if len(queries) == asked:
            break
    write(folder, [(str(n), "", t) for n, t in chosen], queries)


def paraphrase(folder, count, asked, seed):
    documents, queries = [], []
    for number, text in bills(count, seed):
        parts = list(REMEDY.finditer(text))
        if not parts:
            continue
        reasons, remedy = text[: parts[-1].start()].strip(), text[parts[-1].end() :].strip()
        remedy = STATUTE.sub("", remedy.split("\n")[0])
        if len(reasons) >= 120 and 40 <= len(remedy) <= 400:
            documents.append((str(number), "", reasons))
            queries.append((f"p{number}", remedy, {str(number): 1}))
    random.Random(seed + 2).shuffle(queries)
    write(folder, documents, queries[:asked])


class Page(html.parser.HTMLParser):
    """Title and text of a page of the help."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.title, self.text, self.inside, self.skipped = "", [], None, 0

    def handle_starttag(self, tag, attributes):
        classes = dict(attributes).get("class") or ""
        if self.skipped or "navheader" in classes or "navfooter" in classes or tag in ("script", "style"):
            self.skipped += tag not in ("img", "br", "hr", "link", "meta", "input", "col")
        elif tag == "title":
            self.inside = "title"
        elif tag in ("p", "li", "h1", "h2", "h3", "h4", "dt", "dd", "td", "div"):
            self.text.append("\n")

    def handle_endtag(self, tag):
        if self.skipped:
            self.skipped -= 1
        elif tag == "title":
            self.inside = None

    def handle_data(self, data):
        if self.skipped:
            return
        if self.inside == "title":
            self.title += data
        else:
            self.text.append(re.sub(r"\s+", " ", data))


def gimp(folder):
    documents = []
    for path in sorted(HELP.glob("*.html")):
        page = Page()
        page.feed(path.read_text(encoding="utf-8"))
        text = re.sub(r"\n\s*\n+", "\n\n", "".join(page.text)).strip()
        if text:
            documents.append((path.name, page.title.strip(), text))
    names = {name for name, _, _ in documents}
    queries = []
    for line in (pathlib.Path(__file__).parent / "questions.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        question, *pages = line.split("\t")
        missing = [page for page in pages if page not in names]
        if missing:
            sys.exit(f"questions.tsv names pages that are not there: {missing}")
        queries.append((f"g{len(queries) + 1}", question, {page: 2 if i == 0 else 1 for i, page in enumerate(pages)}))
    write(folder, documents, queries)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=["known", "paraphrase", "gimp"])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--documents", type=int, default=3000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    if arguments.set == "gimp":
        gimp(arguments.folder)
    else:
        {"known": known, "paraphrase": paraphrase}[arguments.set](
            arguments.folder, arguments.documents, arguments.queries, arguments.seed
        )


if __name__ == "__main__":
    main()
