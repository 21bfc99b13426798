// How collecting behaves towards the servers it asks, as keys of twin.yaml (collect.http).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/config/binder.h"
#include "core/http/http.h"

namespace twin::feature {

struct PolitenessConfig {
  std::string user_agent;  ///< empty: "Twin/<version>" with the contact
  std::string contact;     ///< address or page that a server's owner can turn to

  bool respect_robots = true;
  std::vector<std::string> robots_exempt;  ///< hosts whose robots.txt is not asked: the user's own

  double delay_seconds = 0.5;  ///< between the beginnings of two requests to one host
  int concurrency_per_host = 2;
  int concurrency = 8;
  double longest_delay_seconds = 30;  ///< a host that asks for more by Crawl-delay is left alone

  int attempts = 4;                   ///< of one request
  double retry_seconds = 1;           ///< doubled with each attempt; the pause is random below it (full jitter)
  double longest_retry_seconds = 60;  ///< pauses do not grow beyond it
  double longest_wait_seconds = 120;  ///< a host that asks for more by Retry-After is left alone
  int host_failures = 5;              ///< requests failed in a row after which a host is left alone
  std::int64_t seed = 1;              ///< of the jitter

  std::vector<std::string> allow_hosts;  ///< names, addresses and networks beyond the public internet
  std::vector<std::string> resolve;      ///< host:port:address
  int max_redirects = 5;
  bool allow_downgrade = false;  ///< follow redirects from https to http

  double connect_seconds = 15;
  double tls_seconds = 15;
  double answer_seconds = 60;
  double idle_seconds = 30;
  std::int64_t min_bytes_per_second = 100;
  double total_seconds = 600;
  int max_header_kilobytes = 256;
  double max_compression_ratio = 200;

  int cache_megabytes = 512;   ///< 0: none
  bool trust_max_age = false;  ///< not even ask while an answer is fresh by its own word (Cache-Control: max-age)

  void bind(config::Binder& b);
};

/// The client's part of it. ErrorKind::usage when allow_hosts or resolve holds what is none.
[[nodiscard]] Result<HttpPolicy> http_policy(const PolitenessConfig& config);

/// What the client calls itself: "Twin/0.4 (+https://example.org/me)".
[[nodiscard]] std::string user_agent(const PolitenessConfig& config);

}  // namespace twin::feature
