#include "feature/sources/notion/api.h"

#include <nlohmann/json.hpp>
#include <set>

#include "core/i18n.h"
#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "feature/collect/fetch.h"
#include "feature/sources/json/fields.h"

namespace twin::feature::notion {
namespace {

constexpr const char* api_version = "2025-09-03";
constexpr std::size_t id_digits = 32;

/// Keeps the last answer that was refused: its body says why, and fetch() gives only the status in words.
class Listening final : public HttpClient {
 public:
  explicit Listening(HttpClient& inner) : inner_(inner) {}
  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) override {
    auto response = inner_.send(request);
    status = response ? response->status : 0;
    if (response && status / 100 != 2) problem = json::parse(response->body);
    return response;
  }
  int status = 0;
  Json problem;

 private:
  HttpClient& inner_;
};

}  // namespace

void ApiConfig::bind(config::Binder& b) {
  b.field("api_url", url, "Address of the Notion API", {.required = true});
  b.field("token", token, "Name of the secret with the token of the integration",
          {.required = true, .key_irrelevant = true});
  b.field("max_list_pages", max_list_pages, "Most pages of one listing (100 entries each)",
          {.min = 1, .max = 1'000'000});
}

Result<Json> Api::send(const std::string& method, const std::string& path, const std::string& body) {
  HttpRequest request;
  request.method = method;
  std::string base = config_.url;
  while (!base.empty() && base.back() == '/') base.pop_back();
  request.url = base + path;
  request.headers = {{"Authorization", "Bearer " + token_}, {"Notion-Version", api_version}};
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.body = body;
  request.max_bytes = context_.max_item_bytes;
  request.stop = context_.stop;
  request.max_redirects = 0;  // the token is for this host alone
  Listening http(context_.http);
  const auto response = fetch(http, context_.clock, request);
  if (!response) {
    Error error = response.error();
    const std::string reason = json::text(http.problem, "message");
    if (!reason.empty()) error.message += ": " + reason;
    if (http.status == 404) error.hint = tr("Share the page with your integration: in Notion, ••• → Connections");
    if (http.status == 401) error.hint = tr("Check the secret {}: Notion does not accept it", config_.token);
    if (http.status == 400) error.kind = ErrorKind::invalid;
    return tl::unexpected(std::move(error));
  }
  Json answer = json::parse(response->body);
  if (!answer.is_object()) return fail(ErrorKind::invalid, tr("The answer of the API is no JSON"), request.url);
  return answer;
}

Result<Json> Api::get(const std::string& path) {
  return send("GET", path, {});
}

Result<void> Api::each(const std::string& path, const Json* body, const std::function<bool(const Json&)>& visit) {
  std::set<std::string> cursors;
  std::string next;
  for (int page = 0;; ++page) {
    if (context_.stop.stop_requested()) return fail(ErrorKind::cancelled, tr("Stopped"), path);
    if (page == config_.max_list_pages) {
      return fail(ErrorKind::limit, tr("The listing has more than {} pages", config_.max_list_pages), path,
                  tr("Raise max_list_pages of this source"));
    }
    Result<Json> answer = Json();
    if (body == nullptr) {
      const std::string separator = path.find('?') == std::string::npos ? "?" : "&";
      answer = send("GET", path + separator + "page_size=100" + (next.empty() ? "" : "&start_cursor=" + next), {});
    } else {
      Json with = *body;
      with["page_size"] = 100;
      if (!next.empty()) with["start_cursor"] = next;
      answer = send("POST", path, with.dump());
    }
    if (!answer) return tl::unexpected(answer.error());
    if (!json::member(*answer, "results").is_array()) {
      return fail(ErrorKind::invalid, tr("The answer of the API has no '{}'", "results"), path);
    }
    for (const auto& result : json::list(*answer, "results")) {
      if (!visit(result)) return {};
    }
    if (!json::flag(*answer, "has_more")) return {};
    next = json::text(*answer, "next_cursor");
    if (next.empty() || !cursors.insert(next).second) {
      return fail(ErrorKind::invalid, tr("The listing runs in a circle"), path);
    }
  }
}

std::string id_of(const std::string& text) {
  std::string part = text.substr(0, text.find_first_of("?#"));
  while (!part.empty() && part.back() == '/') part.pop_back();
  part = part.substr(part.rfind('/') + 1);
  std::string digits;
  // From the end, so that hex letters of a title ("Cafe-…") do not count.
  for (auto it = part.rbegin(); it != part.rend() && digits.size() < id_digits; ++it) {
    const char c = *it >= 'A' && *it <= 'F' ? static_cast<char>(*it + 32) : *it;
    if (c == '-') continue;
    if (!(text::is_ascii_digit(c) || (c >= 'a' && c <= 'f'))) return {};
    digits += c;
  }
  return digits.size() == id_digits ? std::string(digits.rbegin(), digits.rend()) : std::string();
}

std::string dashed(const std::string& id) {
  if (id.size() != id_digits) return id;
  return id.substr(0, 8) + "-" + id.substr(8, 4) + "-" + id.substr(12, 4) + "-" + id.substr(16, 4) + "-" +
         id.substr(20);
}

std::string page_url(const std::string& id) {
  return "https://www.notion.so/" + id_of(id);
}

}  // namespace twin::feature::notion
