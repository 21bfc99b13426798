#include "feature/sources/github/api.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/collect/fetch.h"
#include "feature/sources/json/fields.h"

namespace twin::feature::github {
namespace {

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// How long a refused request has to wait: primary limits say when they reset, secondary ones how long to pause, or
/// only in words. Nothing when the refusal has another reason.
std::optional<Millis> limited(const HttpResponse& response, const Clock& clock) {
  if (response.status != 403 && response.status != 429) return std::nullopt;
  constexpr std::int64_t longest = 1'000'000;
  if (const auto seconds = number(response.header("retry-after"))) {
    return Millis{std::clamp<std::int64_t>(*seconds, 0, longest) * 1000};
  }
  if (response.header("x-ratelimit-remaining") == "0") {
    const auto reset = number(response.header("x-ratelimit-reset")).value_or(0);
    const std::int64_t wait = reset - clock.now() / 1000;
    return Millis{std::clamp<std::int64_t>(wait, 0, longest) * 1000 + 1000};
  }
  constexpr Millis without_a_word{60'000};  // what GitHub's documentation asks for then
  if (response.status == 429 || response.body.find("secondary rate limit") != std::string::npos) {
    return without_a_word;
  }
  return std::nullopt;
}

/// What requests to the API share.
struct Patience {
  Clock& clock;
  Millis& left;  ///< of the time that may be spent on rate limits
  std::optional<Error>& exhausted;
  int& last_status;
  bool token;
};

/// Passes requests on and sits out rate limits: fetch() takes a 403 for a refusal.
class Patient final : public HttpClient {
 public:
  Patient(HttpClient& inner, const Patience& shared) : inner_(inner), shared_(shared) {}

  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) override {
    while (true) {
      auto response = inner_.send(request);
      if (!response) return response;
      shared_.last_status = response->status;
      const auto wait = limited(*response, shared_.clock);
      if (!wait) return response;
      if (*wait > shared_.left) return tl::unexpected(give_up(*wait, request.url));
      shared_.left -= *wait;
      for (Millis slept{0}; slept < *wait; slept += Millis{1000}) {
        if (request.stop.stop_requested()) return fail(ErrorKind::cancelled, tr("Stopped"), request.url);
        shared_.clock.sleep(std::min(Millis{1000}, *wait - slept));
      }
    }
  }

 private:
  Error give_up(Millis wait, const std::string& url) {
    shared_.exhausted =
        Error{ErrorKind::limit,
              tr("The rate limit of the GitHub API is used up; it asks to wait {} seconds", wait.count() / 1000), url,
              shared_.token ? tr("Run it again later, or raise max_wait_seconds of this source")
                            : tr("Set GITHUB_TOKEN: requests without one have a limit of 60 an hour")};
    return *shared_.exhausted;
  }

  HttpClient& inner_;
  Patience shared_;
};

}  // namespace

void ApiConfig::bind(config::Binder& b) {
  b.field("api_url", url, "Address of the REST API; GitHub Enterprise: https://HOST/api/v3", {.required = true});
  b.field("token", token, "Name of the secret with the token; without one public content is read, 60 requests an hour",
          {.key_irrelevant = true});
  b.field("max_wait_seconds", max_wait_seconds,
          "Longest wait for rate limits in a run; beyond it the rest is left for later",
          {.min = 0, .max = 86'400, .key_irrelevant = true});
  b.field("max_list_pages", max_list_pages, "Most pages of one listing (100 entries each)", {.min = 1, .max = 100'000});
}

Api::Api(const ApiConfig& config, SourceContext& context)
    : config_(config), context_(context), base_(config.url), wait_left_{1000LL * config.max_wait_seconds} {
  while (!base_.empty() && base_.back() == '/') base_.pop_back();
  if (config.token.empty() || !context.secrets.has(config.token)) return;
  if (auto token = context.secrets.get(config.token)) token_ = std::move(*token);
}

Result<HttpResponse> Api::send(const std::string& method, const std::string& path, const std::string& accept,
                               const std::string& body) {
  if (exhausted_) return tl::unexpected(*exhausted_);
  HttpRequest request;
  request.method = method;
  request.url = path.find("://") == std::string::npos ? base_ + path : path;
  // Beside /api/v3 on an own server.
  if (path == "/graphql" && base_.ends_with("/v3")) request.url = base_.substr(0, base_.size() - 3) + path;
  // The token must not follow an address that someone else's answer made up.
  if (!request.url.starts_with(base_ + "/") && path != "/graphql") {
    return fail(ErrorKind::invalid, tr("The API names an address outside of itself"), request.url);
  }
  request.headers = {{"Accept", accept}, {"X-GitHub-Api-Version", "2022-11-28"}};
  if (!token_.empty()) request.headers.emplace_back("Authorization", "Bearer " + token_);
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.body = body;
  request.max_bytes = context_.max_item_bytes;
  request.stop = context_.stop;
  last_status_ = 0;
  Patient patient(context_.http, {.clock = context_.clock,
                                  .left = wait_left_,
                                  .exhausted = exhausted_,
                                  .last_status = last_status_,
                                  .token = has_token()});
  auto response = fetch(patient, context_.clock, request);
  if (!response && response.error().where.empty()) response.error().where = request.url;
  return response;
}

Result<Json> Api::get(const std::string& path) {
  const auto response = send("GET", path, "application/vnd.github+json", {});
  if (!response) return tl::unexpected(response.error());
  Json answer = json::parse(response->body);
  if (answer.is_discarded()) return fail(ErrorKind::invalid, tr("The answer of the API is no JSON"), path);
  return answer;
}

Result<std::string> Api::raw(const std::string& path) {
  auto response = send("GET", path, "application/vnd.github.raw+json", {});
  if (!response) return tl::unexpected(response.error());
  return std::move(response->body);
}

Result<Json> Api::graphql(const std::string& query, const Json& variables) {
  const Json body{{"query", query}, {"variables", variables}};
  const auto response = send("POST", "/graphql", "application/json", body.dump());
  if (!response) return tl::unexpected(response.error());
  const Json answer = json::parse(response->body);
  if (!answer.is_object()) return fail(ErrorKind::invalid, tr("The answer of the API is no JSON"), "/graphql");
  if (const Json& errors = json::list(answer, "errors"); !errors.empty()) {
    return fail(ErrorKind::network, tr("The API answered: {}", json::text(errors[0], "message")), "/graphql");
  }
  return json::member(answer, "data");
}

Result<void> Api::each(const std::string& path, const std::function<bool(const Json&)>& visit) {
  std::set<std::string> read;
  std::string next = path;
  for (int page = 0; !next.empty(); ++page) {
    if (context_.stop.stop_requested()) return fail(ErrorKind::cancelled, tr("Stopped"), path);
    if (page == config_.max_list_pages) {
      return fail(ErrorKind::limit, tr("The listing has more than {} pages", config_.max_list_pages), path,
                  tr("Raise max_list_pages of this source"));
    }
    if (!read.insert(next).second) return fail(ErrorKind::invalid, tr("The listing runs in a circle"), path);
    const auto response = send("GET", next, "application/vnd.github+json", {});
    if (!response) return tl::unexpected(response.error());
    const Json answer = json::parse(response->body);
    if (!answer.is_array()) return fail(ErrorKind::invalid, tr("The answer of the API is no list"), next);
    for (const auto& entry : answer) {
      if (entry.is_object() && !visit(entry)) return {};
    }
    next = next_link(response->header("link"));
  }
  return {};
}

std::string next_link(std::string_view header) {
  for (auto part : text::split(header, ',')) {
    part = text::trim(part);
    const std::size_t end = part.find('>');
    if (!part.starts_with('<') || end == std::string_view::npos) continue;
    for (const auto parameter : text::split(part.substr(end + 1), ';')) {
      const auto trimmed = text::trim(parameter);
      if (trimmed == "rel=\"next\"" || trimmed == "rel=next") return std::string(part.substr(1, end - 1));
    }
  }
  return {};
}

}  // namespace twin::feature::github
