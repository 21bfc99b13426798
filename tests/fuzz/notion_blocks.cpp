// What the Notion API answers: blocks to Markdown, properties to metadata. Every request gets the same answer.
#include <nlohmann/json.hpp>

#include "check.h"
#include "feature/sources/json/fields.h"
#include "feature/sources/notion/blocks.h"
#include "feature/sources/notion/properties.h"
#include "fuzz.h"

using namespace twin;

namespace {

class SameAnswer final : public HttpClient {
 public:
  explicit SameAnswer(std::string_view body) : body_(body) {}
  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) override {
    return HttpResponse{.status = 200, .headers = {}, .body = std::string(body_), .url = request.url};
  }

 private:
  std::string_view body_;
};

}  // namespace

TWIN_FUZZ(notion_blocks, bytes) {
  SameAnswer http(bytes);
  FakeClock clock;
  feature::SourceContext context{.files = disk(), .http = http, .clock = clock, .stop = {}, .scratch = {}};
  const feature::notion::ApiConfig config;
  feature::notion::Api api(config, "token", context);
  const feature::notion::BlockLimits limits{.max_depth = 4, .max_blocks = 300};
  if (auto tree = feature::notion::read_blocks(api, std::string(32, 'a'), limits)) {
    const std::string markdown = feature::notion::to_markdown(tree->blocks, tree->notes);
    fuzz::require_utf8(markdown, "the Markdown is UTF-8");
    fuzz::require_sound_views(markdown);
  }
  const Json page = feature::json::parse(bytes);
  if (page.is_discarded()) return;
  feature::RawDocument raw;
  feature::notion::read_properties(page, {}, raw);
  fuzz::require_utf8(raw.title + feature::notion::written_properties(page), "properties are UTF-8");
}
