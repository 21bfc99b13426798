// Reading documents: listings are taken at once, bodies come in small batches.
#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <unordered_map>

#include "core/hash.h"
#include "core/i18n.h"
#include "stores/warehouse/mongo/mongo_warehouse.h"

namespace twin::stores::mongo {
namespace {

constexpr std::size_t kBatch = 64;               // rows asked for at once
constexpr std::size_t kBatchOfWhole = 8;         // rows with all their versions
constexpr std::int64_t kBodiesAtOnce = 8 << 20;  // bytes of text held for one batch, unless one alone is larger

/// One document of a listing.
struct Listed {
  std::array<char, 28> id{};  // "doc_" and 24 digits
  std::int32_t version = 0;   // negative: deleted
  UnixMillis deleted_at = 0;

  [[nodiscard]] std::string name() const { return {id.data(), id.size()}; }
};

/// A text after all that begin with the prefix, as near as bytes that stay UTF-8 allow: what lies between is filtered.
std::string after_prefix(std::string prefix) {
  constexpr unsigned char last_ascii = 0x7f;
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) >= last_ascii) prefix.pop_back();
  if (!prefix.empty()) ++prefix.back();
  return prefix;
}

Bson filter_of(const DocumentFilter& filter) {
  Bson found;
  if (!filter.source.empty()) found.add("current.source", filter.source);
  if (!filter.category.empty()) found.add("current.category", filter.category);
  if (!filter.author_id.empty()) found.add("current.author_ids", filter.author_id);
  if (!filter.url_prefix.empty()) {
    Bson range = bson("$gte", filter.url_prefix);
    if (const std::string end = after_prefix(filter.url_prefix); !end.empty()) range.add("$lt", end);
    found.add("url", range);
  }
  if (!filter.include_deleted) found.add("deleted", false);
  return found;
}

[[noreturn]] void lost(const std::string& what, const std::string& location) {
  throw Fatal(ErrorKind::io, tr("The text of a document is not in the database: {}", what), location,
              tr("run: twin warehouse verify"));
}

}  // namespace

std::string MongoWarehouse::body(const Entry& entry) {
  std::vector<Entry> one{entry};
  fill_bodies(one);
  return std::move(one.front().document.body);
}

void MongoWarehouse::fill_bodies(std::vector<Entry>& entries) {
  std::vector<std::string> ids;
  ids.reserve(entries.size());
  for (const Entry& entry : entries) ids.push_back(entry.body_sha256);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::unordered_map<std::string, std::string> texts;
  for (const Bson& row : database_.find(kBodies, bson("_id", bson("$in", ids)))) {
    const View view(row);
    const std::string id = view.text("_id");
    std::string text = view.text("text");
    for (std::int64_t part = 1; part < view.integer("parts"); ++part) {
      const auto next = database_.find_one(kBodies, bson("_id", part_id(id, part)));
      if (!next) lost(part_id(id, part), location());
      text += View(*next).text("text");
    }
    texts[id] = std::move(text);
  }
  for (Entry& entry : entries) {
    const auto text = texts.find(entry.body_sha256);
    if (text == texts.end()) lost(entry.body_sha256, location());
    entry.document.body = text->second;
  }
}

std::vector<Bson> MongoWarehouse::entries(View row) {
  std::vector<Bson> all;
  for (const View& reference : row.children("spilled")) {
    const std::string name = row.text("_id") + "/" + std::to_string(reference.small("last"));
    const auto chunk = database_.find_one(kHistory, bson("_id", name));
    if (!chunk) lost(name, location());
    for (const View& entry : View(*chunk).children("entries")) all.push_back(entry.copy());
  }
  for (const View& entry : row.children("past")) all.push_back(entry.copy());
  all.push_back(row.child("current").copy());
  return all;
}

std::optional<Document> MongoWarehouse::document(const std::string& id, int version) {
  const auto now = row(id);
  if (!now) return std::nullopt;
  Entry entry = entry_from(View(*now), View(*now).child("current"));
  if (version > 0 && version != entry.document.version) {
    const auto whole = database_.find_one(kDocuments, bson("_id", id));
    if (!whole) return std::nullopt;
    entry.document.version = 0;
    for (const Bson& each : entries(*whole)) {
      if (View(each).small("version") == version) entry = entry_from(View(*whole), each);
    }
    if (entry.document.version == 0) return std::nullopt;
  }
  entry.document.body = body(entry);
  return std::move(entry.document);
}

