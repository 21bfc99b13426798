// Tables of index.db.
#pragma once

namespace twin::stores {

/// documents and chunks: what was indexed; a chunk's text is NULL where it is the slice [start, end) of the prose.
/// passages, terms: words in FTS5, up to version 2.
/// codes: vectors as bytes, what a search scans; vectors: 32-bit floats, little-endian, what the best are rescored by.
/// Keys of chunks are never used again: the vectors in memory follow the database by comparing keys.
inline constexpr const char* kIndexV1 = R"sql(
CREATE TABLE meta(
  key TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO meta(key, value) VALUES('generation', '0'), ('model', ''), ('dimension', '0'), ('tokenizer', '0');

CREATE TABLE documents(
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  version INTEGER NOT NULL,
  feature_key TEXT NOT NULL,
  url TEXT NOT NULL,
  title TEXT NOT NULL,
  source TEXT NOT NULL,
  category TEXT NOT NULL,
  language TEXT NOT NULL,
  published INTEGER NOT NULL,
  weight REAL NOT NULL,
  author_ids TEXT NOT NULL,
  prose BLOB NOT NULL
);
CREATE INDEX documents_of_source ON documents(source);
CREATE INDEX documents_of_category ON documents(category);
CREATE INDEX documents_of_language ON documents(language);

CREATE TABLE document_authors(
  author TEXT NOT NULL,
  document INTEGER NOT NULL REFERENCES documents(key) ON DELETE CASCADE,
  PRIMARY KEY(author, document)
) WITHOUT ROWID;
CREATE INDEX document_authors_of ON document_authors(document);

CREATE TABLE chunks(
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  document INTEGER NOT NULL REFERENCES documents(key) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  document_version INTEGER NOT NULL,
  start INTEGER NOT NULL,
  end INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  headings TEXT NOT NULL,
  text BLOB,
  retrieval TEXT NOT NULL
);
CREATE UNIQUE INDEX chunks_of_document ON chunks(document, position);

CREATE TABLE codes(
  chunk INTEGER PRIMARY KEY REFERENCES chunks(key) ON DELETE CASCADE,
  scale REAL NOT NULL,
  codes BLOB NOT NULL
);

CREATE TABLE vectors(
  chunk INTEGER PRIMARY KEY REFERENCES chunks(key) ON DELETE CASCADE,
  vector BLOB NOT NULL
);

CREATE VIRTUAL TABLE passages USING fts5(headings, body, content='', tokenize='twin');
CREATE VIRTUAL TABLE terms USING fts5vocab(passages, 'row');
)sql";

/// The larger part of the document around a passage: stores::ParentSpan.
inline constexpr const char* kIndexParents = R"sql(
ALTER TABLE chunks ADD COLUMN parent_start INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chunks ADD COLUMN parent_end INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chunks ADD COLUMN parent_headings INTEGER NOT NULL DEFAULT 0;
)sql";

/// words: how often each passage holds which words, as pack() writes it; they are made again after this step, for their
/// tokenizer is set to none. removals: how many times passages were taken away, so that whoever follows the database by
/// keys knows when to look for those that are gone. words_cache, vectors_cache: checksums of the files that belong to
/// it.
inline constexpr const char* kIndexWords = R"sql(
DROP TABLE terms;
DROP TABLE passages;
CREATE TABLE words(
  chunk INTEGER PRIMARY KEY REFERENCES chunks(key) ON DELETE CASCADE,
  counts BLOB NOT NULL
);
UPDATE meta SET value = '0' WHERE key = 'tokenizer';
INSERT INTO meta(key, value) VALUES('removals', '0'), ('words_cache', ''), ('vectors_cache', '');
)sql";

/// Pictures that a passage shows, with vectors as in the table vectors: stores::IndexedPicture.
inline constexpr const char* kIndexPictures = R"sql(
CREATE TABLE pictures(
  chunk INTEGER NOT NULL REFERENCES chunks(key) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  source TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  vector BLOB NOT NULL,
  PRIMARY KEY(chunk, position)
) WITHOUT ROWID;
)sql";

}  // namespace twin::stores
