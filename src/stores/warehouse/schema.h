// Tables of warehouse.db.
#pragma once

#include "stores/sqlite/store.h"

namespace twin::stores {

/// users and user_names: a person and every name they are known by, each name (case-folded) belonging to one person;
/// position 0 is the name itself. documents: one row per canonical URL, what is current. versions: one row per content
/// hash seen, never changed but for `fetched`; the body lies apart so that touching `fetched` does not rewrite it.
inline constexpr const char* kWarehouseV1 = R"sql(
CREATE TABLE users(
  id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE user_names(
  folded TEXT PRIMARY KEY NOT NULL,
  user TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  name TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX user_names_of ON user_names(user, position);

CREATE TABLE documents(
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  url TEXT NOT NULL UNIQUE,
  source TEXT NOT NULL,
  category TEXT NOT NULL,
  version INTEGER NOT NULL,
  content_hash TEXT NOT NULL,
  deleted INTEGER NOT NULL,
  deleted_at INTEGER NOT NULL
);
CREATE INDEX documents_of_source ON documents(source, id);
CREATE INDEX documents_of_category ON documents(category, id);

CREATE TABLE document_authors(
  author TEXT NOT NULL,
  document INTEGER NOT NULL REFERENCES documents(key) ON DELETE CASCADE,
  PRIMARY KEY(author, document)
) WITHOUT ROWID;
CREATE INDEX document_authors_of ON document_authors(document);

CREATE TABLE versions(
  key INTEGER PRIMARY KEY,
  document INTEGER NOT NULL REFERENCES documents(key) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  source TEXT NOT NULL,
  category TEXT NOT NULL,
  author_ids TEXT NOT NULL,
  title TEXT NOT NULL,
  raw_sha256 TEXT NOT NULL,
  raw_type TEXT NOT NULL,
  language TEXT NOT NULL,
  published INTEGER NOT NULL,
  fetched INTEGER NOT NULL,
  content_hash TEXT NOT NULL,
  metadata TEXT NOT NULL,
  UNIQUE(document, version)
);

CREATE TABLE bodies(
  version INTEGER PRIMARY KEY REFERENCES versions(key) ON DELETE CASCADE,
  body TEXT NOT NULL
);

CREATE TABLE cursors(
  key TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) WITHOUT ROWID;
)sql";

/// origins: which source keeps a document current. Filled from the documents of before, to be read again.
inline constexpr const char* kWarehouseV2 = R"sql(
CREATE TABLE origins(
  url TEXT PRIMARY KEY NOT NULL,
  source TEXT NOT NULL,
  location TEXT NOT NULL,
  shown TEXT NOT NULL,
  key TEXT NOT NULL,
  stamp TEXT NOT NULL,
  missing INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX origins_of ON origins(source, location, url);
INSERT INTO origins
  SELECT d.url, d.source, json_extract(v.metadata, '$.source_location'), d.url, '', '', 0
  FROM documents d JOIN versions v ON v.document = d.key AND v.version = d.version
  WHERE NOT d.deleted AND json_extract(v.metadata, '$.source_location') IS NOT NULL;
)sql";

/// The digest is kept with the number of changes it belongs to, so that asking again costs nothing; the triggers count,
/// whoever writes. documents_deleted holds the few rows that counts() asks for. Indexes by source and category no
/// longer hold the id, which is random: each document dirtied a page of its own in them, and storing grew dearer with
/// the number of documents. Sorting the keys of one source when it is asked for is cheap.
inline constexpr const char* kWarehouseV3 = R"sql(
CREATE TABLE digests(
  one INTEGER PRIMARY KEY CHECK(one = 1),
  changes INTEGER NOT NULL,
  digest_at INTEGER NOT NULL,
  digest TEXT NOT NULL
);
INSERT INTO digests(one, changes, digest_at, digest) VALUES(1, 0, -1, '');
CREATE TRIGGER documents_added AFTER INSERT ON documents BEGIN
  UPDATE digests SET changes = changes + 1;
END;
CREATE TRIGGER documents_changed AFTER UPDATE OF id, version, content_hash, deleted ON documents BEGIN
  UPDATE digests SET changes = changes + 1;
END;
CREATE TRIGGER documents_removed AFTER DELETE ON documents BEGIN
  UPDATE digests SET changes = changes + 1;
END;
CREATE INDEX documents_deleted ON documents(id) WHERE deleted;
DROP INDEX documents_of_source;
CREATE INDEX documents_of_source ON documents(source);
DROP INDEX documents_of_category;
CREATE INDEX documents_of_category ON documents(category);
)sql";

}  // namespace twin::stores
