#include "stores/warehouse/copy.h"

#include <nlohmann/json.hpp>
#include <set>

#include "core/hash.h"
#include "core/i18n.h"
#include "stores/warehouse/shown_pictures.h"

namespace twin::stores {
namespace {

constexpr std::size_t kBatch = 64;             // versions written at once
constexpr std::size_t kBatchBytes = 8u << 20;  // of their bodies, or of raw bytes
constexpr std::string_view kOwnCursor = "copy of ";

bool own(const std::string& cursor) {
  return cursor.starts_with(kOwnCursor);
}

constexpr DocumentFilter everything() {
  return {.source = {}, .category = {}, .author_id = {}, .url_prefix = {}, .include_deleted = true};
}

Json to_json(const Origin& origin) {
  return {{"url", origin.url}, {"source", origin.source}, {"location", origin.location}, {"shown", origin.shown},
          {"key", origin.key}, {"stamp", origin.stamp},   {"missing", origin.missing}};
}

/// Where a copy stands, kept in the target.
class Position {
 public:
  Position(Warehouse& from, Warehouse& to)
      : to_(to), key_(std::string(kOwnCursor) + from.location()), digest_(from.digest()) {}

  /// What was written before, if it is of a copy of this warehouse; `after` only if the source is as it was then.
  bool load() {
    const auto kept = to_.cursor(key_);
    if (!kept) return false;
    const Json json = Json::parse(*kept, nullptr, /*allow_exceptions=*/false);
    if (json.is_object() && json.value("digest", "") == digest_) after_ = json.value("after", "");
    return true;
  }
  void save(const std::string& after) { to_.set_cursor(key_, Json{{"digest", digest_}, {"after", after}}.dump()); }
  [[nodiscard]] const std::string& after() const { return after_; }

 private:
  Warehouse& to_;
  std::string key_, digest_, after_;
};

/// One batch on its way: raw bytes first, so that no version names bytes that are not there.
class Carrier {
 public:
  Carrier(Warehouse& from, Warehouse& to, Position& position, CopyReport& report)
      : from_(from), to_(to), position_(position), report_(report) {}

  void add(Document&& document) {
    if (document.id != last_) {
      // Documents before this one are whole.
      if (versions_.size() >= kBatch || bytes_ >= kBatchBytes) flush(last_);
      ++report_.documents;
      last_ = document.id;
    } else if (bytes_ >= kBatchBytes) {
      write();  // one document with very much in it
    }
    ++report_.versions;
    carry(document.raw_sha256, document.url);
    for (const ShownPicture& picture : shown_pictures(document)) carry(picture.sha256, document.url);
    bytes_ += document.body.size();
    versions_.push_back(std::move(document));
  }
  void finish() { flush(last_); }

 private:
  void carry(const std::string& sha256, const std::string& url) {
    if (sha256.empty() || sha256 == carried_ || to_.objects().contains(sha256)) return;
    auto bytes = from_.objects().get(sha256);
    if (!bytes) {
      Error error = bytes.error();
      error.where = url + " (" + sha256 + ")";
      report_.failures.push_back(std::move(error));
      return;
    }
    value_or_throw(to_.objects().put(*bytes));
    carried_ = sha256;
    ++report_.objects;
  }

  void write() {
    to_.restore_all(versions_);
    versions_.clear();
    bytes_ = 0;
  }

  void flush(const std::string& after) {
    if (versions_.empty()) return;
    write();
    position_.save(after);
  }

