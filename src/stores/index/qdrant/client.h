// Requests to a Qdrant server: JSON over HTTP, tried again where that helps, errors with the server's own words.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/http/http.h"
#include "core/json.h"
#include "core/result.h"

namespace twin::stores::qdrant {

struct Server {
  std::string base;      ///< "http://host:port"
  std::string location;  ///< for messages; holds no secret
  std::string api_key;   ///< sent with each request unless empty; never in a message
  Millis connect{10'000}, request{60'000};
  Millis retry{30'000};  ///< how long a request that failed on the way is tried again
  std::uint64_t answer_bytes = 256ull << 20;
};

/// Thread-safe. Every request that is sent must be one that may be repeated: an answer lost on the way is asked again.
class Client {
 public:
  Client(Server server, std::unique_ptr<HttpClient> http, Clock& clock = system_clock());

  /// The `result` of the answer. Errors: network (no answer, or 429 and 5xx to the end of Server::retry), not_found
  /// (404), usage (401, 403), limit (413), invalid (other 4xx, or no JSON).
  [[nodiscard]] Result<Json> send(const std::string& method, const std::string& path, const std::string& body) const;
  /// The same; nullopt for 404, Fatal for other errors.
  [[nodiscard]] std::optional<Json> call(const std::string& method, const std::string& path,
                                         const std::string& body = {}) const;

  [[nodiscard]] const std::string& location() const { return server_.location; }

 private:
  [[nodiscard]] Result<Json> once(const HttpRequest& request) const;

  Server server_;
  std::unique_ptr<HttpClient> http_;
  Clock& clock_;
};

/// A Json as the body of a request. Bytes that are no UTF-8 are replaced: for filters and the like, never for content.
[[nodiscard]] std::string body_of(const Json& json);

}  // namespace twin::stores::qdrant
