#!/usr/bin/env python3
"""`twin ask` up to the assembled prompt beside the same chain of LangChain, sentence-transformers and Qdrant (local).

  chain.py --home PROJECT --folder SENTENCE_TRANSFORMERS_FOLDER [--questions FILE…] [--rounds 2] [--threads N]
           [--search] [--twin build/release/bin/twin]

Both sides search the passages of the project's index by the same embedding model and end with a prompt that holds the
best `-k` passages and the question. They take turns, question by question, in one run, both warm.

- Twin: a running server is asked over HTTP for the prompt (`prompt_only`: nothing is generated); wall time is the whole
  request's, CPU time that of the server and of all its workers: the chat worker counts the prompt's tokens.
  With --search, /v1/search is asked instead: nothing is assembled.
- LangChain: in this process, `retriever | format | prompt` of its expression language, invoked; CPU time is that of the
  process with all its threads. It searches by vectors alone, while Twin searches by words, too, and joins both.

LangChain's store is filled with the index's own vectors, which are those of the same model (cosine above 0.999, see
encode.py), so that nothing is embedded twice. Needs langchain-core, langchain-huggingface, langchain-qdrant,
qdrant-client, sentence-transformers.
"""

import argparse
import array
import json
import os
import pathlib
import re
import signal
import sqlite3
import statistics
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
QUESTIONS = [ROOT / "examples/debian-handbook" / f"questions-{kind}.yaml" for kind in ("direct", "paraphrased")]
LINE = re.compile(r'^\s*- \{question: ("(?:[^"\\]|\\.)*")')
TICKS = os.sysconf("SC_CLK_TCK")
PROMPT = """{context}

Using the passages above, answer this question: {question}"""


def passages(home):
    """(text that is embedded, vector, title, text) of every passage of a project's index."""
    index = sqlite3.connect(f"file:{home}/.twin/index/index.db?mode=ro", uri=True)
    rows = index.execute(
        "SELECT c.retrieval, v.vector, d.title, c.text, d.prose, c.start, c.end FROM chunks c JOIN vectors v "
        "ON v.chunk = c.key JOIN documents d ON d.key = c.document ORDER BY c.key")
    for retrieval, vector, title, text, prose, start, end in rows:
        body = text if text is not None else prose[start:end]
        yield retrieval, array.array("f", vector).tolist(), title, body.decode("utf-8", "replace")


class Chain:
    """LangChain's."""

    def __init__(self, arguments):
        import torch
        from langchain_core.prompts import ChatPromptTemplate
        from langchain_core.runnables import RunnablePassthrough
        from langchain_huggingface import HuggingFaceEmbeddings
        from langchain_qdrant import QdrantVectorStore
        from qdrant_client import QdrantClient, models

        torch.set_num_threads(arguments.threads)
        embeddings = HuggingFaceEmbeddings(model_name=arguments.folder, model_kwargs={"device": "cpu"},
                                           encode_kwargs={"normalize_embeddings": True})
        client = QdrantClient(":memory:")
        rows = list(passages(arguments.home))
        client.create_collection("chain", vectors_config=models.VectorParams(size=len(rows[0][1]),
                                                                             distance=models.Distance.COSINE))
        client.upload_points("chain", [
            models.PointStruct(id=number, vector=vector,
                               payload={"page_content": text, "metadata": {"title": title, "retrieval": retrieval}})
            for number, (retrieval, vector, title, text) in enumerate(rows)])
        self.count = len(rows)
        store = QdrantVectorStore(client=client, collection_name="chain", embedding=embeddings)

        def format_documents(documents):
            return "\n\n".join(f"[{n}] {each.metadata['title']}\n{each.page_content}"
                               for n, each in enumerate(documents, 1))

        self.chain = ({"context": store.as_retriever(search_kwargs={"k": arguments.k}) | format_documents,
                       "question": RunnablePassthrough()} | ChatPromptTemplate.from_template(PROMPT))

    def ask(self, question):
        """Wall and CPU milliseconds."""
        wall, cpu = time.perf_counter(), time.process_time()
        prompt = self.chain.invoke(question)
        assert question in prompt.to_messages()[0].content
        return (time.perf_counter() - wall) * 1e3, (time.process_time() - cpu) * 1e3


def cpu_ms(pid):
    """User and system time of a process so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS * 1e3


def children(pid):
    """Processes below `pid`."""
    parents = {}
    for each in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parents[int(each.name)] = int(each.joinpath("stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, ValueError):
            continue
    below = {pid}
    while more := {one for one, parent in parents.items() if parent in below} - below:
        below |= more
    return below - {pid}


class Server:
    """Twin's, started for the run."""

    def __init__(self, arguments):
        self.k, self.search = arguments.k, arguments.search
        self.process = subprocess.Popen(
            [arguments.twin, "--home", arguments.home, "--json", "--set", "serve.port=0", "serve"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = json.loads(self.process.stdout.readline())["url"].rstrip("/")
        self.counted = [self.process.pid, *children(self.process.pid)]
        if len(self.counted) < 3:
            raise SystemExit(f"not all workers are there: {self.counted}")

    def cpu(self):
        return sum(cpu_ms(pid) for pid in self.counted)

    def ask(self, question):
        """Milliseconds of a request."""
        path, body = "/v1/search", {"query": question, "k": self.k}
        if not self.search:
            path = "/v1/chat/completions"
            body = {"model": "twin", "messages": [{"role": "user", "content": question}], "prompt_only": True,
                    "k": self.k}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        started = time.perf_counter()
        with urllib.request.urlopen(request, timeout=600) as response:
            answer = json.load(response)
        assert answer["results"] if self.search else question in answer["prompt"][-1]["content"]
        return (time.perf_counter() - started) * 1e3

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)


def line(name, wall, cpu):
    wall = sorted(wall)
    return (f"{name:<12} {statistics.median(wall):>9.1f} {wall[int(0.9 * len(wall))]:>9.1f} "
            f"{statistics.fmean(wall):>9.1f} {cpu:>12.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--questions", nargs="*", type=pathlib.Path, default=QUESTIONS)
    parser.add_argument("-k", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--search", action="store_true")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--twin", default=str(ROOT / "build/release/bin/twin"))
    arguments = parser.parse_args()
    questions = [json.loads(found.group(1)) for file in arguments.questions
                 for text in file.read_text(encoding="utf-8").splitlines() if (found := LINE.match(text))]
    chain, server = Chain(arguments), Server(arguments)
    try:
        for question in questions[:5]:  # warm-up
            chain.ask(question)
            server.ask(question)
        ours, theirs = [], []
        cpu, peer_cpu = 0.0, 0.0
        for _ in range(arguments.rounds):
            for question in questions:
                before = server.cpu()
                ours.append(server.ask(question))
                cpu += server.cpu() - before
                wall, used = chain.ask(question)
                theirs.append(wall)
                peer_cpu += used
    finally:
        server.stop()
    count = len(ours)
    print(f"{chain.count} passages, {len(questions)} questions, {arguments.rounds} rounds, k {arguments.k}, "
          f"{arguments.threads} threads\n")
    print(f"{'ms':<12} {'p50':>9} {'p90':>9} {'mean':>9} {'CPU, mean':>12}")
    print(line("twin", ours, cpu / count))
    print(line("LangChain", theirs, peer_cpu / count))
    print(f"\nratio: p50 {statistics.median(ours) / statistics.median(theirs):.2f}, "
          f"CPU {cpu / peer_cpu:.2f} (asked: 0.10)")


if __name__ == "__main__":
    main()
