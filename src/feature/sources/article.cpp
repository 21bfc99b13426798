// Single pages of the web, by their addresses.
#include <set>

#include "core/i18n.h"
#include "feature/collect/canonical_url.h"
#include "feature/sources/source.h"
#include "feature/sources/web/address.h"
#include "feature/sources/web/page.h"

namespace twin::feature {
namespace {

class Article final : public Source {
 public:
  void bind(config::Binder& b) override {
    b.field("url", url_, "Address of the page");
    b.field("urls", urls_, "Addresses of several pages, with url or instead of it");
    javascript_.bind(b);
  }

  [[nodiscard]] std::string location() const override {
    if (!url_.empty()) return url_;
    return urls_.empty() ? std::string() : urls_.front();
  }

  [[nodiscard]] std::optional<std::string> fingerprint(SourceContext&) override { return std::nullopt; }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    std::vector<std::string> all = urls_;
    if (!url_.empty()) all.insert(all.begin(), url_);
    if (all.empty()) return fail(ErrorKind::usage, tr("An article needs `url` or `urls`"), location());
    web::Pages pages(context, javascript_);
    std::set<std::string> seen;
    SourceReport report;
    bool wrong = false;
    for (const auto& url : all) {
      if (context.stop.stop_requested()) return SourceReport{};
      if (!web::parse_address(url)) {
        wrong = true;
        if (!sink(fail(ErrorKind::usage, tr("This is not a web address"), url,
                       tr("write it in full, as https://example.org/")))) {
          return SourceReport{};
        }
        continue;
      }
      if (!seen.insert(canonical_url(url)).second || !context.wants(url)) continue;
      if (!sink(pages.get(url))) return SourceReport{};
    }
    // The list is all there is: a page taken off it is gone. One whose address cannot be read might be any of them.
    report.complete = !wrong;
    report.notes = std::move(pages.notes);
    return report;
  }

 private:
  std::string url_;
  std::vector<std::string> urls_;
  web::JavascriptConfig javascript_;
};

Claim accepts(const std::string& location) {
  return web::parse_address(location) ? Claim{Claim::any, tr("an address of the web: a page is read from it")}
                                      : Claim{};
}

}  // namespace

TWIN_SOURCE(article, {.description = "Single pages of the web",
                      .needs = "",
                      .examples = {{"https://example.org/2024/sourdough", true},
                                   {"http://example.org", true},
                                   {"https://example.kr/글/제목", true},
                                   {"https://example.org/feed.xml", false},
                                   {"https://velog.io/@someone", false},
                                   {"https://example.org/sitemap.xml", false},
                                   {"ftp://example.org/x", false},
                                   {"/home/me/page.html", false}},
                      .accepts = accepts,
                      .make = [] { return std::make_unique<Article>(); }})

}  // namespace twin::feature
