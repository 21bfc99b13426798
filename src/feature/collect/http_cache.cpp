#include "feature/collect/http_cache.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "core/json.h"
#include "core/log.h"
#include "core/secrets.h"
#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "stores/sqlite/store.h"

namespace twin::feature {
namespace {

using stores::sqlite::Connection;
using stores::sqlite::Query;

constexpr const char* schema_v1 = R"sql(
CREATE TABLE bodies(sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE INDEX bodies_by_size ON bodies(size);
CREATE TABLE answers(key TEXT PRIMARY KEY, url TEXT NOT NULL, headers TEXT NOT NULL,
                     body TEXT NOT NULL REFERENCES bodies(sha256), stored INTEGER NOT NULL, used INTEGER NOT NULL) STRICT;
CREATE INDEX answers_by_body ON answers(body);
CREATE INDEX answers_by_use ON answers(used);
CREATE TABLE robots(origin TEXT PRIMARY KEY, text TEXT NOT NULL, fetched INTEGER NOT NULL) STRICT;
)sql";

/// Longer validators are not worth sending back.
constexpr std::size_t longest_validator = 1024;
/// How exact "used longest ago" is: a write for each reading would cost more than it gives.
constexpr UnixMillis use_step = 3'600'000;
/// After making room there is some, so that not each new answer must make it again.
constexpr std::uint64_t room_percent = 90;

/// The directives of Cache-Control, in lower case: "max-age=60", "no-store".
std::vector<std::string> directives(const HttpResponse& response) {
  std::vector<std::string> out;
  for (const auto& [name, value] : response.headers) {
    if (name != "cache-control") continue;
    for (const auto part : text::split(value, ',')) out.push_back(text::ascii_lower(text::trim(part)));
  }
  return out;
}

bool has(const std::vector<std::string>& directives, std::string_view wanted) {
  return std::any_of(directives.begin(), directives.end(),
                     [&](const std::string& d) { return d == wanted || d.starts_with(std::string(wanted) + "="); });
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::optional<std::int64_t> max_age(const HttpResponse& response) {
  for (const std::string& directive : directives(response)) {
    if (!directive.starts_with("max-age=")) continue;
    std::string_view value = std::string_view(directive).substr(8);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    return number(value);
  }
  return std::nullopt;
}

Json headers_json(const Headers& headers) {
  Json out = Json::array();
  for (const auto& [name, value] : headers) out.push_back({name, value});
  return out;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Query::Blob blob(const std::string& bytes) {
  return std::as_bytes(std::span(bytes.data(), bytes.size()));
}

std::string text_of(Query::Blob bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Returns how many bytes became free: none when another answer has the same body.
std::uint64_t forget_answer(Connection& c, const std::string& key) {
  std::string body;
  std::uint64_t size = 0;
  {
    Query query(c, "SELECT b.sha256, b.size FROM answers a JOIN bodies b ON b.sha256 = a.body WHERE a.key = ?", key);
    if (!query.step()) return 0;
    body = query.text(0);
    size = static_cast<std::uint64_t>(query.integer(1));
  }
  Query(c, "DELETE FROM answers WHERE key = ?", key).run();
  const int gone =
      Query(c, "DELETE FROM bodies WHERE sha256 = ?1 AND NOT EXISTS (SELECT 1 FROM answers WHERE body = ?1)", body)
          .run();
  return gone > 0 ? size : 0;
}

/// Answers that were used longest ago go, until there is room.
void make_room(Connection& c, std::uint64_t bytes, std::uint64_t wanted, const std::string& keep) {
  while (bytes > wanted) {
    std::string oldest;
    {
      Query query(c, "SELECT key FROM answers WHERE key <> ? ORDER BY used, key LIMIT 1", keep);
      if (!query.step()) return;
      oldest = query.text(0);
    }
    bytes -= forget_answer(c, oldest);
  }
}

std::uint64_t total_bytes(Connection& c) {
  Query query(c, "SELECT ifnull(sum(size), 0) FROM bodies");
  query.step();
  return static_cast<std::uint64_t>(query.integer(0));
}

}  // namespace

struct HttpCache::Database {
  explicit Database(const std::filesystem::path& file) : store(file, {{schema_v1}, nullptr}) {}
  stores::sqlite::Store store;
};

HttpCache::HttpCache(const std::filesystem::path& folder, std::uint64_t max_bytes, Clock& clock)
    : max_bytes_(max_bytes), clock_(clock) {
  if (max_bytes == 0 || folder.empty()) return;
  const std::filesystem::path file = folder / "cache.db";
  try {
    database_ = std::make_shared<Database>(file);
  } catch (const Fatal& broken) {
    // It holds nothing that cannot be fetched again.
    log::warn("{}", tr("The cache is begun anew: {}", broken.error().text()));
    std::error_code ignored;
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + end, ignored);
    guarded([&] { database_ = std::make_shared<Database>(file); });
  }
}

HttpCache::~HttpCache() = default;

std::shared_ptr<HttpCache::Database> HttpCache::database() {
  const std::scoped_lock lock(mutex_);
  return database_;
}

template <class Function>
auto HttpCache::guarded(Function&& function) -> decltype(function()) {
  try {
    return function();
  } catch (const Fatal& broken) {
    log::warn("{}", tr("Going on without a cache: {}", broken.error().text()));
  }
  const std::scoped_lock lock(mutex_);
  database_.reset();
  return decltype(function())();
}

bool HttpCache::Entry::fresh(UnixMillis now) const {
  const auto cache_control = directives(response);
  const auto age = max_age(response);
  if (!age || has(cache_control, "no-cache")) return false;
  const std::int64_t already = number(response.header("age")).value_or(0);
  constexpr std::int64_t longest = 365LL * 86400;
  return now >= stored && now - stored < (std::min(*age, longest) - std::min(already, longest)) * 1000;
}

std::string HttpCache::key_of(const HttpRequest& request) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (const auto& [name, value] : request.headers) headers.emplace_back(text::ascii_lower(name), value);
  std::sort(headers.begin(), headers.end());
  Sha256 hash;
  hash.field(request.url);
  for (const auto& [name, value] : headers) hash.field(name).field(value);
  return hash.hex();
}

bool HttpCache::may_keep(const HttpRequest& request, const HttpResponse& response) {
  if (response.status != 200 || response.header("vary").find('*') != std::string_view::npos) return false;
  if (has(directives(response), "no-store")) return false;
  const auto etag = response.header("etag"), modified = response.header("last-modified");
  if (etag.size() > longest_validator || modified.size() > longest_validator) return false;
  if (etag.empty() && modified.empty() && !max_age(response)) return false;
  return !holds_secret(request.url) && !holds_secret(response.url) && !holds_secret(response.body);
}

std::optional<HttpCache::Entry> HttpCache::find(const std::string& key) {
  const auto database = this->database();
  if (!database) return std::nullopt;
  bool damaged = false;
  auto found = guarded([&] {
    std::optional<Entry> entry;
    UnixMillis used = 0;
    database->store.read([&](Connection& c) {
      Query query(c,
                  "SELECT a.url, a.headers, a.stored, a.used, b.bytes, b.sha256 FROM answers a JOIN bodies b "
                  "ON b.sha256 = a.body WHERE a.key = ?",
                  key);
      if (!query.step()) return;
      entry.emplace();
      entry->response.status = 200;
      entry->response.url = query.text(0);
      entry->response.body = text_of(query.blob(4));
      entry->stored = query.integer(2);
      used = query.integer(3);
      const Json headers = Json::parse(query.text(1), nullptr, false);
      damaged = !headers.is_array() || sha256_hex(entry->response.body) != query.text(5);
      if (damaged) return;
      for (const auto& header : headers) {
        entry->response.headers.emplace_back(header.at(0).get<std::string>(), header.at(1).get<std::string>());
      }
    });
    if (entry && !damaged && clock_.now() - used > use_step) {
      database->store.write(
          [&](Connection& c) { Query(c, "UPDATE answers SET used = ? WHERE key = ?", clock_.now(), key).run(); });
    }
    return entry;
  });
  if (!damaged) return found;
  drop(key);
  return std::nullopt;
}

void HttpCache::store(const std::string& key, const HttpResponse& response) {
  const auto database = this->database();
  if (!database || response.body.size() > max_bytes_ / 4) return;
  guarded([&] {
    database->store.write([&](Connection& c) {
      (void)forget_answer(c, key);
      const std::string sha256 = sha256_hex(response.body);
      Query(c, "INSERT INTO bodies(sha256, size, bytes) VALUES(?, ?, ?) ON CONFLICT DO NOTHING", sha256,
            response.body.size(), blob(response.body))
          .run();
      Query(c, "INSERT INTO answers(key, url, headers, body, stored, used) VALUES(?, ?, ?, ?, ?, ?)", key, response.url,
            dump(headers_json(response.headers)), sha256, clock_.now(), clock_.now())
          .run();
      const std::uint64_t bytes = total_bytes(c);
      if (bytes > max_bytes_) make_room(c, bytes, max_bytes_ / 100 * room_percent, key);
    });
  });
}

void HttpCache::confirm(const std::string& key, const HttpResponse& not_modified) {
  const auto database = this->database();
  if (!database) return;
  guarded([&] {
    database->store.write([&](Connection& c) {
      Json headers;
      {
        Query query(c, "SELECT headers FROM answers WHERE key = ?", key);
        if (!query.step()) return;
        headers = Json::parse(query.text(0), nullptr, false);
      }
      // RFC 9111, 3.2: the new fields replace the old ones of the same name, but for the length of the body.
      const auto replaced = [&](const Json& header) {
        return std::any_of(not_modified.headers.begin(), not_modified.headers.end(),
                           [&](const auto& fresh) { return header.at(0) == Json(fresh.first); });
      };
      Json merged = Json::array();
      for (const auto& header : headers) {
        if (header.at(0) == "content-length" || !replaced(header)) merged.push_back(header);
      }
      for (const auto& [name, value] : not_modified.headers) {
        if (name != "content-length") merged.push_back({name, value});
      }
      Query(c, "UPDATE answers SET headers = ?, stored = ?, used = ? WHERE key = ?", dump(merged), clock_.now(),
            clock_.now(), key)
          .run();
    });
  });
}

void HttpCache::drop(const std::string& key) {
  const auto database = this->database();
  if (!database) return;
  guarded([&] { database->store.write([&](Connection& c) { (void)forget_answer(c, key); }); });
}

std::optional<HttpCache::RobotsText> HttpCache::robots(const std::string& origin) {
  const auto database = this->database();
  if (!database) return std::nullopt;
  return guarded([&] {
    return database->store.read([&](Connection& c) -> std::optional<RobotsText> {
      Query query(c, "SELECT text, fetched FROM robots WHERE origin = ?", origin);
      if (!query.step()) return std::nullopt;
      return RobotsText{query.text(0), query.integer(1)};
    });
  });
}

void HttpCache::store_robots(const std::string& origin, const std::string& text) {
  const auto database = this->database();
  if (!database) return;
  guarded([&] {
    database->store.write([&](Connection& c) {
      Query(c,
            "INSERT INTO robots(origin, text, fetched) VALUES(?, ?, ?) ON CONFLICT(origin) DO UPDATE SET "
            "text = excluded.text, fetched = excluded.fetched",
            origin, text, clock_.now())
          .run();
    });
  });
}

}  // namespace twin::feature
