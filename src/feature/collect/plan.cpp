#include "feature/collect/plan.h"

#include <algorithm>
#include <unordered_set>

#include "feature/collect/author_ids.h"
#include "feature/collect/canonical_url.h"
#include "feature/collect/prepare.h"
#include "feature/collect/source_run.h"

namespace twin::feature {
namespace {

/// One source's part.
class Listing {
 public:
  Listing(const CollectConfig& config, const SourceConfig& source, const std::vector<Author>& authors,
          const CollectContext& context, const CollectSelection& selection, CollectPlan& plan)
      : config_(config),
        source_(source),
        context_(context),
        run_(config, source, authors, context, selection),
        preparer_(config, source, authors, context),
        names_(known_names(source, authors)),
        plan_(plan) {}

  void run() {
    const std::string& location = run_.summary.location;
    context_.warehouse.each_origin(source_.type, location, [&](stores::Origin&& origin) {
      known_.insert_or_assign(origin.shown, std::move(origin));
      return true;
    });
    SourceContext with = source_context(config_, source_, names_, context_, context_.stop);
    if (run_.whole()) with.cursor = context_.warehouse.cursor(run_.key_of_cursor()).value_or("");
    with.wants = [this](const std::string& url) {
      add(canonical_url(url));
      return false;
    };
    with.unchanged = [this](const std::string& url) { listed_.insert(canonical_url(url)); };
    const auto done = source_.source->collect(with, [&](Item&& item) {
      if (item) {
        add(canonical_url(item->url));  // a source that gives without asking
      } else {
        if (!item.error().where.empty()) listed_.insert(canonical_url(item.error().where));
        fail(std::move(item.error()));
      }
      return !context_.stop.stop_requested();
    });
    if (!done) fail(done.error());
    if (done && done->complete && !done->unchanged && run_.whole()) add_absent();
  }

 private:
  void add(std::string url) {
    if (!run_.asks_for(url) || !listed_.insert(url).second) return;
    const auto before = known_.find(url);
    PlannedItem item{.state = PlannedItem::State::fresh, .url = url, .source = run_.summary.name};
    if (before != known_.end()) {
      const std::string stamp = preparer_.stamp(url);
      const bool changed = path_of_file_url(url) && (stamp.empty() || stamp != before->second.stamp);
      item.state = changed ? PlannedItem::State::changed : PlannedItem::State::known;
    }
    plan_.items.push_back(std::move(item));
  }

  void add_absent() {
    std::vector<std::string> urls;
    for (const auto& [shown, origin] : known_) {
      if (!listed_.contains(shown)) urls.push_back(origin.url);
    }
    std::sort(urls.begin(), urls.end());
    for (auto& url : urls) {
      plan_.items.push_back({.state = PlannedItem::State::absent, .url = std::move(url), .source = run_.summary.name});
    }
  }

  void fail(Error error) {
    if (error.where.empty()) error.where = run_.summary.location;
    plan_.failures.emplace_back(std::move(error), run_.summary.name);
  }

  const CollectConfig& config_;
  const SourceConfig& source_;
  const CollectContext& context_;
  SourceRun run_;  ///< never read(): what it knows of the selection and the cursor
  Preparer preparer_;
  std::vector<std::string> names_;
  CollectPlan& plan_;
  Preparer::Known known_;
  std::unordered_set<std::string> listed_;
};

}  // namespace

std::string_view to_string(PlannedItem::State state) {
  switch (state) {
    case PlannedItem::State::fresh:
      return "new";
    case PlannedItem::State::known:
      return "known";
    case PlannedItem::State::changed:
      return "changed";
    case PlannedItem::State::absent:
      return "absent";
  }
  return "";
}

CollectPlan plan(const CollectConfig& config, const std::vector<SourceConfig>& sources,
                 const std::vector<Author>& authors, const CollectContext& context, const CollectSelection& selection) {
  CollectPlan out;
  const auto progress = context.progress.start("list", "sources");
  progress->total(sources.size());
  for (const auto& source : sources) {
    if (context.stop.stop_requested()) break;
    progress->note(source.display_name());
    if (selection.takes(source)) {
      if (const auto problem = problem_of(source, context)) {
        out.failures.emplace_back(*problem, source.display_name());
      } else {
        Listing(config, source, authors, context, selection, out).run();
      }
    }
    progress->add();
  }
  return out;
}

}  // namespace twin::feature
