// Notion through its official API: pages, and the rows of databases, that are shared with an integration.
#include <algorithm>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/sources/json/fields.h"
#include "feature/sources/notion/api.h"
#include "feature/sources/notion/blocks.h"
#include "feature/sources/notion/properties.h"
#include "feature/sources/source.h"

namespace twin::feature {
namespace {

struct NotionConfig {
  std::string url;
  std::vector<std::string> pages;
  notion::ApiConfig api;
  notion::BlockLimits blocks;
  notion::PropertyNames properties;
  int max_pages = 100'000;
};

/// What is known of a page since the last run.
struct Known {
  std::string edited;                 ///< last_edited_time; empty: fetch it again
  std::vector<std::string> children;  ///< "page:<id>" or "database:<id>"
};

/// Notion rounds last_edited_time to the minute: a page that was edited just now may be edited again without a trace.
constexpr Millis settled{120'000};

class NotionRun {
 public:
  NotionRun(const NotionConfig& config, std::string location, notion::Api& api, SourceContext& context,
            const ItemSink& sink)
      : config_(config), location_(std::move(location)), api_(api), context_(context), sink_(sink) {
    const Json cursor = json::parse(context.cursor);
    for (const auto& [id, entry] : json::member(cursor, "pages").items()) {
      Known known{.edited = json::text(entry, "edited"), .children = {}};
      for (const auto& child : json::list(entry, "children")) {
        if (child.is_string()) known.children.push_back(child.get<std::string>());
      }
      before_[id] = std::move(known);
    }
  }

  /// Everything shared with the integration. Search does not promise to find all: what it no longer shows is asked for
  /// by its id before it counts as gone.
  Result<SourceReport> workspace() {
    const Json query{{"sort", {{"direction", "ascending"}, {"timestamp", "last_edited_time"}}}};
    const auto done = api_.each("/v1/search", &query, [&](const Json& found) {
      const std::string kind = json::text(found, "object"), id = notion::id_of(json::text(found, "id"));
      if (kind == "page") page(found);
      if (kind == "data_source" || kind == "database") queue_.push_back({kind, id});
      return !stopped();
    });
    if (!done) return tl::unexpected(done.error());
    work();
    for (const auto& [id, known] : before_) {
      if (stopped()) break;
      if (!seen_.contains(id)) confirm(id);
    }
    work();
    return finish();
  }

  /// These pages or databases, with everything below them.
  Result<SourceReport> below(const std::vector<std::string>& roots) {
    for (const auto& root : roots) {
      const std::string id = notion::id_of(root);
      if (id.empty()) return fail(ErrorKind::usage, tr("This is no id or address of a Notion page"), root);
      queue_.push_back({"unknown", id});
    }
    follow_children_ = true;
    work();
    return finish();
  }

 private:
  struct Task {
    std::string kind, id;
  };

  [[nodiscard]] bool stopped() const { return stopped_ || context_.stop.stop_requested(); }

  void work() {
    while (!queue_.empty() && !stopped()) {
      const Task task = std::move(queue_.front());
      queue_.pop_front();
      if (task.kind == "data_source") {
        data_source(task.id);
      } else if (task.kind == "database") {
        database(task.id);
      } else {
        page_by_id(task.id, task.kind == "unknown");
      }
    }
  }

  void emit(Item&& item) { stopped_ = stopped_ || !sink_(std::move(item)); }
  /// A page that failed: what is below it is not known.
  void lost(Error error, const std::string& id) {
    report_.complete = false;
    if (error.kind == ErrorKind::cancelled) return;
    error.where = notion::page_url(id);
    emit(tl::unexpected(std::move(error)));
  }
  /// More than one page: a failure of the source, which is then read again as a whole.
  void lost_many(Error error, const std::string& id) {
    error.message += " (" + notion::page_url(id) + ")";
    report_.complete = false;
    error.where = location_;
    if (error.kind != ErrorKind::cancelled) emit(tl::unexpected(std::move(error)));
  }

  void page_by_id(const std::string& id, bool maybe_database) {
    if (seen_.contains(id)) return;
    const auto found = api_.get("/v1/pages/" + notion::dashed(id));
    if (found) return page(*found);
    const bool other_kind = found.error().kind == ErrorKind::not_found || found.error().kind == ErrorKind::invalid;
    if (!maybe_database || !other_kind || !database(id, true)) lost(found.error(), id);
  }

  /// A page that search no longer shows.
  void confirm(const std::string& id) {
    const auto found = api_.get("/v1/pages/" + notion::dashed(id));
    if (found) return page(*found);
    if (found.error().kind != ErrorKind::not_found) lost(found.error(), id);
  }

  /// With `probing`, whether there is one; its absence is then no failure.
  bool database(const std::string& id, bool probing = false) {
    if (!databases_.insert(id).second) return true;
    const auto found = api_.get("/v1/databases/" + notion::dashed(id));
    if (!found) {
      if (!probing) lost_many(found.error(), id);
      return false;
    }
    if (json::flag(*found, "in_trash") || json::flag(*found, "archived")) return true;
    for (const auto& source : json::list(*found, "data_sources")) {
      queue_.push_back({"data_source", notion::id_of(json::text(source, "id"))});
    }
    return true;
  }

  void data_source(const std::string& id) {
    if (!databases_.insert("data_source:" + id).second) return;
    const Json query = Json::object();
    const auto done = api_.each("/v1/data_sources/" + notion::dashed(id) + "/query", &query, [&](const Json& row) {
      if (json::text(row, "object") == "page") page(row);
      return !stopped();
    });
    if (!done) lost_many(done.error(), id);
  }

  void page(const Json& found) {
    const std::string id = notion::id_of(json::text(found, "id"));
    if (id.empty() || !seen_.insert(id).second) return;
    if (json::flag(found, "in_trash") || json::flag(found, "archived")) return;  // gone
    if (std::ssize(after_) >= config_.max_pages) {
      if (report_.complete) {
        lost_many({ErrorKind::limit,
                   tr("There are more than {} pages", config_.max_pages),
                   {},
                   tr("Raise max_pages of this source")},
                  id);
      }
      return;
    }
    const std::string url = notion::page_url(id), edited = json::text(found, "last_edited_time");
    const auto known = before_.find(id);
    if (known != before_.end() && !edited.empty() && known->second.edited == edited) {
      context_.unchanged(url);
      follow(known->second.children);
      after_[id] = known->second;
      return;
    }
    const bool wanted = context_.wants(url);
    if (!wanted && !follow_children_) return;
    auto tree = notion::read_blocks(api_, id, config_.blocks);
    if (!tree) return lost(tree.error(), id);
    Known now;
    for (const auto& child : tree->pages) now.children.push_back("page:" + child);
    for (const auto& child : tree->databases) now.children.push_back("database:" + child);
    follow(now.children);
    if (!wanted) {
      if (known != before_.end()) after_[id] = known->second;
      return;
    }
    const bool quiet = context_.clock.now() - json::time(found, "last_edited_time") > settled.count();
    now.edited = quiet ? edited : std::string();
    after_[id] = std::move(now);
    document(found, url, *tree);
  }

  void follow(const std::vector<std::string>& children) {
    for (const auto& child : children) {
      const std::size_t colon = child.find(':');
      queue_.push_back({child.substr(0, colon), child.substr(colon + 1)});
    }
  }

  void document(const Json& found, const std::string& url, notion::BlockTree& tree) {
    RawDocument raw;
    raw.url = url;
    raw.media_type = "text/markdown";
    notion::read_properties(found, config_.properties, raw);
    raw.bytes = notion::to_markdown(tree.blocks, tree.notes);
    raw.metadata["charset"] = "utf-8";
    for (auto& note : tree.notes) report_.notes.push_back(std::move(note));
    if (text::trim(raw.bytes).empty()) raw.bytes = notion::written_properties(found);
    if (text::trim(raw.bytes).empty()) {
      report_.notes.push_back({ErrorKind::invalid, tr("The page '{}' has no text", raw.title), url, {}});
      return;
    }
    raw.bytes += "\n";
    emit(std::move(raw));
  }

  Result<SourceReport> finish() {
    if (stopped()) return SourceReport{};
    Json pages = Json::object();
    for (const auto& [id, known] : after_) pages[id] = {{"edited", known.edited}, {"children", known.children}};
    report_.cursor = Json{{"pages", std::move(pages)}}.dump();
    return std::move(report_);
  }

  const NotionConfig& config_;
  std::string location_;
  notion::Api& api_;
  SourceContext& context_;
  const ItemSink& sink_;
  SourceReport report_{.complete = true, .unchanged = false, .cursor = {}, .cursor_by_item = true};
  std::map<std::string, Known> before_, after_;
  std::set<std::string> seen_, databases_;
  std::deque<Task> queue_;
  bool follow_children_ = false, stopped_ = false;
};

class Notion final : public Source {
 public:
  void bind(config::Binder& b) override {
    b.field("url", config_.url, "Address of a page or database, read with everything below; none: all that is shared");
    b.field("pages", config_.pages, "Further pages or databases, by address or id");
    config_.api.bind(b);
    config_.properties.bind(b);
    b.field("max_depth", config_.blocks.max_depth, "Blocks nested deeper are left out", {.min = 1, .max = 200});
    b.field("max_blocks", config_.blocks.max_blocks, "Most blocks of a page", {.min = 1, .max = 10'000'000});
    b.field("max_pages", config_.max_pages, "Most pages that are read", {.min = 1, .max = 10'000'000});
  }

  [[nodiscard]] std::string location() const override {
    std::string out = config_.url;
    for (const auto& page : config_.pages) out += (out.empty() ? "" : " ") + page;
    const bool other_workspace = out.empty() && config_.api.token != notion::ApiConfig().token;
    return other_workspace ? "notion:" + config_.api.token : out;
  }

  [[nodiscard]] std::optional<std::string> fingerprint(SourceContext&) override { return std::nullopt; }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    std::vector<std::string> roots = config_.pages;
    // "https://www.notion.so" alone stands for all that is shared.
    if (!config_.url.empty() && !whole_workspace(config_.url)) roots.insert(roots.begin(), config_.url);
    auto token = context.secrets.get(config_.api.token);
    if (!token) {
      token.error().where = location();
      return tl::unexpected(token.error());
    }
    notion::Api api(config_.api, std::move(*token), context);
    NotionRun run(config_, location(), api, context, sink);
    return roots.empty() ? run.workspace() : run.below(roots);
  }

  static bool whole_workspace(const std::string& url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string::npos) return false;
    const std::size_t slash = url.find('/', scheme + 3);
    return slash == std::string::npos || slash + 1 == url.size();
  }