void MongoWarehouse::visit_listed(const DocumentFilter& filter, bool versions,
                                  const std::function<bool(Document&&)>& visit) {
  std::vector<Listed> listing;
  Bson what = bson("deleted", 1, "deleted_at", 1, "current.version", 1);
  if (!filter.url_prefix.empty()) what.add("url", 1);
  database_.each(kDocuments, filter_of(filter), what, filter.after_id, [&](View row) {
    if (!row.text("url").starts_with(filter.url_prefix)) return true;
    const std::string id = row.text("_id");
    Listed listed;
    if (id.size() != listed.id.size())
      throw Fatal(ErrorKind::invalid, tr("Not the id of a document: {}", id), location());
    std::memcpy(listed.id.data(), id.data(), id.size());
    const int version = row.child("current").small("version");
    listed.version = row.flag("deleted") ? -version : version;
    listed.deleted_at = row.integer("deleted_at");
    listing.push_back(listed);
    return true;
  });

  std::vector<Entry> waiting;
  std::int64_t bytes = 0;
  const auto deliver = [&] {
    if (filter.bodies && !waiting.empty()) fill_bodies(waiting);
    bytes = 0;
    auto batch = std::move(waiting);
    waiting.clear();
    return std::all_of(batch.begin(), batch.end(), [&](Entry& entry) { return visit(std::move(entry.document)); });
  };
  const Bson options = versions ? Bson() : bson("projection", bson("past", 0));
  const std::size_t step = versions ? kBatchOfWhole : kBatch;
  for (std::size_t from = 0; from < listing.size(); from += step) {
    const std::size_t to = std::min(from + step, listing.size());
    std::vector<std::string> ids;
    for (std::size_t i = from; i < to; ++i) ids.push_back(listing[i].name());
    std::map<std::string, Bson> rows;
    for (Bson& row : database_.find(kDocuments, bson("_id", bson("$in", ids)), options)) {
      std::string id = View(row).text("_id");
      rows.emplace(std::move(id), std::move(row));
    }
    for (std::size_t i = from; i < to; ++i) {
      auto it = rows.find(listing[i].name());
      if (it == rows.end()) continue;  // an administrator took it away
      const int listed = std::abs(listing[i].version);
      std::vector<Bson> of_row;
      if (versions) {
        of_row = entries(it->second);
      } else if (View(it->second).child("current").small("version") == listed) {
        of_row.push_back(View(it->second).child("current").copy());
      } else if (const auto whole = database_.find_one(kDocuments, bson("_id", it->first))) {
        for (Bson& entry : entries(*whole)) {  // changed since the listing
          if (View(entry).small("version") == listed) of_row.push_back(std::move(entry));
        }
      }
      for (const Bson& one : of_row) {
        Entry entry = entry_from(View(it->second), one);
        if (entry.document.version > listed) continue;
        entry.document.deleted = listing[i].version < 0 && entry.document.version == listed;
        entry.document.deleted_at = entry.document.deleted ? listing[i].deleted_at : 0;
        if (!waiting.empty() && bytes + entry.body_bytes > kBodiesAtOnce && !deliver()) return;
        bytes += entry.body_bytes;
        waiting.push_back(std::move(entry));
      }
    }
    if (!deliver()) return;
  }
}

void MongoWarehouse::each(const DocumentFilter& filter, const std::function<bool(Document&&)>& visit) {
  visit_listed(filter, /*versions=*/false, visit);
}

void MongoWarehouse::each_version(const DocumentFilter& filter, const std::function<bool(Document&&)>& visit) {
  visit_listed(filter, /*versions=*/true, visit);
}

WarehouseCounts MongoWarehouse::counts() {
  WarehouseCounts counts;
  counts.users = database_.count("users", {});
  counts.documents = database_.count(kDocuments, {});
  counts.deleted = database_.count(kDocuments, bson("deleted", true));
  std::vector<Bson> stages;
  stages.push_back(bson("$group", bson("_id", "all", "versions", bson("$sum", "$versions"))));
  for (const Bson& row : database_.aggregate(kDocuments, bson("pipeline", stages))) {
    counts.versions = View(row).integer("versions");
  }
  return counts;
}

std::string MongoWarehouse::digest() {
  Sha256 hash;
  const Bson what = bson("deleted", 1, "current.version", 1, "current.content_hash", 1);
  database_.each(kDocuments, {}, what, {}, [&](View row) {
    const View current = row.child("current");
    hash.field(row.text("_id")).field(std::to_string(current.integer("version")));
    hash.field(current.text("content_hash")).field(row.flag("deleted") ? "1" : "0");
    return true;
  });
  return hash.hex();
}

void MongoWarehouse::check(const std::function<void(Error&&)>& report) {
  const auto complain = [&](std::string what) {
    report({ErrorKind::invalid, tr("The text of a document is not in the database: {}", what), location(),
            tr("collect the source again, or copy a good warehouse here")});
  };
  std::map<std::string, std::string> wanted;  // body → document
  const auto compare = [&] {
    std::vector<std::string> ids;
    ids.reserve(wanted.size());
    for (const auto& [body, document] : wanted) ids.push_back(body);
    for (const Bson& row :
         database_.find(kBodies, bson("_id", bson("$in", ids)), bson("projection", bson("parts", 1)))) {
      const View view(row);
      const std::string id = view.text("_id");
      std::vector<std::string> parts;
      for (std::int64_t part = 1; part < view.integer("parts"); ++part) parts.push_back(part_id(id, part));
      if (!parts.empty() &&
          database_.count(kBodies, bson("_id", bson("$in", parts))) != static_cast<std::int64_t>(parts.size())) {
        continue;
      }
      wanted.erase(id);
    }
    for (const auto& [body, document] : wanted) complain(document + " (" + body + ")");
    wanted.clear();
  };
  database_.each(kDocuments, {}, {}, {}, [&](View row) {
    for (const View& reference : row.children("spilled")) {
      const std::string name = row.text("_id") + "/" + std::to_string(reference.small("last"));
      const auto chunk = database_.find_one(kHistory, bson("_id", name));
      if (!chunk) {
        complain(name);
        continue;
      }
      for (const View& entry : View(*chunk).children("entries")) wanted[entry.text("body")] = row.text("_id");
    }
    for (const View& entry : row.children("past")) wanted[entry.text("body")] = row.text("_id");
    wanted[row.child("current").text("body")] = row.text("_id");
    if (wanted.size() >= kBatch) compare();
    return true;
  });
  compare();
}

}  // namespace twin::stores::mongo
