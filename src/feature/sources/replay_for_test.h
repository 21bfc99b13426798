// Recorded exchanges with a service, for the tests of its source.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/http/http.h"

namespace twin::feature {

/// Answers from src/feature/sources/testdata/<name>/exchanges.json, a list of
///   {"method": "GET", "url": "https://…", "body_contains": ["…"], "header_contains": {"authorization": "Bearer"},
///    "status": 200, "headers": {"etag": "…"}, "file": "page.html" | "json": {…} | "body": "…"}
/// method, body_contains, header_contains, status and headers may be left out. The first entry that matches answers,
/// any number of times, unless it has "times": n. An unknown request is ErrorKind::network that shows it, and is
/// recorded.
class ReplayHttp final : public HttpClient {
 public:
  explicit ReplayHttp(const std::string& name);
  ~ReplayHttp() override;
  std::vector<HttpRequest> requests;
  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) override;

 private:
  struct Exchange;
  std::filesystem::path folder_;
  std::vector<Exchange> exchanges_;
};

}  // namespace twin::feature