 private:
  NotionConfig config_;
};

Claim accepts(const std::string& location) {
  const std::string text = text::fold(location);
  const std::size_t scheme = text.find("://");
  if (scheme == std::string::npos || !text.starts_with("http")) return {};
  const std::string host = text.substr(scheme + 3, text.find('/', scheme + 3) - scheme - 3);
  const bool notion = host == "notion.so" || host == "www.notion.so" || host == "app.notion.com" ||
                      host == "www.notion.com" || host.ends_with(".notion.site");
  if (!notion) return {};
  if (notion::id_of(text).empty() && !Notion::whole_workspace(text)) return {};
  return {Claim::site, tr("a page of Notion")};
}

}  // namespace

TWIN_SOURCE(notion, {.description = "Notion through its API: pages and databases shared with an integration",
                     .needs = "NOTION_TOKEN of an integration that the pages are shared with",
                     .examples = {{"https://www.notion.so/me/Writing-1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d", true},
                                  {"https://me.notion.site/1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d?pvs=4", true},
                                  {"https://www.notion.so", true},
                                  {"https://www.notion.so/product", false},
                                  {"https://example.org/1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d", false}},
                     .accepts = accepts,
                     .make = [] { return std::make_unique<Notion>(); },
                     .category = "articles"})

}  // namespace twin::feature
