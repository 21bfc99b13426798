#include "stores/warehouse/mongo/mongo_warehouse.h"

#include "core/text/unicode.h"

namespace twin::stores::mongo {
namespace {

constexpr const char* kCursors = "cursors";

constexpr const char* kOrigins = "origins";

Origin origin_from(View row) {
  return {row.text("_id"), row.text("source"), row.text("location"), row.text("shown"),
          row.text("key"), row.text("stamp"),  row.small("missing")};
}

std::string value_of(View row) {
  return row.has("binary") ? row.binary("binary") : row.text("value");
}

}  // namespace

MongoWarehouse::MongoWarehouse(const MongoOptions& options, FileSystem& files)
    : database_(options),
      raw_(database_),
      objects_(options.raw_in_database ? static_cast<FileSystem&>(raw_) : files,
               options.raw_in_database ? std::filesystem::path("objects") : options.objects,
               options.raw_in_database ? Objects::Together::files : Objects::Together::packs) {
  database_.ensure_index(kDocuments, "url", bson("url", 1), /*unique=*/true);
  database_.ensure_index(kDocuments, "source", bson("current.source", 1, "_id", 1));
  database_.ensure_index(kDocuments, "category", bson("current.category", 1, "_id", 1));
  database_.ensure_index(kDocuments, "author", bson("current.author_ids", 1, "_id", 1));
  database_.ensure_index(kDocuments, "deleted", bson("deleted", 1, "_id", 1));
  database_.ensure_index(kOrigins, "source", bson("source", 1, "location", 1, "_id", 1));
  database_.ensure_index("user_names", "user", bson("user", 1, "position", 1));
}

void MongoWarehouse::set_origin(const Origin& origin) {
  const std::string id = text::repair_utf8(origin.url);
  const Bson row = bson("_id", id, "source", text::repair_utf8(origin.source), "location",
                        text::repair_utf8(origin.location), "shown", text::repair_utf8(origin.shown), "key", origin.key,
                        "stamp", origin.stamp, "missing", origin.missing);
  put(kOrigins, id, row);
}

bool MongoWarehouse::remove_origin(const std::string& url) {
  return database_.remove(kOrigins, bson("_id", text::repair_utf8(url))) > 0;
}

void MongoWarehouse::each_origin(const std::string& source, const std::string& location,
                                 const std::function<bool(Origin&&)>& visit) {
  database_.each(kOrigins, bson("source", source, "location", location), {}, {},
                 [&](View row) { return visit(origin_from(row)); });
}

void MongoWarehouse::each_origin(const std::function<bool(Origin&&)>& visit) {
  database_.each(kOrigins, {}, {}, {}, [&](View row) { return visit(origin_from(row)); });
}

/// What was brought in from elsewhere belongs to the source it names, which is to make it again.
void MongoWarehouse::originate(const Document& document) {
  const auto location = document.metadata.find(source_location_key);
  if (document.deleted || location == document.metadata.end()) {
    remove_origin(document.url);
  } else {
    set_origin({document.url, document.source, location->second, document.url, {}, {}, 0});
  }
}

void MongoWarehouse::put(const char* collection, const std::string& id, const Bson& row) {
  // Two that write a new id at once: the one that comes second finds it there.
  while (database_.replace(collection, bson("_id", id), row, /*upsert=*/true) == 0) continue;
}

std::optional<std::string> MongoWarehouse::cursor(const std::string& key) {
  const auto row = database_.find_one(kCursors, bson("_id", text::repair_utf8(key)));
  if (!row) return std::nullopt;
  return value_of(*row);
}

void MongoWarehouse::set_cursor(const std::string& key, const std::string& value) {
  const std::string id = text::repair_utf8(key);
  Bson row = bson("_id", id);
  if (text::first_invalid_utf8(value) == std::string::npos) {
    row.add("value", value);
  } else {
    row.add("binary", Binary{value});
  }
  put(kCursors, id, row);
}

void MongoWarehouse::each_cursor(const std::function<bool(const std::string&, const std::string&)>& visit) {
  database_.each(kCursors, {}, {}, {}, [&](View row) { return visit(row.text("_id"), value_of(row)); });
}

std::uint64_t MongoWarehouse::bytes() {
  try {
    return static_cast<std::uint64_t>(View(database_.command(bson("dbStats", 1))).integer("storageSize"));
  } catch (const Fatal&) {
    return 0;  // not every server has it
  }
}

}  // namespace twin::stores::mongo
