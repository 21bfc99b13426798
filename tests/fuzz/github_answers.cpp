// What the GitHub API answers: files, commits and conversations. Every request gets the same answer.
#include <nlohmann/json.hpp>

#include "check.h"
#include "feature/sources/github/repository.h"
#include "feature/sources/json/fields.h"

using namespace twin;
using namespace twin::feature;

namespace {

/// The first line of the input is the Link header, the rest the body.
class SameAnswer final : public HttpClient {
 public:
  SameAnswer(std::string_view link, std::string_view body) : link_(link), body_(body) {}
  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) override {
    return HttpResponse{.status = 200, .headers = {{"link", link_}}, .body = body_, .url = request.url};
  }

 private:
  std::string link_, body_;
};

}  // namespace

TWIN_FUZZ(github_answers, bytes) {
  const std::size_t line = bytes.find('\n');
  const std::string_view link = line < 200 ? bytes.substr(0, line) : std::string_view();
  const std::string_view body = line < 200 ? bytes.substr(line + 1) : bytes;
  SameAnswer http(link, body);
  FakeClock clock;
  SourceContext context{.files = disk(), .http = http, .clock = clock, .stop = {}, .scratch = {}};
  github::ApiConfig config;
  config.token.clear();
  config.max_list_pages = 2;
  github::Api api(config, context);
  std::vector<RawDocument> documents;
  const ItemSink sink = [&](Item&& item) {
    if (item) documents.push_back(std::move(*item));
    return documents.size() < 100;
  };
  github::Outlet out(context, sink, "https://github.com/me/x");
  github::RepositoryInfo info{.full_name = "me/x",
                              .html_url = "https://github.com/me/x",
                              .branch = "main",
                              .clone_url = "https://github.com/me/x.git",
                              .owner = "me"};
  info.discussions = true;
  (void)github::read_info(json::parse(body));
  github::read_threads(api, info, {}, {"me"}, out);
  github::read_commits(api, info, {}, {"me"}, {"Me"}, out);
  github::KnownFiles now;
  github::read_files(api, info, {}, 1 << 20, {}, now, out);
  for (const auto& document : documents) fuzz::require(!document.url.empty(), "a document has an address");
  if (!documents.empty()) fuzz::clean_as("text/markdown", documents.front().bytes);
}
