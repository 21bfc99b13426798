#include "models/hub/hub.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "models/registry/registry.h"

namespace twin::models {
namespace {

constexpr std::size_t kQuotedAnswer = 300;  // bytes of what the hub said
constexpr Millis kHubTimeout{600'000};      // uploads included

bool is_plain_name(std::string_view text) {
  return !text.empty() && text != "." && text != ".." && std::all_of(text.begin(), text.end(), [](char c) {
    return text::is_ascii_alnum(c) || c == '-' || c == '_' || c == '.' || c == '+';
  });
}

std::string hub_words(const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (json.is_object() && json.contains("error") && json["error"].is_string()) return json["error"].get<std::string>();
  return text::repair_utf8(text::clip(body, kQuotedAnswer));
}

}  // namespace

bool is_plain_path(const std::string& path) {
  const auto parts = text::split(path, '/');
  return std::all_of(parts.begin(), parts.end(), is_plain_name);
}

Result<HubReference> parse_hub_reference(const std::string& text) {
  HubReference reference;
  const std::size_t first = text.find('/');
  const std::size_t second = first == std::string::npos ? first : text.find('/', first + 1);
  reference.repo = text.substr(0, second);
  if (second != std::string::npos) reference.file = text.substr(second + 1);
  if (const auto at = reference.repo.find('@'); at != std::string::npos) {
    reference.revision = reference.repo.substr(at + 1);
    reference.repo.resize(at);
  }
  const bool good = first != std::string::npos && is_plain_path(reference.repo) && is_plain_name(reference.revision) &&
                    (reference.file.empty() || is_plain_path(reference.file));
  if (!good) return fail(ErrorKind::usage, tr("'{}' is not ORG/REPO[@REVISION][/FILE]", text), "hf:" + text);
  return reference;
}

Hub::Hub(HttpClient& http, std::string url) : http_(http), url_(std::move(url)) {
  while (url_.ends_with('/')) url_.pop_back();
}

std::string Hub::default_url() {
  const char* const endpoint = std::getenv("HF_ENDPOINT");
  return endpoint != nullptr && *endpoint != '\0' ? endpoint : PullOptions{}.hub_url;
}

bool Hub::has_token() {
  return !authorization().empty();
}

Headers Hub::authorization() {
  const char* const token = std::getenv("HF_TOKEN");
  if (token == nullptr || *token == '\0') return {};
  return {{"Authorization", std::string("Bearer ") + token}};
}

Error Hub::refusal(const HttpResponse& response, const std::string& what) {
  const std::string said = hub_words(response.body);
  const std::string message = tr("The hub answered {}: {}", response.status, said);
  if (response.status == 401 || response.status == 403) {
    return {ErrorKind::usage, message, what,
            has_token() ? tr("Check the name, and that the token of HF_TOKEN may do this")
                        : tr("Check the name; for what is private or gated set HF_TOKEN to a token of yours")};
  }
  return {response.status == 404 ? ErrorKind::not_found : ErrorKind::network, message, what, ""};
}

Result<HttpResponse> Hub::send(HttpRequest request) {
  for (const auto& header : authorization()) request.headers.push_back(header);
  request.total_timeout = kHubTimeout;
  return http_.send(request);
}

Result<Json> Hub::get(const std::string& path, const std::string& what) {
  HttpRequest request;
  request.url = url_ + path;
  const auto response = send(std::move(request));
  if (!response) return tl::unexpected(response.error());
  if (response->status / 100 != 2) return tl::unexpected(refusal(*response, what));
  Json json = Json::parse(response->body, nullptr, false);
  if (json.is_discarded()) return fail(ErrorKind::invalid, tr("The hub's answer is not understood"), url_ + path);
  return json;
}

Result<Json> Hub::post(const std::string& path, const std::string& body, const std::string& what,
                       const std::string& content_type) {
  HttpRequest request;
  request.method = "POST";
  request.url = url_ + path;
  request.body = body;
  request.headers = {{"Content-Type", content_type}};
  if (content_type.find("git-lfs") != std::string::npos) request.headers.emplace_back("Accept", content_type);
  const auto response = send(std::move(request));
  if (!response) return tl::unexpected(response.error());
  if (response->status / 100 != 2) return tl::unexpected(refusal(*response, what));
  Json json = Json::parse(response->body, nullptr, false);
  return json.is_discarded() ? Json::object() : json;
}

}  // namespace twin::models
