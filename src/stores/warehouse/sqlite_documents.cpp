// Documents and their versions: writing and reading.
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "stores/warehouse/sqlite_warehouse.h"

namespace twin::stores {
namespace {

using sqlite::Connection;
using sqlite::Query;

std::string dump_authors(const Document& document) {
  return Json(document.author_ids).dump();
}

std::string dump_metadata(const Document& document) {
  return Json(document.metadata).dump();
}

struct Current {
  std::int64_t key = 0;
  int version = 0;
  std::string content_hash;
  bool deleted = false;
};

std::optional<Current> current(Connection& c, const std::string& id) {
  Query query(c, "SELECT key, version, content_hash, deleted FROM documents WHERE id = ?", id);
  if (!query.step()) return std::nullopt;
  return Current{query.integer(0), query.small(1), query.text(2), query.flag(3)};
}

void add_version(Connection& c, std::int64_t document, const Document& d) {
  Query(c,
        "INSERT INTO versions(document, version, source, category, author_ids, title, raw_sha256, raw_type, language, "
        "published, fetched, content_hash, metadata) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        document, d.version, d.source, d.category, dump_authors(d), d.title, d.raw_sha256, d.raw_type, d.language,
        d.published, d.fetched, d.content_hash, dump_metadata(d))
      .run();
  Query(c, "INSERT INTO bodies(version, body) VALUES(?, ?)", sqlite::last_key(c), d.body).run();
}

void add_authors(Connection& c, std::int64_t document, const Document& d) {
  for (const auto& author : d.author_ids) {
    Query(c, "INSERT INTO document_authors(author, document) VALUES(?, ?) ON CONFLICT DO NOTHING", author, document)
        .run();
  }
}

std::int64_t add_document(Connection& c, const Document& d) {
  Query(c,
        "INSERT INTO documents(id, url, source, category, version, content_hash, deleted, deleted_at) "
        "VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
        d.id, d.url, d.source, d.category, d.version, d.content_hash, d.deleted, d.deleted_at)
      .run();
  const std::int64_t key = sqlite::last_key(c);
  add_authors(c, key, d);
  return key;
}

void make_current(Connection& c, std::int64_t document, const Document& d) {
  Query(c,
        "UPDATE documents SET source = ?, category = ?, version = ?, content_hash = ?, deleted = ?, deleted_at = ? "
        "WHERE key = ?",
        d.source, d.category, d.version, d.content_hash, d.deleted, d.deleted_at, document)
      .run();
  Query(c, "DELETE FROM document_authors WHERE document = ?", document).run();
  add_authors(c, document, d);
}

// The same content was seen again.
Upsert touch(Connection& c, const Current& now, UnixMillis fetched) {
  Query(c, "UPDATE versions SET fetched = max(fetched, ?) WHERE document = ? AND version = ?", fetched, now.key,
        now.version)
      .run();
  if (!now.deleted) return Upsert::unchanged;
  Query(c, "UPDATE documents SET deleted = 0, deleted_at = 0 WHERE key = ?", now.key).run();
  return Upsert::revived;
}

void put_origin(Connection& c, const Origin& o) {
  Query(c,
        "INSERT INTO origins(url, source, location, shown, key, stamp, missing) VALUES(?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT(url) DO UPDATE SET source = excluded.source, location = excluded.location, "
        "shown = excluded.shown, key = excluded.key, stamp = excluded.stamp, missing = excluded.missing",
        text::repair_utf8(o.url), text::repair_utf8(o.source), text::repair_utf8(o.location),
        text::repair_utf8(o.shown), o.key, o.stamp, o.missing)
      .run();
}

constexpr const char* kWithBody =
    "SELECT d.id, d.url, v.source, v.category, v.author_ids, v.title, b.body, v.raw_sha256, v.raw_type, "
    "v.language, v.published, v.fetched, v.content_hash, v.version, d.deleted AND d.version = v.version, "
    "d.deleted_at, v.metadata "
    "FROM documents d JOIN versions v ON v.document = d.key JOIN bodies b ON b.version = v.key "
    "WHERE d.key = ? AND v.version = ?";
constexpr const char* kWithoutBody =
    "SELECT d.id, d.url, v.source, v.category, v.author_ids, v.title, '', v.raw_sha256, v.raw_type, "
    "v.language, v.published, v.fetched, v.content_hash, v.version, d.deleted AND d.version = v.version, "
    "d.deleted_at, v.metadata "
    "FROM documents d JOIN versions v ON v.document = d.key "
    "WHERE d.key = ? AND v.version = ?";

Document load(Connection& c, std::int64_t document, int version, bool body = true) {
  Query q(c, body ? kWithBody : kWithoutBody, document, version);
  Document d;
  if (!q.step()) return d;
  d.id = q.text(0);
  d.url = q.text(1);
  d.source = q.text(2);
  d.category = q.text(3);
  d.author_ids = Json::parse(q.text(4)).get<std::vector<std::string>>();
  d.title = q.text(5);
  d.body = q.text(6);
  d.raw_sha256 = q.text(7);
  d.raw_type = q.text(8);
  d.language = q.text(9);
  d.published = q.integer(10);
  d.fetched = q.integer(11);
  d.content_hash = q.text(12);
  d.version = q.small(13);
  d.deleted = q.flag(14);
  d.deleted_at = d.deleted ? q.integer(15) : 0;
  d.metadata = Json::parse(q.text(16)).get<std::map<std::string, std::string>>();
  return d;
}

// The keys and current versions of the documents that pass, in order of id. Only keys are sorted, never bodies.
Query select(Connection& c, const DocumentFilter& filter) {
  std::string sql = "SELECT d.key, d.version FROM documents d WHERE 1";
  std::vector<std::string> values;
  const auto where = [&](const char* condition, const std::string& value) {
    if (value.empty()) return;
    sql += condition;
    values.push_back(value);
  };
  where(" AND d.source = ?", filter.source);
  where(" AND d.category = ?", filter.category);
  where(" AND d.key IN (SELECT document FROM document_authors WHERE author = ?)", filter.author_id);
  where(" AND d.id > ?", filter.after_id);
  where(" AND d.url >= ?", filter.url_prefix);
  // No UTF-8 text holds the byte FF: this bounds every URL that begins with the prefix.
  where(" AND d.url < ?", filter.url_prefix.empty() ? "" : filter.url_prefix + '\xff');
  if (!filter.include_deleted) sql += " AND NOT d.deleted";
  return Query(c, sql + " ORDER BY d.id", values);
}

// What was brought in from elsewhere belongs to the source it names, which is to make it again.
void originate(Connection& c, const Document& d) {
  const auto location = d.metadata.find(source_location_key);
  if (d.deleted || location == d.metadata.end()) {
    Query(c, "DELETE FROM origins WHERE url = ?", d.url).run();
  } else {
    put_origin(c, {d.url, d.source, location->second, d.url, {}, {}, 0});
  }
}

}  // namespace

Upsert SqliteWarehouse::upsert(Document& document) {
  repair_text(document);
  document.id = document_id(document.url);
  document.content_hash = content_hash(document);
  document.deleted = false;
  document.deleted_at = 0;
  return store_.write([&](Connection& c) {
    const auto now = current(c, document.id);
    if (!now) {
      document.version = 1;
      add_version(c, add_document(c, document), document);
      return Upsert::inserted;
    }
    if (now->content_hash == document.content_hash) {
      document.version = now->version;
      return touch(c, *now, document.fetched);
    }
    document.version = now->version + 1;
    add_version(c, now->key, document);
    make_current(c, now->key, document);
    return now->deleted ? Upsert::revived : Upsert::updated;
  });
}

bool SqliteWarehouse::tombstone(const std::string& id, UnixMillis when) {
  return store_.write([&](Connection& c) {
    return Query(c, "UPDATE documents SET deleted = 1, deleted_at = ? WHERE id = ? AND NOT deleted", when, id).run() >
           0;
  });
}

void SqliteWarehouse::restore(const Document& given) {
  Document document = given;
  if (document.version < 1) {
    store_.batch([&] {
      upsert(document);
      store_.write([&](Connection& c) { originate(c, document); });
    });
    return;
  }
  repair_text(document);
  const std::string id = document_id(document.url);
  if (!document.id.empty() && document.id != id) {
    throw Fatal(ErrorKind::invalid, tr("The id of a document must be that of its URL: {}", id), document.url);
  }
  document.id = id;
  document.content_hash = content_hash(document);
  store_.write([&](Connection& c) {
    const auto now = current(c, id);
    const auto key = now ? now->key : add_document(c, document);
    Query(c, "DELETE FROM versions WHERE document = ? AND version = ?", key, document.version).run();
    add_version(c, key, document);
    if (now && now->version > document.version) return;
    if (now) make_current(c, key, document);
    originate(c, document);
  });
}

void SqliteWarehouse::restore_all(std::span<const Document> documents) {
  store_.batch([&] {
    for (const Document& document : documents) restore(document);
  });
}

void SqliteWarehouse::set_origin(const Origin& origin) {
  store_.write([&](Connection& c) { put_origin(c, origin); });
}

bool SqliteWarehouse::remove_origin(const std::string& url) {
  return store_.write([&](Connection& c) { return Query(c, "DELETE FROM origins WHERE url = ?", url).run() > 0; });
}

void SqliteWarehouse::each_origin(const std::string& source, const std::string& location,
                                  const std::function<bool(Origin&&)>& visit) {
  store_.read([&](Connection& c) {
    Query rows(c, "SELECT url, shown, key, stamp, missing FROM origins WHERE source = ? AND location = ? ORDER BY url",
               source, location);
    while (rows.step()) {
      if (!visit({rows.text(0), source, location, rows.text(1), rows.text(2), rows.text(3), rows.small(4)})) return;
    }
  });
}

void SqliteWarehouse::each_origin(const std::function<bool(Origin&&)>& visit) {
  store_.read([&](Connection& c) {
    Query rows(c, "SELECT url, source, location, shown, key, stamp, missing FROM origins ORDER BY url");
    while (rows.step()) {
      if (!visit({rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4), rows.text(5), rows.small(6)})) {
        return;
      }
    }
  });
}

std::optional<Document> SqliteWarehouse::document(const std::string& id, int version) {
  return store_.read([&](Connection& c) -> std::optional<Document> {
    const auto now = current(c, id);
    if (!now) return std::nullopt;
    Document found = load(c, now->key, version > 0 ? version : now->version);
    if (found.id.empty()) return std::nullopt;
    return found;
  });
}

void SqliteWarehouse::each(const DocumentFilter& filter, const std::function<bool(Document&&)>& visit) {
  store_.read([&](Connection& c) {
    Query keys = select(c, filter);
    while (keys.step()) {
      if (!visit(load(c, keys.integer(0), keys.small(1), filter.bodies))) return;
    }
  });
}

void SqliteWarehouse::each_version(const DocumentFilter& filter, const std::function<bool(Document&&)>& visit) {
  store_.read([&](Connection& c) {
    Query keys = select(c, filter);
    while (keys.step()) {
      Query versions(c, "SELECT version FROM versions WHERE document = ? ORDER BY version", keys.integer(0));
      while (versions.step()) {
        if (!visit(load(c, keys.integer(0), versions.small(0), filter.bodies))) return;
      }
    }
  });
}

}  // namespace twin::stores
