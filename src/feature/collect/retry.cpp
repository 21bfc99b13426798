#include "feature/collect/retry.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>

#include "core/hash.h"

namespace twin::feature {
namespace {

constexpr long long longest_seconds = 10LL * 365 * 86400;

}  // namespace

bool may_pass(int status) {
  return status == 429 || (status >= 500 && status != 501 && status != 505);
}

std::optional<Millis> retry_after(const HttpResponse& response, const Clock& clock) {
  const std::string value(response.header("retry-after"));
  if (value.empty()) return std::nullopt;
  long long seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (end == value.data() + value.size()) {
    if (error == std::errc::result_out_of_range) seconds = value.front() == '-' ? 0 : longest_seconds;
    return Millis{std::clamp(seconds, 0LL, longest_seconds) * 1000};
  }
  const auto time = parse_time(value);
  if (!time) return std::nullopt;
  return Millis{std::clamp<UnixMillis>(*time - clock.now(), 0, longest_seconds * 1000)};
}

Millis Backoff::pause(int failures, std::string_view url) const {
  std::int64_t most = std::max<std::int64_t>(first.count(), 0);
  for (int i = 1; i < failures && most < longest.count(); ++i) most *= 2;
  most = std::min<std::int64_t>(most, longest.count());
  const std::string hash = sha256_hex(std::to_string(seed) + "\n" + std::to_string(failures) + "\n" + std::string(url));
  const auto random = static_cast<std::uint64_t>(std::strtoull(hash.substr(0, 15).c_str(), nullptr, 16));
  return Millis{static_cast<std::int64_t>(random % (static_cast<std::uint64_t>(std::max<std::int64_t>(most, 0)) + 1))};
}

}  // namespace twin::feature
