#!/usr/bin/env python3
"""BEIR folders of test sets, the same for the same arguments.

  make_sets.py known FOLDER       a few words of one sentence, particles and spaces as people leave them out → its bill
  make_sets.py paraphrase FOLDER  what a bill wants to change → the reasons it gives (the part shown to the index)

and of questions written by hand (questions/*.tsv, of the handbook examples/debian-handbook):

  make_sets.py bills FOLDER         → the bills that they were written for
  make_sets.py gimp FOLDER          → pages of the GIMP help (Debian's gimp-help-ko), gimp-english: those in English
  make_sets.py git FOLDER           → pages of git-doc and developers-reference
  make_sets.py handbook FOLDER      → pages of the Debian handbook (debian-handbook)

Bills: PyPI korean-assembly-bills (CC-BY-4.0); ASSEMBLY_BILLS as in ../dedup/bills.py. Needs pyarrow for those, PyYAML
for the handbook.
"""

import argparse
import html.parser
import json
import pathlib
import random
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "dedup"))
HERE = pathlib.Path(__file__).resolve().parent
SHARE = pathlib.Path("/usr/share")
PAGES = {
    "gimp": [SHARE / "gimp/2.0/help/ko"],
    "gimp-english": [SHARE / "gimp/2.0/help/ko"],
    "git": [SHARE / "doc/git/html", SHARE / "developers-reference"],
    "handbook": [SHARE / "doc/debian-handbook/html/en-US"],
}
WHOLE = {"developers-reference.html"}  # all chapters on one page
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


def pages(name):
    """(file name, title, text) of the pages that a set's questions are about."""
    documents = []
    for path in sorted(p for place in PAGES[name] for p in place.glob("*.html")):
        if path.name in WHOLE or (path.name == "index.html" and not name.startswith("gimp")):
            continue
        page = Page()
        page.feed(path.read_text(encoding="utf-8"))
        text = re.sub(r"\n\s*\n+", "\n\n", "".join(page.text)).strip()
        if text:
            documents.append((path.name, page.title.strip(), text))
    return documents


def questions(name):
    """(question, [documents that answer it, the best one first])"""
    if name == "handbook":
        import yaml

        for kind in ("direct", "paraphrased"):
            file = HERE.parent.parent / f"examples/debian-handbook/questions-{kind}.yaml"
            for entry in yaml.safe_load(file.read_text(encoding="utf-8"))["questions"]:
                yield entry["question"], entry["pages"]
        return
    for line in (HERE / f"questions/{name}.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            question, *answers = line.split("\t")
            yield question, answers


def written(folder, name):
    documents = [(str(n), "", text) for n, text in bills(1500, 5)] if name == "bills" else pages(name)
    names = {key for key, _, _ in documents}
    queries = []
    for question, answers in questions(name):
        if missing := [answer for answer in answers if answer not in names]:
            sys.exit(f"the questions of {name} name documents that are not there: {missing}")
        further = 1 if name == "gimp" else 2  # elsewhere all of them answer
        grades = {answer: 2 if i == 0 else further for i, answer in enumerate(answers)}
        queries.append((f"q{len(queries) + 1}", question, grades))
    write(folder, documents, queries)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=["known", "paraphrase", "bills", *PAGES])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--documents", type=int, default=3000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    made = {"known": known, "paraphrase": paraphrase}
    if arguments.set in made:
        made[arguments.set](arguments.folder, arguments.documents, arguments.queries, arguments.seed)
    else:
        written(arguments.folder, arguments.set)


if __name__ == "__main__":
    main()
