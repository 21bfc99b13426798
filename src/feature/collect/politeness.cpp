#include "feature/collect/politeness.h"

#include <cmath>
#include <memory>

#include "feature/collect/host_state.h"

namespace twin::feature {
void PolitenessConfig::bind(config::Binder& b) {
  // How something is fetched does not change what it says: nothing here belongs into a cache key.
  const config::Rule plain{.key_irrelevant = true};
  const auto between = [](double min, double max) {
    return config::Rule{.min = min, .max = max, .key_irrelevant = true};
  };
  b.field("user_agent", user_agent, "What Twin calls itself; empty: Twin/<version> with the contact", plain);
  b.field("contact", contact, "Mail address or page that a server's owner can turn to; sent with each request", plain);
  b.field("respect_robots", respect_robots, "Read what robots.txt allows, and nothing else", plain);
  b.field("robots_exempt", robots_exempt, "Hosts whose robots.txt is not asked: sites of your own (*.example.org)",
          plain);
  b.field("delay_seconds", delay_seconds, "Between the beginnings of two requests to one host", between(0, 3600));
  b.field("concurrency_per_host", concurrency_per_host, "Requests to one host at the same time", between(1, 16));
  b.field("concurrency", concurrency, "Requests at the same time in all", between(1, 64));
  b.field("longest_delay_seconds", longest_delay_seconds, "A host whose Crawl-delay is longer is left alone",
          between(0, 86400));
  b.field("attempts", attempts, "How often one request is tried", between(1, 20));
  b.field("retry_seconds", retry_seconds, "First pause before another try; doubled each time, random below it",
          between(0, 3600));
  b.field("longest_retry_seconds", longest_retry_seconds, "Pauses do not grow beyond it", between(0, 86400));
  b.field("longest_wait_seconds", longest_wait_seconds,
          "A host that asks for a longer pause (Retry-After) is left alone", between(0, 86400));
  b.field("host_failures", host_failures, "Requests failed in a row after which a host is left alone in this run",
          between(1, 1000));
  b.field("seed", seed, "Of the random part of pauses", plain);
  b.field("allow_hosts", allow_hosts,
          "Names, addresses and networks that may be asked although they are not on the public internet", plain);
  b.field("resolve", resolve, "host:port:address: the address of a name, instead of asking DNS", plain);
  b.field("max_redirects", max_redirects, "Redirects that one request follows", between(0, 50));
  b.field("allow_downgrade", allow_downgrade, "Follow redirects from https to http", plain);
  b.field("connect_seconds", connect_seconds, "Time for name look-up and connection", between(0.01, 3600));
  b.field("tls_seconds", tls_seconds, "Time for the TLS handshake", between(0.01, 3600));
  b.field("answer_seconds", answer_seconds, "Time from the request to the end of the answer's headers",
          between(0.01, 3600));
  b.field("idle_seconds", idle_seconds, "Longest pause within an answer", between(0.01, 3600));
  b.field("min_bytes_per_second", min_bytes_per_second, "Slower answers are given up; 0: none is", between(0, 1e9));
  b.field("total_seconds", total_seconds, "Time for one request with all of its redirects", between(0.01, 86400));
  b.field("max_header_kilobytes", max_header_kilobytes, "Larger headers are refused", between(1, 16384));
  b.field("max_compression_ratio", max_compression_ratio,
          "An answer that unpacks to more than so many times its size is refused as a bomb", between(1, 1e6));
  b.field("cache_megabytes", cache_megabytes, "Answers kept to ask only for what changed; 0: none",
          between(0, 1 << 20));
  b.field("trust_max_age", trust_max_age, "Do not even ask while an answer is fresh by its own word", plain);
}

std::string user_agent(const PolitenessConfig& config) {
  if (!config.user_agent.empty()) return config.user_agent;
  return default_user_agent() + (config.contact.empty() ? "" : " (+" + config.contact + ")");
}

Result<HttpPolicy> http_policy(const PolitenessConfig& config) {
  auto guard = AddressGuard::make(config.allow_hosts);
  if (!guard) return tl::unexpected(guard.error());
  HttpPolicy policy;
  policy.user_agent = user_agent(config);
  policy.guard = std::make_shared<const AddressGuard>(*std::move(guard));
  policy.tls_timeout = to_millis(config.tls_seconds);
  policy.answer_timeout = to_millis(config.answer_seconds);
  policy.idle_timeout = to_millis(config.idle_seconds);
  policy.min_bytes_per_second = static_cast<std::uint64_t>(config.min_bytes_per_second);
  policy.max_ratio = config.max_compression_ratio;
  policy.max_header_bytes = static_cast<std::uint64_t>(config.max_header_kilobytes) << 10;
  policy.allow_downgrade = config.allow_downgrade;
  policy.resolve = config.resolve;
  return policy;
}

std::string_view to_string(HostPhase phase) {
  switch (phase) {
    case HostPhase::idle:
      return "idle";
    case HostPhase::waiting:
      return "waiting";
    case HostPhase::fetching:
      return "fetching";
    case HostPhase::retrying:
      return "retrying";
    case HostPhase::blocked:
      return "blocked";
  }
  return "idle";
}

}  // namespace twin::feature
