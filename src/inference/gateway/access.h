// Who may use the gateway: API key, Host and Origin headers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "inference/gateway/errors.h"
#include "inference/gateway/message.h"

namespace twin::inference {

/// 127.0.0.0/8, ::1 or localhost, with or without brackets.
[[nodiscard]] bool is_loopback(std::string_view host);

/// Compares in time that does not depend on where the texts differ.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);

class Access {
 public:
  /// `host`: what the gateway is bound to. An empty key lets everyone in (loopback only).
  Access(std::string host, std::string key);

  /// Refuses what a page of another site makes a browser send: on loopback a Host that is not local (DNS rebinding),
  /// and anywhere an Origin that is not our own. 403.
  [[nodiscard]] std::optional<ApiError> check_origin(const ApiRequest& request) const;
  /// `Authorization: Bearer KEY`; 401 otherwise.
  [[nodiscard]] std::optional<ApiError> check_key(const ApiRequest& request) const;

 private:
  std::string host_;
  std::string key_;
};

}  // namespace twin::inference
