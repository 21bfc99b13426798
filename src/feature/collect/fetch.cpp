#include "feature/collect/fetch.h"

#include <algorithm>

#include "core/http/url.h"
#include "core/i18n.h"
#include "feature/collect/retry.h"

namespace twin::feature {
namespace {

Error status_error(const HttpResponse& response, const std::string& url) {
  if (response.status == 404 || response.status == 410) {
    return {ErrorKind::not_found, tr("The server says that this address does not exist ({})", response.status), url,
            tr("Check the address in twin.yaml")};
  }
  if (response.status == 401 || response.status == 403) {
    return {ErrorKind::network, tr("The server refuses access ({})", response.status), url,
            tr("It may need a login or refuse programs; export the content and use a folder instead")};
  }
  if (response.status == 429) {
    return {ErrorKind::network, tr("The server asks for fewer requests (429)"), url,
            tr("Run again later, or raise collect.http.delay_seconds")};
  }
  return {ErrorKind::network, tr("The server answered with status {}", response.status), url, tr("Try again later")};
}

}  // namespace

Result<HttpResponse> fetch(HttpClient& http, Clock& clock, const HttpRequest& request, const FetchPolicy& policy) {
  Millis pause = policy.first_pause;
  for (int attempt = 1;; ++attempt) {
    if (request.stop.stop_requested()) return fail(ErrorKind::cancelled, tr("Stopped"), shown_url(request.url));
    auto response = http.send(request);
    if (response && ((response->status >= 200 && response->status < 300) || response->status == 304)) return response;
    if (!response && response.error().kind != ErrorKind::network) return response;
    const bool again = !response || may_pass(response->status);
    Millis wait = pause;
    if (response) wait = retry_after(*response, clock).value_or(pause);
    if (!again || attempt >= policy.attempts || wait > policy.longest_pause) {
      if (!response) return response;
      return tl::unexpected(status_error(*response, shown_url(request.url)));
    }
    clock.sleep(wait);
    pause = std::min(pause * 2, policy.longest_pause);
  }
}

}  // namespace twin::feature
