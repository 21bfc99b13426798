// Writing documents: every change is one atomic change of one row, after the bodies it names.
#include <map>

#include "core/hash.h"
#include "core/i18n.h"
#include "stores/warehouse/mongo/mongo_warehouse.h"

namespace twin::stores::mongo {
namespace {

/// What readers of the current version need of a row.
Bson without_past() {
  return bson("projection", bson("past", 0));
}

Bson by_id(const std::string& id) {
  return bson("_id", id);
}

/// The row, unless somebody changed it since.
Bson unchanged(View row) {
  return bson("_id", row.text("_id"), "rev", row.integer("rev"));
}

void prepare(Document& document) {
  repair_text(document);
  document.id = document_id(document.url);
  document.content_hash = content_hash(document);
  document.deleted = false;
  document.deleted_at = 0;
}

Bson fresh_row(const Document& d, const std::string& body_sha256, const std::string& token) {
  return bson("_id", d.id, "url", d.url, "deleted", d.deleted, "deleted_at", Date{d.deleted_at}, "rev", std::int64_t{1},
              "writer", token, "current", entry_of(d, body_sha256), "past", std::vector<Bson>{}, "past_bytes",
              std::int64_t{0}, "versions", std::int64_t{1}, "spilled", std::vector<Bson>{});
}

/// Cuts what would make a row too large into chunks of `history`, oldest first, and writes them.
std::vector<Bson> write_history(Database& database, const std::string& id, std::map<int, Bson>& past) {
  std::vector<Bson> references;
  std::vector<Bson> chunk;
  std::int64_t bytes = 0;
  int last = 0;
  const auto flush = [&] {
    if (chunk.empty()) return;
    const std::string name = id + "/" + std::to_string(last);
    database.replace(kHistory, by_id(name), bson("_id", name, "entries", chunk), /*upsert=*/true);
    references.push_back(bson("last", last, "count", static_cast<std::int64_t>(chunk.size())));
    chunk.clear();
    bytes = 0;
  };
  for (auto& [version, entry] : past) {
    if (bytes + entry.size() > kSpillBytes) flush();
    bytes += entry.size();
    last = version;
    chunk.push_back(std::move(entry));
  }
  flush();
  past.clear();
  return references;
}

}  // namespace

std::optional<Bson> MongoWarehouse::row(const std::string& id) {
  return database_.find_one(kDocuments, by_id(id), without_past());
}

void MongoWarehouse::put_body(const std::string& sha256, std::string_view text) {
  for (const Bson& part : body_rows(sha256, text)) static_cast<void>(database_.insert(kBodies, part));
}

Upsert MongoWarehouse::upsert(Document& document) {
  prepare(document);
  const std::string token = random_id("write");
  const std::string body = sha256_hex(document.body);
  std::optional<Upsert> tried;  // what this call may have done without hearing of it
  for (;;) {                    // again when another writer got in between
    const auto now = row(document.id);
    if (!now) {
      document.version = 1;
      put_body(body, document.body);
      tried = Upsert::inserted;
      if (database_.insert(kDocuments, fresh_row(document, body, token))) return *tried;
      continue;
    }
    const View view(*now);
    const View current = view.child("current");
    const bool deleted = view.flag("deleted");
    if (tried && view.text("writer") == token) return *tried;
    if (current.text("content_hash") == document.content_hash) {
      document.version = current.small("version");
      if (!deleted) {
        const Bson same = bson("_id", document.id, "current.content_hash", document.content_hash);
        const Bson touch = bson("$max", bson("current.fetched", Date{document.fetched}));
        if (database_.update(kDocuments, same, touch) > 0) return Upsert::unchanged;
        continue;
      }
      tried = Upsert::revived;
      const Bson revive =
          bson("$max", bson("current.fetched", Date{document.fetched}), "$set",
               bson("deleted", false, "deleted_at", Date{0}, "writer", token), "$inc", bson("rev", std::int64_t{1}));
      if (database_.update(kDocuments, unchanged(view), revive) > 0) return *tried;
      continue;
    }
    if (view.integer("past_bytes") > kSpillBytes) {
      spill(view);
      continue;
    }
    document.version = current.small("version") + 1;
    put_body(body, document.body);
    tried = deleted ? Upsert::revived : Upsert::updated;
    const Bson old = current.copy();
    const Bson change = bson(
        "$set", bson("current", entry_of(document, body), "deleted", false, "deleted_at", Date{0}, "writer", token),
        "$inc",
        bson("rev", std::int64_t{1}, "versions", std::int64_t{1}, "past_bytes", static_cast<std::int64_t>(old.size())),
        "$push", bson("past", old));
    if (database_.update(kDocuments, unchanged(view), change) > 0) return *tried;
  }
}

bool MongoWarehouse::tombstone(const std::string& id, UnixMillis when) {
  const std::string token = random_id("write");
  const Bson mark = bson("$set", bson("deleted", true, "deleted_at", Date{when}, "writer", token), "$inc",
                         bson("rev", std::int64_t{1}));
  if (database_.update(kDocuments, bson("_id", id, "deleted", false), mark) > 0) return true;
  const auto now = row(id);  // ours, when the answer was lost
  return now && View(*now).text("writer") == token;
}

void MongoWarehouse::spill(View now) {
  const std::string id = now.text("_id");
  const auto whole = database_.find_one(kDocuments, unchanged(now));
  if (!whole) return;  // changed meanwhile
  std::map<int, Bson> past;
  for (const View& entry : View(*whole).children("past")) past.emplace(entry.small("version"), entry.copy());
  std::vector<Bson> spilled;
  for (const View& reference : View(*whole).children("spilled")) spilled.push_back(reference.copy());
  for (Bson& reference : write_history(database_, id, past)) spilled.push_back(std::move(reference));
  database_.update(kDocuments, unchanged(now),
                   bson("$set", bson("past", std::vector<Bson>{}, "past_bytes", std::int64_t{0}, "spilled", spilled),
                        "$inc", bson("rev", std::int64_t{1})));
}

void MongoWarehouse::restore(const Document& document) {
  restore_all({&document, 1});
}

void MongoWarehouse::restore_all(std::span<const Document> documents) {
  std::vector<Document> group;
  const auto flush = [&] {
    if (!group.empty()) restore_document(group);
    group.clear();
  };
  for (const Document& given : documents) {
    Document document = given;
    if (document.version < 1) {
      flush();
      upsert(document);
      originate(document);
      continue;
    }
    repair_text(document);
    const std::string id = document_id(document.url);
    if (!document.id.empty() && document.id != id) {
      throw Fatal(ErrorKind::invalid, tr("The id of a document must be that of its URL: {}", id), document.url);
    }
    document.id = id;
    document.content_hash = content_hash(document);
    if (!group.empty() && group.front().id != id) flush();
    group.push_back(std::move(document));
  }
  flush();
}

/// `versions`: of one document, each prepared.
void MongoWarehouse::restore_document(std::span<const Document> versions) {
  const std::string id = versions.front().id;
  std::vector<std::string> bodies;
  std::vector<Bson> parts;
  std::size_t bytes = 0;
  const auto put = [&] {
    database_.insert_missing(kBodies, parts);
    parts.clear();
    bytes = 0;
  };
  for (const Document& version : versions) {
    bodies.push_back(sha256_hex(version.body));
    for (Bson& part : body_rows(bodies.back(), version.body)) parts.push_back(std::move(part));
    if (bytes += version.body.size(); bytes > kPartBytes) put();
  }
  put();
  const std::string token = random_id("write");
  for (;;) {  // again when another writer got in between
    const auto now = database_.find_one(kDocuments, by_id(id));
    const View view = now ? View(*now) : View();
    std::map<int, Bson> past;
    for (const View& entry : view.children("past")) past.emplace(entry.small("version"), entry.copy());
    std::vector<Bson> spilled;
    for (const View& reference : view.children("spilled")) spilled.push_back(reference.copy());
    Bson current = view.child("current").copy();
    Document head;  // what it says of the document as a whole
    head.deleted = view.flag("deleted");
    head.deleted_at = view.integer("deleted_at");
    int newest = view.child("current").small("version");
    const Document* newest_given = nullptr;
    for (std::size_t i = 0; i < versions.size(); ++i) {
      const Document& version = versions[i];
      Bson entry = entry_of(version, bodies[i]);
      if (version.version >= newest) {
        if (newest > 0 && version.version > newest) past.insert_or_assign(newest, std::move(current));
        current = std::move(entry);
        newest = version.version;
        head.deleted = version.deleted;
        head.deleted_at = version.deleted_at;
        newest_given = &version;
        continue;
      }
      past.insert_or_assign(version.version, std::move(entry));
    }
    // What belongs to a chunk written before joins it.
    std::int64_t count = 1;
    for (Bson& reference : spilled) {
      const int last = View(reference).small("last");
      std::map<int, Bson> joining;
      while (!past.empty() && past.begin()->first <= last) joining.insert(past.extract(past.begin()));
      if (!joining.empty()) {
        const std::string name = id + "/" + std::to_string(last);
        const auto chunk = database_.find_one(kHistory, by_id(name));
        if (chunk) {
          for (const View& entry : View(*chunk).children("entries")) {
            joining.emplace(entry.small("version"), entry.copy());  // keeps the restored one
          }
        }
        std::vector<Bson> entries;
        entries.reserve(joining.size());
        for (auto& [number, entry] : joining) entries.push_back(std::move(entry));
        database_.replace(kHistory, by_id(name), bson("_id", name, "entries", entries), /*upsert=*/true);
        reference = bson("last", last, "count", static_cast<std::int64_t>(entries.size()));
      }
      count += View(reference).integer("count");
    }
    std::int64_t past_bytes = 0;
    for (const auto& [number, entry] : past) past_bytes += entry.size();
    if (past_bytes > kSpillBytes) {
      for (Bson& reference : write_history(database_, id, past)) {
        count += View(reference).integer("count");
        spilled.push_back(std::move(reference));
      }
      past_bytes = 0;
    }
    count += static_cast<std::int64_t>(past.size());
    std::vector<Bson> entries;
    entries.reserve(past.size());
    for (auto& [number, entry] : past) entries.push_back(std::move(entry));
    const Bson whole =
        bson("_id", id, "url", versions.front().url, "deleted", head.deleted, "deleted_at",
             Date{head.deleted ? head.deleted_at : 0}, "rev", view.integer("rev") + 1, "writer", token, "current",
             current, "past", entries, "past_bytes", past_bytes, "versions", count, "spilled", spilled);
    bool done = now ? database_.replace(kDocuments, unchanged(view), whole) > 0 : database_.insert(kDocuments, whole);
    if (!done) {  // another writer was first, or the answer was lost
      const auto after = row(id);
      done = after && View(*after).text("writer") == token;
    }
    if (!done) continue;
    if (newest_given != nullptr) originate(*newest_given);
    return;
  }
}

}  // namespace twin::stores::mongo
