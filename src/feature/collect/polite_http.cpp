#include "feature/collect/polite_http.h"

#include <algorithm>
#include <cmath>

#include "core/http/redirect.h"
#include "core/http/url.h"
#include "core/i18n.h"
#include "core/text/ascii.h"
#include "feature/collect/host_gates.h"
#include "feature/collect/http_cache.h"
#include "feature/collect/retry.h"
#include "feature/collect/robots_gate.h"

namespace twin::feature {
namespace {

bool has_header(const HttpRequest& request, std::initializer_list<std::string_view> names) {
  return std::any_of(request.headers.begin(), request.headers.end(), [&](const auto& header) {
    return std::find(names.begin(), names.end(), text::ascii_lower(header.first)) != names.end();
  });
}

/// The rule is stated in the header of this class.
bool is_crawling(const HttpRequest& request) {
  return (request.method == "GET" || request.method == "HEAD") && !has_header(request, {"authorization"});
}

bool has_conditions(const HttpRequest& request) {
  return has_header(request,
                    {"if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range", "range"});
}

bool may_be_cached(const HttpRequest& request) {
  return request.method == "GET" && request.body.empty() && !request.on_data && !has_conditions(request);
}

/// "*.example.org" and names, as in AddressGuard.
bool named_in(const std::vector<std::string>& list, const std::string& host) {
  return std::any_of(list.begin(), list.end(), [&](const std::string& entry) {
    const std::string name = text::ascii_lower(entry);
    if (!name.starts_with("*.")) return name == host;
    return host.size() > name.size() - 1 && host.ends_with(std::string_view(name).substr(1));
  });
}

std::string strip_weak(std::string etag) {
  if (etag.starts_with("W/")) etag.erase(0, 2);
  return etag;
}

GateLimits gate_limits(const PolitenessConfig& config) {
  return {.delay = to_millis(config.delay_seconds),
          .per_host = config.concurrency_per_host,
          .total = config.concurrency,
          .failures = config.host_failures};
}

}  // namespace

struct PoliteHttp::Parts {
  Parts(std::unique_ptr<HttpClient> client, Clock& the_clock, PolitenessConfig the_config,
        const std::filesystem::path& folder)
      : inner(std::move(client)),
        clock(the_clock),
        config(std::move(the_config)),
        gates(the_clock, gate_limits(config)),
        cache(config.cache_megabytes == 0 ? std::filesystem::path() : folder,
              static_cast<std::uint64_t>(config.cache_megabytes) << 20, the_clock),
        robots([this](const HttpRequest& request) { return exchange(request, *parse_web_address(request.url)); },
               &cache, the_clock, std::string(product_token(user_agent(config)))),
        backoff{.first = to_millis(config.retry_seconds),
                .longest = to_millis(config.longest_retry_seconds),
                .seed = config.seed} {}

  [[nodiscard]] Result<HttpResponse> hop(const HttpRequest& request);
  [[nodiscard]] Result<void> ask_robots(const HttpRequest& request, const WebAddress& address);
  [[nodiscard]] Result<HttpResponse> with_cache(const HttpRequest& request, const WebAddress& address);
  [[nodiscard]] Result<HttpResponse> exchange(HttpRequest request, const WebAddress& address);
  [[nodiscard]] Result<HttpResponse> left_alone(const std::string& host, const std::string& url, Millis wait);

