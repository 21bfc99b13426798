// HTTP messages without sockets: what the endpoints take and give, so that they can be tested as functions.
#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/json.h"

namespace twin::inference {

struct ApiRequest {
  std::string method = "GET";
  std::string path;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  std::stop_token cancel;  ///< requested when the client is gone

  [[nodiscard]] std::string_view header(const std::string& lower_case_name) const {
    const auto it = headers.find(lower_case_name);
    return it == headers.end() ? std::string_view{} : std::string_view(it->second);
  }
};

/// Writes a piece of a streamed body; false: the client is gone.
using Writer = std::function<bool(std::string_view)>;

struct ApiResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::map<std::string, std::string> headers;
  std::string body;
  /// When set, the body is what this writes; it is called once, after the headers are sent.
  std::function<void(const Writer&)> stream;
};

/// A body of JSON; what is no UTF-8 in it is replaced.
[[nodiscard]] ApiResponse json_response(const Json& json, int status = 200);

}  // namespace twin::inference
