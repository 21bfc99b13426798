"""What storing costs in Python: store.py sqlite|mongo PLACE DOCUMENTS

The same documents as store.cpp, with what Twin keeps of them: a row per document, a row per version, the body apart, the
origin, unique URL, indexes on source, category and author; SHA-256 of id and content; the same settings of SQLite; one
commit for 256 documents, synced. `sqlite` takes a file, `mongo` an address with a database (bulk writes of 256; pymongo up
to 4.8 talks to mongo-java-server). Prints CPU (user and system) per document, now and then and over all.
"""

import hashlib
import json
import resource
import sqlite3
import sys

BATCH = 256


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


ENGLISH = ["The server ", "keeps every version ", "of a note, ", "and a crash ", "loses none. ", "We measured it ", "on two cores. "]
KOREAN = ["서버는 ", "모든 판을 ", "보관하고 ", "중간에 멈춰도 ", "잃지 않는다. ", "두 코어에서 ", "재어 보았다. "]


def body(number):
    words = ENGLISH if number % 2 == 0 else KOREAN
    size = 1000 + number * 7919 % 3000
    parts, have, at = [f"# Note {number}\n\n"], 0, number
    while have < size:
        at = (at * 1103515245 + 12345) & 0x7FFFFFFF
        parts.append(words[(at >> 8) % len(words)])
        have += len(parts[-1].encode())
    return "".join(parts)


def sha(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode())
    return digest.hexdigest()


def document(number):
    url = f"https://example.org/{number % 97}/notes-on-things/{number}"
    text = body(number)
    return {
        "id": "doc_" + sha("doc", url)[:24], "url": url, "source": "folder", "category": "articles",
        "author_ids": ["user_1"], "title": f"Note {number}", "body": text, "raw_sha256": sha(text),
        "raw_type": "text/markdown", "language": "en" if number % 2 == 0 else "ko",
        "published": 1_600_000_000_000 + number, "fetched": 1_700_000_000_000 + number,
        "metadata": {"path": f"notes/{number}.md", "source_location": "/home/me/notes"},
    }


class Sqlite:
    def __init__(self, place):
        self.db = sqlite3.connect(place, isolation_level=None)
        self.db.executescript(
            """PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
            PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 8000;
            CREATE TABLE documents(key INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, url TEXT UNIQUE NOT NULL,
              source TEXT, category TEXT, version INT, content_hash TEXT, deleted INT, deleted_at INT);
            CREATE INDEX a ON documents(source); CREATE INDEX b ON documents(category);
            CREATE TABLE authors(author TEXT, document INT REFERENCES documents(key), PRIMARY KEY(author, document));
            CREATE TABLE versions(key INTEGER PRIMARY KEY, document INT REFERENCES documents(key), version INT, source TEXT,
              category TEXT, author_ids TEXT, title TEXT, raw_sha256 TEXT, raw_type TEXT, language TEXT, published INT,
              fetched INT, content_hash TEXT, metadata TEXT, UNIQUE(document, version));
            CREATE TABLE bodies(version INTEGER PRIMARY KEY REFERENCES versions(key), body TEXT);
            CREATE TABLE origins(url TEXT PRIMARY KEY, source TEXT, location TEXT, stamp TEXT);"""
        )

    def write(self, documents):
        run = self.db.execute
        run("BEGIN IMMEDIATE")
        for d in documents:
            content = sha(d["title"], d["body"], d["category"], *d["author_ids"])
            row = run("SELECT key, version, content_hash FROM documents WHERE id = ?", (d["id"],)).fetchone()
            if row is not None and row[2] == content:
                run("UPDATE versions SET fetched = max(fetched, ?) WHERE document = ? AND version = ?",
                    (d["fetched"], row[0], row[1]))
                continue
            key = run("INSERT INTO documents(id, url, source, category, version, content_hash, deleted, deleted_at) "
                      "VALUES(?, ?, ?, ?, 1, ?, 0, 0)", (d["id"], d["url"], d["source"], d["category"], content)).lastrowid
            for author in d["author_ids"]:
                run("INSERT INTO authors VALUES(?, ?)", (author, key))
            version = run(
                "INSERT INTO versions(document, version, source, category, author_ids, title, raw_sha256, raw_type, "
                "language, published, fetched, content_hash, metadata) VALUES(?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (key, d["source"], d["category"], json.dumps(d["author_ids"]), d["title"], d["raw_sha256"], d["raw_type"],
                 d["language"], d["published"], d["fetched"], content, json.dumps(d["metadata"])),
            ).lastrowid
            run("INSERT INTO bodies VALUES(?, ?)", (version, d["body"]))
            run("INSERT INTO origins VALUES(?, ?, ?, ?)", (d["url"], d["source"], "/home/me/notes", "1:2"))
        run("COMMIT")


class Mongo:
    def __init__(self, place):
        import pymongo

        self.pymongo = pymongo
        self.db = pymongo.MongoClient(place, retryWrites=False).get_default_database()
        self.db.documents.create_index("url", unique=True)
        for key in ("source", "category", "author_ids"):
            self.db.documents.create_index([(key, 1), ("_id", 1)])

    def write(self, documents):
        upsert = self.pymongo.UpdateOne
        rows, bodies, origins = [], [], []
        for d in documents:
            d = dict(d)
            d["content_hash"] = sha(d["title"], d["body"], d["category"], *d["author_ids"])
            text = d.pop("body")
            d["body"] = sha(text)
            bodies.append(upsert({"_id": d["body"]}, {"$setOnInsert": {"text": text}}, upsert=True))
            key = d.pop("id")
            rows.append(upsert({"_id": key}, {"$set": d, "$setOnInsert": {"version": 1, "deleted": False}}, upsert=True))
            origins.append(upsert({"_id": d["url"]}, {"$set": {"source": d["source"], "stamp": "1:2"}}, upsert=True))
        self.db.bodies.bulk_write(bodies, ordered=False)
        self.db.documents.bulk_write(rows, ordered=False)
        self.db.origins.bulk_write(origins, ordered=False)


def main():
    kind, place, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    store = Sqlite(place) if kind == "sqlite" else Mongo(place)
    spent, last, told, next_ = 0.0, 0.0, 0, 1_000
    for start in range(0, count, BATCH):
        made = [document(number) for number in range(start, min(start + BATCH, count))]
        before = cpu()
        store.write(made)
        spent += cpu() - before
        done = min(start + BATCH, count)
        if done >= next_ and count > next_:
            print(json.dumps({"what": f"python {kind}", "documents": done, "cpu_ms_each": round(1e3 * (spent - last) / (done - told), 4)}))
            last, told, next_ = spent, done, 10_000 if done < 10_000 else done + 30_000
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"what": f"python {kind}, all", "documents": count, "cpu_ms_each": round(1e3 * spent / count, 4), "peak_mb": round(peak, 1)}))


if __name__ == "__main__":
    main()
