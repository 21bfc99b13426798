#include "feature/collect/collect.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/log.h"
#include "core/text/unicode.h"
#include "feature/clean/clean.h"
#include "feature/collect/author_ids.h"
#include "feature/collect/canonical_url.h"

namespace twin::feature {
namespace {

/// Key of a document's metadata: which source it came from, so that only that one may declare it gone.
constexpr const char* source_location_key = "source_location";

std::string file_name_of(const std::string& url) {
  const std::string path = url.substr(0, url.find_first_of("?"));
  return path.substr(path.find_last_of("/#") + 1);
}

/// One source's run.
class SourceRun {
 public:
  SourceRun(const CollectConfig& config, const SourceConfig& source, const std::vector<Author>& authors,
            const CollectContext& context, std::set<std::string>& urls, Progress& progress, CollectReport& report)
      : config_(config),
        source_(source),
        authors_(authors),
        context_(context),
        urls_(urls),
        progress_(progress),
        report_(report),
        location_(source.source->location()),
        author_ids_(source, authors, context.warehouse) {}

  void run() {
    const auto category = context_.categories.find(source_.category);
    if (category == context_.categories.end()) {
      std::vector<std::string> known;
      for (const auto& [id, entry] : context_.categories) known.push_back(id);
      fail_with({ErrorKind::usage, tr("There is no category '{}'", source_.category), location_,
                 tr("Did you mean '{}'?", text::nearest(source_.category, known))});
      return;
    }
    SourceContext source_context{.files = context_.files,
                                 .http = context_.http,
                                 .clock = context_.clock,
                                 .stop = context_.stop,
                                 .scratch = context_.scratch / source_.type,
                                 .max_item_bytes = static_cast<std::uint64_t>(config_.max_item_megabytes) << 20,
                                 .authors = known_names(source_, authors_),
                                 .cursor = {}};
    source_context.unchanged = [this](const std::string& url) { keep(url); };
    const std::string key = cursor_key(source_context.authors);
    source_context.cursor = context_.warehouse.cursor(key).value_or("");

    const auto done = source_.source->collect(source_context, [&](Item&& item) {
      if (context_.stop.stop_requested()) return false;
      receive(std::move(item));
      return !context_.stop.stop_requested();
    });
    if (!done) {
      Error error = done.error();
      if (error.where.empty()) error.where = location_;
      fail_with(std::move(error));
      return;
    }
    for (auto& note : done->notes) {
      if (note.where.empty()) note.where = location_;
      report_.notes.push_back(std::move(note));
    }
    if (context_.stop.stop_requested() || done->unchanged) return;
    if (done->complete && config_.delete_missing) remove_missing();
    if (!failed_ && (!item_failed_ || done->cursor_by_item)) context_.warehouse.set_cursor(key, done->cursor);
  }

 private:
  /// The cursor says "nothing new since"; it must not hold back what a changed configuration would read differently.
  [[nodiscard]] std::string cursor_key(const std::vector<std::string>& authors) const {
    Category category = context_.categories.at(source_.category);
    std::string names;
    for (const auto& name : authors) names += name + "\n";
    const std::string keys = config::canonical([&](config::Binder& b) { source_.source->bind(b); }).dump();
    return stable_id("cursor", {source_.type, location_, source_.category, keys, config::canonical(category).dump(),
                                names, std::to_string(clean_version)});
  }

  void receive(Item&& item) {
    progress_.add();
    if (!item) {
      // What could not be read is not gone.
      if (!item.error().where.empty()) seen_.insert(canonical_url(item.error().where));
      Error error = std::move(item.error());
      if (error.where.empty()) error.where = location_;
      const bool failed_before = failed_;
      fail_with(std::move(error));
      failed_ = failed_before;
      item_failed_ = true;
      return;
    }
    const std::string url = canonical_url(item->url);
    progress_.note(url);
    seen_.insert(url);
    if (!urls_.insert(url).second) {
      report_.notes.push_back({ErrorKind::invalid, tr("This address came up twice; the first is kept"), url, {}});
      return;
    }
    ++report_.seen;
    try {
      store(std::move(*item), url);
    } catch (const Fatal&) {
      throw;
    } catch (const std::exception& error) {
      fail_with({ErrorKind::internal, tr("The document could not be processed: {}", error.what()), url, {}});
    }
  }

  /// An item that its source knows to be as it was.
  void keep(const std::string& given) {
    const std::string url = canonical_url(given);
    seen_.insert(url);
    if (!urls_.insert(url).second) return;
    progress_.add();
    ++report_.seen;
    ++report_.unchanged;
  }

