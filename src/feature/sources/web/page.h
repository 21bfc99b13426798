// One page of the web as a document: fetched politely, rendered by a browser where it needs one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "feature/collect/webdriver.h"
#include "feature/sources/source.h"

namespace twin::feature::web {

struct JavascriptConfig {
  std::string when = "auto";  ///< never | auto | always
  int min_text = 250;         ///< auto: a page with less is looked at more closely
  BrowserConfig browser;
  void bind(config::Binder& b);
};

/// The pages of one run of a source: starts the browser when the first page needs it, and ends it.
class Pages {
 public:
  Pages(SourceContext& context, const JavascriptConfig& javascript) : context_(context), javascript_(javascript) {}

  /// Fetches a page. `url` of the document is the given one, whatever it redirects to (that is "final_url" in the
  /// metadata); failures name it, too. The type comes from the server, else the address, else the bytes.
  [[nodiscard]] Result<RawDocument> get(const std::string& url, const Headers& headers = {});
  /// The two halves of get(), for fetch_all().
  [[nodiscard]] HttpRequest request(const std::string& url, const Headers& headers = {}) const;
  [[nodiscard]] Result<RawDocument> take(const std::string& url, Result<HttpResponse>&& response);
  /// What happened beside: pages that look empty without JavaScript.
  std::vector<Error> notes;

 private:
  [[nodiscard]] Result<void> render(RawDocument& raw, const std::string& address);

  SourceContext& context_;
  const JavascriptConfig& javascript_;
  std::unique_ptr<Browser> browser_;
  std::optional<Error> no_browser_;  ///< why there is none: told once, not tried again
};

/// GET within the limits of the context; no page is made of it.
[[nodiscard]] Result<HttpResponse> get(SourceContext& context, const std::string& url, const Headers& headers = {});
/// POST of JSON.
[[nodiscard]] Result<HttpResponse> post_json(SourceContext& context, const std::string& url, std::string body,
                                             const Headers& headers = {});

/// "text/html" of "text/html; charset=utf-8", and "utf-8".
struct ContentType {
  std::string type, charset;
};
[[nodiscard]] ContentType content_type(const HttpResponse& response);

/// Text of a title that may hold markup or entities: "Tips &amp; tricks" → "Tips & tricks".
[[nodiscard]] std::string plain_title(const std::string& title);

}  // namespace twin::feature::web
