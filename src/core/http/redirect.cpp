#include "core/http/redirect.h"

#include <algorithm>
#include <array>

#include "core/http/url.h"
#include "core/i18n.h"
#include "core/text/ascii.h"

namespace twin {
namespace {

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// Headers that say nothing about who asks.
bool may_travel(const std::string& name) {
  static constexpr std::array<std::string_view, 7> harmless = {
      "accept", "accept-encoding", "accept-language", "content-type", "if-range", "range", "user-agent"};
  return std::find(harmless.begin(), harmless.end(), text::ascii_lower(name)) != harmless.end();
}

/// The same host by the same way, or by a safer one on the usual ports.
bool same_party(const WebAddress& from, const WebAddress& to) {
  if (from.origin() == to.origin()) return true;
  return from.host == to.host && from.scheme == "http" && to.scheme == "https" && from.port == "80" && to.port == "443";
}

void become_get(HttpRequest& request) {
  request.method = "GET";
  request.body.clear();
  std::erase_if(request.headers,
                [](const auto& header) { return text::ascii_lower(header.first).starts_with("content-"); });
}

std::string chain(const std::vector<std::string>& visited, const std::string& last) {
  std::string out;
  for (const std::string& step : visited) out += step.substr(step.find(' ') + 1) + " → ";
  return out + last;
}

}  // namespace

Redirects::Redirects(HttpRequest request, bool allow_downgrade)
    : request_(std::move(request)),
      left_(request_.max_redirects),
      most_(request_.max_redirects),
      allow_downgrade_(allow_downgrade),
      first_url_(shown_url(request_.url)) {
  request_.max_redirects = 0;
  const auto address = parse_web_address(request_.url);
  visited_.push_back(request_.method + " " + (address ? address->url : request_.url));
}

Result<bool> Redirects::follow(const HttpResponse& response) {
  const std::string location(response.header("location"));
  if (most_ == 0 || location.empty() || !is_redirect(response.status)) return false;
  const std::string base = response.url.empty() ? request_.url : response.url;
  const auto from = parse_web_address(base), to = parse_web_reference(base, location);
  if (!from || !to) {
    return fail(ErrorKind::invalid, tr("it redirects to \"{}\", which is no web address", location.substr(0, 200)),
                first_url_);
  }
  if (from->scheme == "https" && to->scheme == "http" && !allow_downgrade_) {
    return fail(ErrorKind::invalid, tr("it redirects from https to {}, which is not encrypted", to->url), first_url_,
                tr("if you trust it, set collect.http.allow_downgrade: true"));
  }
  if (left_-- == 0) {
    return fail(ErrorKind::limit, tr("more than {} redirects, the last one to {}", most_, to->url), first_url_);
  }
  const bool get =
      response.status == 303 ? request_.method != "HEAD" : request_.method == "POST" && response.status < 303;
  if (get) become_get(request_);
  if (!same_party(*from, *to)) {
    std::erase_if(request_.headers, [](const auto& header) { return !may_travel(header.first); });
  }
  request_.url = to->url;
  const std::string step = request_.method + " " + to->url;
  if (std::find(visited_.begin(), visited_.end(), step) != visited_.end()) {
    return fail(ErrorKind::invalid, tr("the redirects go in a circle: {}", chain(visited_, to->url)), first_url_);
  }
  visited_.push_back(step);
  return true;
}

}  // namespace twin
