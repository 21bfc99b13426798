#include "feature/collect/fetch.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/i18n.h"

namespace twin::feature {
namespace {

/// RFC 9110, 10.2.3: seconds or a date.
std::optional<Millis> retry_after(const HttpResponse& response, const Clock& clock) {
  const std::string value(response.header("retry-after"));
  if (value.empty()) return std::nullopt;
  long long seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  constexpr long long longest = 1'000'000;
  if (error == std::errc() && end == value.data() + value.size()) {
    return Millis{std::clamp(seconds, 0LL, longest) * 1000};
  }
  const auto time = parse_time(value);
  if (!time) return std::nullopt;
  return Millis{std::max<UnixMillis>(0, *time - clock.now())};
}

Error status_error(const HttpResponse& response, const std::string& url) {
  if (response.status == 404 || response.status == 410) {
    return {ErrorKind::not_found, tr("The server says that this address does not exist ({})", response.status), url,
            tr("Check the address in twin.yaml")};
  }
  if (response.status == 401 || response.status == 403) {
    return {ErrorKind::network, tr("The server refuses access ({})", response.status), url,
            tr("It may need a login or refuse programs; export the content and use a folder instead")};
  }
  return {ErrorKind::network, tr("The server answered with status {}", response.status), url, tr("Try again later")};
}

}  // namespace

Result<HttpResponse> fetch(HttpClient& http, Clock& clock, const HttpRequest& request, const FetchPolicy& policy) {
  Millis pause = policy.first_pause;
  for (int attempt = 1;; ++attempt) {
    if (request.stop.stop_requested()) return fail(ErrorKind::cancelled, tr("Stopped"), request.url);
    auto response = http.send(request);
    if (response && ((response->status >= 200 && response->status < 300) || response->status == 304)) return response;
    if (!response && response.error().kind != ErrorKind::network) return response;
    const bool again = !response || response->status == 429 || response->status >= 500;
    Millis wait = pause;
    if (response) wait = retry_after(*response, clock).value_or(pause);
    if (!again || attempt >= policy.attempts || wait > policy.longest_pause) {
      if (!response) return response;
      return tl::unexpected(status_error(*response, request.url));
    }
    clock.sleep(wait);
    pause = std::min(pause * 2, policy.longest_pause);
  }
}

}  // namespace twin::feature
