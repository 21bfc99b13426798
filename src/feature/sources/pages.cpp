// A site by declaration: where its pages are and what is what on them, in YAML and without code.
#include <filesystem>
#include <set>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/collect/canonical_url.h"
#include "feature/collect/fetch.h"
#include "feature/sources/pages/definition.h"
#include "feature/sources/pages/page.h"
#include "feature/sources/source.h"

namespace twin::feature {
namespace {

namespace fs = std::filesystem;

class PagesRun {
 public:
  PagesRun(const pages::Definition& definition, std::string location, SourceContext& context, const ItemSink& sink)
      : definition_(definition), location_(std::move(location)), context_(context), sink_(sink), rules_(definition) {}

  SourceReport run() {
    std::vector<std::string> starts = definition_.urls;
    if (!definition_.url.empty()) starts.insert(starts.begin(), definition_.url);
    if (!definition_.follows()) {
      for (const auto& url : starts) document(url);
    } else {
      for (const auto& url : starts) follow(url);
      if (!definition_.page_url.empty()) count_pages();
    }
    if (stopped()) return SourceReport{};
    if (documents_ == 0 && report_.complete) {
      lost({ErrorKind::not_found, tr("No link to a document was found"),
            starts.empty() ? definition_.page_url : starts[0],
            tr("See link_selector, link_pattern, include and exclude of this source")});
    }
    return std::move(report_);
  }

 private:
  [[nodiscard]] bool stopped() const { return stopped_ || context_.stop.stop_requested(); }

  void emit(Item&& item) {
    if (!stopped()) stopped_ = !sink_(std::move(item));
  }
  /// What is more than one document: a failure of the source, which is then read again as a whole.
  void lost(Error error) {
    report_.complete = false;
    if (error.where != location_) error.message += " (" + error.where + ")";
    error.where = location_;
    if (error.kind != ErrorKind::cancelled) emit(tl::unexpected(std::move(error)));
  }

  [[nodiscard]] Result<HttpResponse> get(const std::string& url) {
    HttpRequest request;
    request.url = url;
    request.headers = {{"Accept", "text/html, application/xhtml+xml;q=0.9, */*;q=0.5"}};
    request.max_bytes = context_.max_item_bytes;
    request.stop = context_.stop;
    auto response = fetch(context_.http, context_.clock, request);
    if (!response && response.error().where.empty()) response.error().where = url;
    return response;
  }

  /// Whether one more page of the list may be read.
  bool may_read(const std::string& url) {
    if (stopped()) return false;
    if (pages_ < definition_.max_pages) {
      ++pages_;
      return true;
    }
    lost({ErrorKind::limit, tr("The list has more than {} pages", definition_.max_pages), url,
          tr("Raise max_pages of this source")});
    return false;
  }

  /// From a page of the list to the next, by its own link.
  void follow(std::string url) {
    while (!url.empty() && listed_.insert(url).second && may_read(url)) {
      const auto response = get(url);
      if (!response) return lost(response.error());
      const auto page = pages::Page::parse(*response, url);
      if (!page) return lost(located(page.error(), url));
      take_links(*page);
      if (definition_.next_selector.empty()) return;
      const auto next = page->links(definition_.next_selector);
      url = next.empty() ? "" : next.front();
    }
  }

  /// Pages by number: until one does not exist or shows nothing new, as sites do that repeat their last page.
  void count_pages() {
    for (std::int64_t number = definition_.first_page;; number += definition_.page_step) {
      std::string url = definition_.page_url;
      const std::string digits = std::to_string(number);
      for (std::size_t at = 0; (at = url.find("{page}", at)) != std::string::npos; at += digits.size()) {
        url.replace(at, 6, digits);
      }
      if (!listed_.insert(url).second) continue;  // a start page
      if (!may_read(url)) return;
      const auto response = get(url);
      if (!response) {
        const bool end = response.error().kind == ErrorKind::not_found && number != definition_.first_page;
        if (!end) lost(response.error());
        return;
      }
      const auto page = pages::Page::parse(*response, url);
      if (!page) return lost(located(page.error(), url));
      if (take_links(*page) == 0) return;
    }
  }

  static Error located(Error error, const std::string& url) {
    error.where = url;
    return error;
  }