  std::unique_ptr<HttpClient> inner;
  Clock& clock;
  const PolitenessConfig config;
  HostGates gates;
  HttpCache cache;
  RobotsGate robots;
  const Backoff backoff;
};

PoliteHttp::PoliteHttp(std::unique_ptr<HttpClient> inner, Clock& clock, PolitenessConfig config,
                       std::filesystem::path cache)
    : parts_(std::make_unique<Parts>(std::move(inner), clock, std::move(config), cache)) {}

PoliteHttp::~PoliteHttp() = default;

void PoliteHttp::observe(HostObserver observer) {
  parts_->gates.observe(std::move(observer));
}

HttpClient::Parallel PoliteHttp::parallel() const {
  return {parts_->config.concurrency_per_host, parts_->config.concurrency};
}

Result<HttpResponse> PoliteHttp::send(const HttpRequest& request) {
  HttpRequest first = request;
  first.max_redirects = std::min(request.max_redirects, parts_->config.max_redirects);
  Redirects redirects(std::move(first), parts_->config.allow_downgrade);
  while (true) {
    auto response = parts_->hop(redirects.request());
    if (!response) return response;
    const auto next = redirects.follow(*response);
    if (!next) return tl::unexpected(next.error());
    if (!*next) return response;
  }
}

Result<HttpResponse> PoliteHttp::Parts::hop(const HttpRequest& request) {
  const auto address = parse_web_address(request.url);
  if (!address) return inner->send(request);  // says what is wrong with it
  if (config.respect_robots && is_crawling(request) && !named_in(config.robots_exempt, address->host)) {
    if (auto allowed = ask_robots(request, *address); !allowed) return tl::unexpected(std::move(allowed.error()));
  }
  return may_be_cached(request) ? with_cache(request, *address) : exchange(request, *address);
}

Result<void> PoliteHttp::Parts::ask_robots(const HttpRequest& request, const WebAddress& address) {
  const auto rules = robots.rules(address, request.stop);
  if (!rules) {
    Error error = rules.error();
    error.where = address.url;
    return tl::unexpected(std::move(error));
  }
  const std::string whose = tr("if the site is yours, add {} to collect.http.robots_exempt", address.host);
  if (!(*rules)->allows(address.target)) {
    return fail(ErrorKind::limit, tr("robots.txt of {} does not allow this address", address.origin()), address.url,
                whose);
  }
  const double delay = (*rules)->crawl_delay().value_or(0);
  if (delay > config.longest_delay_seconds) {
    return fail(ErrorKind::limit,
                tr("robots.txt of {} asks for {} s between two requests, more than longest_delay_seconds",
                   address.origin(), delay),
                address.url, whose);
  }
  if (delay > 0) gates.slow_down(address.authority(), to_millis(delay));
  return {};
}

Result<HttpResponse> PoliteHttp::Parts::with_cache(const HttpRequest& request, const WebAddress& address) {
  const std::string key = HttpCache::key_of(request);
  auto known = cache.find(key);
  if (known && known->response.body.size() > request.max_bytes) known.reset();
  const auto from_cache = [&] {
    known->response.cached = true;
    return std::move(known->response);
  };
  if (known && config.trust_max_age && known->fresh(clock.now())) {
    gates.succeeded(address.authority(), {.cached = true});
    return from_cache();
  }
  HttpRequest conditional = request;
  if (known) {
    if (const auto etag = known->etag(); !etag.empty()) conditional.headers.emplace_back("If-None-Match", etag);
    if (const auto date = known->last_modified(); !date.empty()) {
      conditional.headers.emplace_back("If-Modified-Since", date);
    }
  }
  auto response = exchange(std::move(conditional), address);
  if (!response) return response;
  if (response->status == 304 && known) {
    // RFC 9111, 4.3.4: a 304 about another version than ours says nothing about ours.
    const std::string etag(response->header("etag")), ours = known->etag();
    if (etag.empty() || ours.empty() || strip_weak(etag) == strip_weak(ours)) {
      cache.confirm(key, *response);
      return from_cache();
    }
    cache.drop(key);
    response = exchange(request, address);
    if (!response) return response;
  }
  if (response->status == 304) {
    return fail(ErrorKind::invalid, tr("The server says \"not modified\" (304) although nothing was asked"),
                address.url);
  }
  if (HttpCache::may_keep(request, *response)) {
    cache.store(key, *response);
  } else if (known && response->status != 429 && response->status < 500) {
    cache.drop(key);
  }
  return response;
}

Result<HttpResponse> PoliteHttp::Parts::left_alone(const std::string& host, const std::string& url, Millis wait) {
  const double hours = static_cast<double>(wait.count()) / 3'600'000.0;
  const std::string reason = tr("it asks for a pause of {:.1f} hours, more than longest_wait_seconds", hours);
  gates.block(host, reason);
  return fail(ErrorKind::network, tr("{} is left alone in this run: {}", host, reason), url, tr("run again later"));
}

Result<HttpResponse> PoliteHttp::Parts::exchange(HttpRequest request, const WebAddress& address) {
  const std::string host = address.authority();
  request.max_redirects = 0;
  request.connect_timeout = to_millis(config.connect_seconds);
  request.total_timeout = to_millis(config.total_seconds);
  bool delivered = false;  // a stream cannot be taken back
  if (request.on_data) {
    request.on_data = [&delivered, consumer = request.on_data](std::string_view piece) {
      delivered = true;
      return consumer(piece);
    };
  }
  for (int attempt = 1;; ++attempt) {
    Result<HttpResponse> response = [&]() -> Result<HttpResponse> {
      const auto turn = gates.enter(host, address.url, request.stop);
      if (!turn) return tl::unexpected(turn.error());
      return inner->send(request);
    }();
    if (!response && response.error().kind != ErrorKind::network) return response;
    if (!response && gates.blocked(host)) return response;
    if (response && !may_pass(response->status)) {
      gates.succeeded(host, {.cached = response->status == 304, .bytes = response->body.size()});
      return response;
    }
    const std::string reason =
        response ? tr("The server answered with status {}", response->status) : response.error().message;
    Millis wait = backoff.pause(attempt, address.url);
    if (const auto asked = response ? retry_after(*response, clock) : std::nullopt) {
      if (*asked > to_millis(config.longest_wait_seconds)) return left_alone(host, address.url, *asked);
      wait = std::max(wait, *asked);
      gates.hold(host, *asked, reason);
    }
    if (attempt >= config.attempts || delivered) {
      gates.failed(host, reason);
      return response;
    }
    if (!gates.pause(host, wait, reason, request.stop)) {
      return fail(ErrorKind::cancelled, tr("Stopped"), address.url);
    }
  }
}

std::unique_ptr<PoliteHttp> make_polite_http(const PolitenessConfig& config, Clock& clock,
                                             const std::filesystem::path& cache) {
  return std::make_unique<PoliteHttp>(make_http_client(value_or_throw(http_policy(config))), clock, config, cache);
}

}  // namespace twin::feature
