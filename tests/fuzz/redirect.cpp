// A Location header, after the address that it came from.
#include "core/http/redirect.h"

#include <algorithm>

#include "core/http/address_guard.h"
#include "core/http/url.h"
#include "fuzz.h"

using namespace twin;

TWIN_FUZZ(redirect, bytes) {
  const std::size_t line = std::min(bytes.find('\n'), bytes.size());
  HttpRequest request;
  request.url = std::string(bytes.substr(0, line));
  request.headers = {{"Authorization", "Bearer x"}};
  HttpResponse response;
  response.status = 302;
  response.headers = {{"location", std::string(bytes.substr(std::min(line + 1, bytes.size())))}};
  const auto from = parse_web_address(request.url);
  Redirects redirects(request, false);
  const auto next = redirects.follow(response);
  if (!next || !*next) return;
  const auto to = parse_web_address(redirects.request().url);
  fuzz::require(to.has_value(), "a redirect leads to a web address");
  fuzz::require(from && (from->scheme == "http" || to->scheme == "https"), "no downgrade");
  fuzz::require(redirects.request().headers.empty() || from->host == to->host, "credentials stay");
  // What is parsed again is the same: the guard and the connection see one host.
  const auto again = parse_web_address(to->url);
  fuzz::require(again && again->url == to->url && again->host == to->host, "an address is a fixed point");
  static const AddressGuard guard = AddressGuard::make({}).value();
  (void)guard.refusal(to->host);
}
