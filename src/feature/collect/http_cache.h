// Answers kept between runs, to ask servers only for what changed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/http/http.h"

namespace twin::feature {

/// A private cache (RFC 9111) of GET answers with status 200. Bodies are stored once by their SHA-256, which is checked
/// when they are read. One SQLite file; each change is a transaction. Beyond the limit the answers used longest ago go.
/// What cannot be read or written is a warning, once, and from then on a cache that holds nothing: it may never cost a
/// run. Thread-safe.
class HttpCache {
 public:
  struct Entry {
    HttpResponse response;  ///< as it came, with the headers of later 304s
    UnixMillis stored = 0;  ///< when it came or was last confirmed
    [[nodiscard]] std::string etag() const { return std::string(response.header("etag")); }
    [[nodiscard]] std::string last_modified() const { return std::string(response.header("last-modified")); }
    /// Whether it may be used at `now` without asking, by Cache-Control: max-age, less its Age.
    [[nodiscard]] bool fresh(UnixMillis now) const;
  };

  HttpCache(const std::filesystem::path& folder, std::uint64_t max_bytes, Clock& clock);
  ~HttpCache();

  /// Names an answer by all that may decide it: address and headers of the request.
  [[nodiscard]] static std::string key_of(const HttpRequest& request);
  /// Whether an answer may be kept: a whole 200 with a validator or a max-age, no "no-store", no "Vary: *", no secret.
  [[nodiscard]] static bool may_keep(const HttpRequest& request, const HttpResponse& response);

  [[nodiscard]] std::optional<Entry> find(const std::string& key);
  void store(const std::string& key, const HttpResponse& response);
  /// A 304 came: its headers replace those kept, and the answer counts as new.
  void confirm(const std::string& key, const HttpResponse& not_modified);
  void drop(const std::string& key);

  struct RobotsText {
    std::string text;
    UnixMillis fetched = 0;
  };
  [[nodiscard]] std::optional<RobotsText> robots(const std::string& origin);
  void store_robots(const std::string& origin, const std::string& text);

 private:
  struct Database;
  [[nodiscard]] std::shared_ptr<Database> database();
  /// Runs the function; when the database fails, gives up the cache and returns nothing.
  template <class Function>
  auto guarded(Function&& function) -> decltype(function());

  std::uint64_t max_bytes_;
  Clock& clock_;
  std::mutex mutex_;  ///< of the pointer
  std::shared_ptr<Database> database_;
};

}  // namespace twin::feature