  Warehouse& from_;
  Warehouse& to_;
  Position& position_;
  CopyReport& report_;
  std::vector<Document> versions_;
  std::size_t bytes_ = 0;
  std::string last_, carried_;
};

}  // namespace

CopyReport copy_warehouse(Warehouse& from, Warehouse& to, ProgressSink& sink, std::stop_token stop) {
  if (from.location() == to.location()) {
    throw Fatal(ErrorKind::usage, tr("A warehouse cannot be copied onto itself"), from.location());
  }
  CopyReport report;
  Position position(from, to);
  if (!position.load() && to.counts().documents > 0) {
    throw Fatal(ErrorKind::usage,
                tr("The target holds {} documents that are not a copy of this warehouse", to.counts().documents),
                to.location(), tr("name an empty folder or database"));
  }
  position.save(position.after());
  report.resumed = !position.after().empty();
  const auto progress = sink.start("copy", "documents");
  progress->total(static_cast<std::uint64_t>(from.counts().documents));

  for (const User& user : from.users()) {
    to.restore_user(user);
    ++report.users;
  }
  DocumentFilter filter = everything();
  filter.after_id = position.after();
  Carrier carrier(from, to, position, report);
  from.each_version(filter, [&](Document&& document) {
    if (stop.stop_requested()) return false;
    const std::int64_t before = report.documents;
    carrier.add(std::move(document));
    if (report.documents > before) progress->add();
    return true;
  });
  if (stop.stop_requested()) {  // the batch begun is given up: its last document may not be whole
    report.stopped = true;
    return report;
  }
  carrier.finish();
  // After the documents, whose restore() sets origins to be made again.
  std::set<std::string> kept;
  from.each_origin([&](Origin&& origin) {
    to.set_origin(origin);
    ++report.origins;
    return true;
  });
  from.each_cursor([&](const std::string& key, const std::string& value) {
    if (own(key)) return true;
    to.set_cursor(key, value);
    ++report.cursors;
    return true;
  });
  report.digest = from.digest();
  if (report.digest != to.digest() || whole_digest(from) != whole_digest(to)) {
    throw Fatal(
        ErrorKind::invalid, tr("The copy differs from the original"), to.location(),
        tr("was one of them written to meanwhile? Run the copy again; if it still differs, name an empty folder or "
           "database"));
  }
  return report;
}

std::string whole_digest(Warehouse& warehouse) {
  Sha256 hash;
  for (const User& user : warehouse.users()) hash.field(to_json(user).dump());
  warehouse.each_version(everything(), [&](Document&& document) {
    hash.field(to_json(document).dump());
    return true;
  });
  warehouse.each_origin([&](Origin&& origin) {
    hash.field(to_json(origin).dump(-1, ' ', false, Json::error_handler_t::replace));
    return true;
  });
  warehouse.each_cursor([&](const std::string& key, const std::string& value) {
    if (!own(key)) hash.field(key).field(value);
    return true;
  });
  return hash.hex();
}

VerifyReport verify_warehouse(Warehouse& warehouse, ProgressSink& sink, std::stop_token stop) {
  constexpr std::size_t kMostDamage = 1'000;
  VerifyReport report;
  const auto damage = [&](Error&& error) {
    if (report.damage.size() < kMostDamage) {
      report.damage.push_back(std::move(error));
    } else if (report.damage.size() == kMostDamage) {
      report.damage.push_back({ErrorKind::limit, tr("More is damaged than the {} listed", kMostDamage), {}, {}});
    }
  };
  const auto progress = sink.start("verify", "documents");
  progress->total(static_cast<std::uint64_t>(warehouse.counts().documents));
  warehouse.check(damage);
  std::set<std::string> people;
  for (const User& user : warehouse.users()) people.insert(user.id);
  std::set<std::string> pictures;  // those looked at
  std::string last, raw;
  try {
    warehouse.each_version(everything(), [&](Document&& document) {
      if (document.id != last) {
        progress->add();
        ++report.documents;
        last = document.id;
      }
      ++report.versions;
      const std::string where = document.url + " v" + std::to_string(document.version);
      if (document.content_hash != content_hash(document)) {
        damage({ErrorKind::invalid, tr("The text does not match its content hash"), where,
                tr("collect the source again, or copy a good warehouse here")});
      }
      if (document.id != document_id(document.url)) {
        damage({ErrorKind::invalid,
                tr("The id of a document must be that of its URL: {}", document_id(document.url)),
                where,
                {}});
      }
      for (const std::string& author : document.author_ids) {
        if (!people.contains(author)) damage({ErrorKind::invalid, tr("The author is unknown: {}", author), where, {}});
      }
      if (!document.raw_sha256.empty() && document.raw_sha256 != raw) {
        raw = document.raw_sha256;
        ++report.objects;
        if (auto bytes = warehouse.objects().get(raw); !bytes) {
          damage({bytes.error().kind, bytes.error().message, where + " (" + raw + ")", bytes.error().hint});
        }
      }
      for (const ShownPicture& picture : shown_pictures(document)) {
        if (!pictures.insert(picture.sha256).second) continue;
        ++report.objects;
        if (auto bytes = warehouse.objects().get(picture.sha256); !bytes) {
          damage({bytes.error().kind, bytes.error().message, where + " (" + picture.sha256 + ")", bytes.error().hint});
        }
      }
      return !stop.stop_requested();
    });
  } catch (const Fatal& fatal) {
    // A database this damaged cannot be read to the end.
    damage(Error(fatal.error()));
  }
  report.stopped = stop.stop_requested();
  return report;
}

WarehouseStats warehouse_stats(Warehouse& warehouse) {
  WarehouseStats stats;
  stats.counts = warehouse.counts();
  stats.database_bytes = warehouse.bytes();
  stats.location = warehouse.location();
  stats.digest = warehouse.digest();
  DocumentFilter filter;
  filter.bodies = false;
  warehouse.each(filter, [&](Document&& document) {
    ++stats.by_source[document.source];
    ++stats.by_category[document.category];
    ++stats.by_language[document.language];
    return true;
  });
  warehouse.objects().each([&](std::uint64_t bytes) {
    ++stats.objects;
    stats.object_bytes += bytes;
  });
  return stats;
}

}  // namespace twin::stores
