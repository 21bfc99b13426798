#include "inference/gateway/access.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cctype>

#include "core/hash.h"
#include "core/i18n.h"

namespace twin::inference {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

/// "[::1]:8741" → "::1", "localhost:8741" → "localhost".
std::string host_without_port(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t close = host.find(']');
    return lower(host.substr(1, close == std::string_view::npos ? close : close - 1));
  }
  const std::size_t colon = host.find(':');
  const bool bare_ipv6 = colon != std::string_view::npos && host.find(':', colon + 1) != std::string_view::npos;
  return lower(bare_ipv6 ? host : host.substr(0, colon));
}

ApiError forbidden(std::string message, std::string code) {
  return {403, std::move(message), "invalid_request_error", {}, std::move(code)};
}

}  // namespace

bool is_loopback(std::string_view host) {
  const std::string name = host_without_port(host);
  if (name == "localhost" || name == "::1") return true;
  const bool numeric = !name.empty() && name.find_first_not_of("0123456789.") == std::string::npos;
  return numeric && name.starts_with("127.") && std::count(name.begin(), name.end(), '.') == 3;
}

bool same_secret(std::string_view a, std::string_view b) {
  // Of equal length whatever is compared, so that not even the key's length shows.
  const std::string x = sha256_hex(a), y = sha256_hex(b);
  return CRYPTO_memcmp(x.data(), y.data(), x.size()) == 0;
}

Access::Access(std::string host, std::string key) : host_(std::move(host)), key_(std::move(key)) {}

std::optional<ApiError> Access::check_origin(const ApiRequest& request) const {
  const std::string_view host = request.header("host");
  if (is_loopback(host_) && !host.empty() && !is_loopback(host) && host_without_port(host) != lower(host_)) {
    return forbidden(tr("The Host header names '{}', not this machine", host), "host_not_allowed");
  }
  const std::string_view origin = request.header("origin");
  const std::size_t scheme = origin.find("://");
  const bool own = scheme != std::string_view::npos && lower(origin.substr(scheme + 3)) == lower(host);
  if (!origin.empty() && !own) {
    return forbidden(tr("Pages of '{}' may not use this server", origin), "origin_not_allowed");
  }
  return std::nullopt;
}

std::optional<ApiError> Access::check_key(const ApiRequest& request) const {
  if (key_.empty()) return std::nullopt;
  constexpr std::string_view scheme = "bearer ";
  const std::string_view value = request.header("authorization");
  const bool bearer = lower(value.substr(0, scheme.size())) == scheme;
  if (bearer && same_secret(value.substr(scheme.size()), key_)) return std::nullopt;
  return ApiError{
      401, tr("A valid API key is needed: Authorization: Bearer KEY"), "invalid_request_error", {}, "invalid_api_key"};
}

}  // namespace twin::inference