  /// Reads the documents that a page of the list links to; returns how many were not known before.
  int take_links(const pages::Page& page) {
    int fresh = 0;
    for (const auto& url : page.links(definition_.link_selector.empty() ? "a[href]" : definition_.link_selector)) {
      if (stopped()) return fresh;
      if (!rules_.accepts(url) || listed_.contains(url) || !found_.insert(url).second) continue;
      ++fresh;
      document(url);
    }
    return fresh;
  }

  void document(const std::string& url) {
    if (stopped()) return;
    if (documents_ == definition_.max_documents) {
      if (!full_) {
        lost({ErrorKind::limit, tr("There are more than {} documents", definition_.max_documents), url,
              tr("Raise max_documents of this source")});
      }
      full_ = true;
      return;
    }
    ++documents_;
    if (!context_.wants(url)) return;
    const auto response = get(url);
    if (!response) return emit(tl::unexpected(response.error()));
    const std::string type = pages::media_type(*response);
    if (type != "text/html") {  // a PDF or the like: as it is
      RawDocument raw;
      raw.url = url;
      raw.media_type = type;
      raw.bytes = response->body;
      return emit(std::move(raw));
    }
    auto page = pages::Page::parse(*response, url);
    if (!page) return emit(tl::unexpected(located(page.error(), url)));
    emit(page->document(definition_, report_.notes));
  }

  const pages::Definition& definition_;
  std::string location_;
  SourceContext& context_;
  const ItemSink& sink_;
  pages::LinkRules rules_;
  SourceReport report_{.complete = true, .unchanged = false, .cursor = {}};
  std::set<std::string> listed_, found_;
  int pages_ = 0, documents_ = 0;
  bool full_ = false, stopped_ = false;
};

class Pages final : public Source {
 public:
  void bind(config::Binder& b) override {
    // What the file says are the defaults of the keys below.
    b.field("path", path_, "File with the keys below, shared between projects: sources/blog.yaml",
            {.path = true, .exists = true, .key_irrelevant = true, .check = [this](const std::string& file) {
               return fs::exists(file) ? pages::load_definition(file, definition_) : std::string();
             }});
    definition_.bind(b);
  }

  [[nodiscard]] std::string location() const override {
    if (!definition_.url.empty()) return definition_.url;
    if (!path_.empty()) return path_;
    return definition_.urls.empty() ? definition_.page_url : definition_.urls.front();
  }

  [[nodiscard]] std::optional<std::string> fingerprint(SourceContext&) override { return std::nullopt; }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    if (!definition_.url.empty() && !is_web(definition_.url))
      return fail(ErrorKind::usage, tr("'{}' is no address of the web", definition_.url), location());
    if (definition_.url.empty() && definition_.urls.empty() && definition_.page_url.empty()) {
      return fail(ErrorKind::usage, tr("A source of pages needs url, urls or page_url"), location(),
                  tr("Give them in twin.yaml or in the file that `path` names"));
    }
    if (!definition_.page_url.empty() && !definition_.follows()) {
      return fail(ErrorKind::usage, tr("page_url needs link_selector or link_pattern"), location());
    }
    return PagesRun(definition_, location(), context, sink).run();
  }

 private:
  std::string path_;
  pages::Definition definition_;
};

/// sources/blog.yaml, as projects keep them.
Claim accepts(const std::string& location) {
  if (location.find("://") != std::string::npos) return {};
  const fs::path path(location);
  const std::string extension = path.extension().string();
  if ((extension != ".yaml" && extension != ".yml") || path.parent_path().filename() != "sources") return {};
  return {Claim::shape, tr("a file that describes a site (sources/….yaml)")};
}

}  // namespace

TWIN_SOURCE(pages, {.description = "Any site by declaration: links, pagination and fields by CSS selectors",
                    .needs = "a few lines of YAML about the site",
                    .examples = {{"sources/blog.yaml", true},
                                 {"/home/me/twin/sources/blog.yml", true},
                                 {"/home/me/twin/twin.yaml", false},
                                 {"https://example.org/sources/blog.yaml", false}},
                    .accepts = accepts,
                    .make = [] { return std::make_unique<Pages>(); }})

}  // namespace twin::feature