  void store(RawDocument raw, const std::string& url) {
    const std::string category_id = raw.category.empty() ? source_.category : raw.category;
    const auto category = context_.categories.find(category_id);
    if (category == context_.categories.end()) {
      fail_with({ErrorKind::usage, tr("There is no category '{}'", category_id), url, {}});
      return;
    }
    raw.url = url;
    auto cleaned = clean(raw, category->second.clean);
    if (!cleaned) {
      fail_with(std::move(cleaned.error()));
      return;
    }
    for (auto& note : cleaned->notes) report_.notes.push_back(std::move(note));
    const auto length = static_cast<int>(text::codepoints(cleaned->markdown).size());
    if (length < category->second.clean.min_characters) {
      report_.notes.push_back({ErrorKind::invalid,
                               tr("Short: {} characters, the category's min_characters is {}", length,
                                  category->second.clean.min_characters),
                               url,
                               {}});
    }

    stores::Document document;
    document.url = url;
    document.source = source_.type;
    document.category = category_id;
    document.author_ids = author_ids_.of(raw);
    document.title = cleaned->title.empty() ? file_name_of(url) : std::move(cleaned->title);
    document.body = std::move(cleaned->markdown);
    document.raw_sha256 = value_or_throw(context_.warehouse.objects().put(raw.bytes));
    document.raw_type = raw.media_type;
    document.language = std::move(cleaned->language);
    document.published = cleaned->published;
    document.fetched = context_.clock.now();
    document.metadata = std::move(cleaned->metadata);
    for (auto& [key, value] : raw.metadata) document.metadata[key] = value;
    if (!cleaned->authors.empty()) document.metadata["byline"] = fmt::format("{}", fmt::join(cleaned->authors, ", "));
    document.metadata[source_location_key] = location_;
    count(context_.warehouse.upsert(document));
  }

  void count(stores::Upsert what) {
    switch (what) {
      case stores::Upsert::inserted:
        ++report_.inserted;
        break;
      case stores::Upsert::updated:
        ++report_.updated;
        break;
      case stores::Upsert::unchanged:
        ++report_.unchanged;
        break;
      case stores::Upsert::revived:
        ++report_.revived;
        break;
    }
  }

  /// The source was read completely: its documents that did not come up are gone.
  void remove_missing() {
    std::vector<std::string> gone;
    context_.warehouse.each({.source = source_.type}, [&](stores::Document&& document) {
      const auto location = document.metadata.find(source_location_key);
      const bool ours = location != document.metadata.end() && location->second == location_;
      if (ours && !seen_.contains(document.url)) gone.push_back(document.id);
      return true;
    });
    for (const auto& id : gone) report_.deleted += context_.warehouse.tombstone(id, context_.clock.now()) ? 1 : 0;
  }

  void fail_with(Error error) {
    failed_ = true;
    log::warn("collect: {}", error.text());
    report_.failures.push_back(std::move(error));
  }

  const CollectConfig& config_;
  const SourceConfig& source_;
  const std::vector<Author>& authors_;
  const CollectContext& context_;
  std::set<std::string>& urls_;  ///< of the whole run
  Progress& progress_;
  CollectReport& report_;
  const std::string location_;
  std::set<std::string> seen_;  ///< of this source
  AuthorIds author_ids_;
  bool failed_ = false;       ///< the source as a whole, or what it gave could not be stored
  bool item_failed_ = false;  ///< the source could not read an item
};

}  // namespace

CollectReport collect(const CollectConfig& config, const std::vector<SourceConfig>& sources,
                      const std::vector<Author>& authors, const CollectContext& context) {
  CollectReport report;
  std::set<std::string> urls;
  const auto progress = context.progress.start("collect", "documents");
  for (const auto& source : sources) {
    if (context.stop.stop_requested()) break;
    if (source.source == nullptr) {
      report.failures.push_back(
          {ErrorKind::usage, tr("There is no source of the type '{}'", source.type), "twin.yaml", {}});
      continue;
    }
    SourceRun(config, source, authors, context, urls, *progress, report).run();
  }
  return report;
}

std::string fingerprint(const std::vector<SourceConfig>& sources, const CollectContext& context) {
  Sha256 hash;
  hash.field(std::to_string(clean_version));
  for (const auto& source : sources) {
    if (source.source == nullptr) return {};
    SourceContext source_context{.files = context.files,
                                 .http = context.http,
                                 .clock = context.clock,
                                 .stop = context.stop,
                                 .scratch = context.scratch / source.type,
                                 .authors = {},
                                 .cursor = {}};
    const auto now = source.source->fingerprint(source_context);
    if (!now) return {};
    hash.field(source.type).field(source.source->location()).field(*now);
  }
  return hash.hex();
}

}  // namespace twin::feature
