// The HTTP client that collecting hands to its sources: every source is polite with no code of its own.
#pragma once

#include <filesystem>
#include <memory>

#include "core/clock.h"
#include "core/http/http.h"
#include "feature/collect/host_state.h"
#include "feature/collect/politeness.h"

namespace twin::feature {

/// A decorator: asks `inner` for one answer at a time and adds
///   - robots.txt (RFC 9309), for GET and HEAD without an Authorization header: a request with a token is the use of an
///     API that its owner gave the token for, and a POST is a query; both are no crawling;
///   - per host, with its port: so many requests at once, so long between two, Crawl-delay included;
///   - redirects: each hop under the rules of its own host;
///   - retries with growing, random pauses after failures of the network, 429 and 5xx; Retry-After. Every request of a
///     source is a read, so that a POST is tried again, too;
///   - a host is left alone for the rest of the run after too many failures in a row, or when it asks for too long a
///   pause;
///   - conditional GET: bodies and validators (ETag, Last-Modified) are kept on disk; a 304 is answered as the 200 it
///     confirms, with HttpResponse::cached set. A request that has conditions of its own gets the 304.
/// Thread-safe. 429 and 5xx that remain after all attempts are values, as any status.
class PoliteHttp final : public HttpClient {
 public:
  /// `cache`: folder for what is kept between runs; empty: nothing is. A cache that cannot be used is a warning.
  PoliteHttp(std::unique_ptr<HttpClient> inner, Clock& clock, PolitenessConfig config,
             std::filesystem::path cache = {});
  ~PoliteHttp() override;

  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) override;
  [[nodiscard]] Parallel parallel() const override;

  /// Who is told what happens with each host; nobody by default.
  void observe(HostObserver observer);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// The real one: libcurl behind the address guard. Throws Fatal (usage) when the configuration is wrong.
[[nodiscard]] std::unique_ptr<PoliteHttp> make_polite_http(const PolitenessConfig& config, Clock& clock,
                                                           const std::filesystem::path& cache);

}  // namespace twin::feature
