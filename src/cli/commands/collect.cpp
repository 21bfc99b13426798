// twin collect: sources into the warehouse; what it would do; what failed last time; one source only.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/commands/stage_command.h"
#include "core/i18n.h"
#include "feature/collect/canonical_url.h"
#include "feature/collect/plan.h"
#include "ops/project/collecting.h"

namespace twin::cli {
namespace {

using feature::PlannedItem;

class CollectCommand final : public StageCommand {
 public:
  CollectCommand() : StageCommand("collect", tr("Sources into the warehouse; only what changed"), {"collect"}) {}
  void declare(Options& options) override {
    StageCommand::declare(options);
    options.flag("--dry-run", dry_run_, tr("List what would be read, without reading or storing it"));
    options.flag("--retry-failed", retry_, tr("Only what failed in the last run"));
    options.option("--source", sources_, tr("Only this source, by its name or location (repeatable)"));
    options.flag("--confirm-deletions", confirm_, tr("Mark deleted what is gone, however much it is"));
  }
  int run(Session& session) override {
    ops::Project& project = session.project();
    session.lock_project();
    auto& selection = project.config().collect_selection;
    for (const auto& name : sources_) selection.only.push_back(ops::source_named(project, name));
    if (confirm_) project.config().collect.max_delete_share = 1;
    if (retry_ && !select_failures(session, selection)) return exit_code::done;
    if (dry_run_) return list(session, selection);
    if (retry_ || confirm_ || !sources_.empty()) force();
    return StageCommand::run(session);
  }

 private:
  /// False when nothing failed.
  static bool select_failures(Session& session, feature::CollectSelection& selection) {
    const auto last = ops::last_collect(session.project());
    selection.retry = true;
    if (last) selection.failures = last->failures;
    const auto& sources = session.project().config().sources;
    const bool any = std::any_of(sources.begin(), sources.end(), [&](const auto& s) { return selection.takes(s); });
    if (any) return true;
    if (session.json()) {
      session.print(Json{{"retried", 0}});
    } else {
      session.print(tr("Nothing failed in the last run."));
    }
    return false;
  }

  static int list(Session& session, const feature::CollectSelection& selection) {
    ops::Project& project = session.project();
    const auto& config = project.config();
    const auto context = ops::collect_context(project, session.progress(), session.stop());
    const feature::CollectPlan plan = feature::plan(config.collect, config.sources, config.authors, context, selection);
    session.json() ? print_json(session, plan) : print_text(session, plan);
    if (session.stop().stop_requested()) throw Fatal(ErrorKind::cancelled, tr("Stopped"));
    return plan.failures.empty() ? exit_code::done : exit_code::partial;
  }

  static void print_json(Session& session, const feature::CollectPlan& plan) {
    Json json{{"items", Json::array()}, {"failures", Json::array()}};
    for (const PlannedItem& item : plan.items) {
      json["items"].push_back({{"state", feature::to_string(item.state)}, {"url", item.url}, {"source", item.source}});
    }
    for (const auto& failure : plan.failures) {
      json["failures"].push_back(
          {{"source", failure.source}, {"url", failure.where}, {"message", failure.message}, {"hint", failure.hint}});
    }
    session.print(json);
  }

  static void print_text(Session& session, const feature::CollectPlan& plan) {
    std::map<PlannedItem::State, int> counts;
    std::string source;
    for (const PlannedItem& item : plan.items) {
      ++counts[item.state];
      if (item.source != source) session.print(source = item.source);
      session.print(fmt::format("  {:<8} {}", feature::to_string(item.state), feature::readable_url(item.url)));
    }
    for (const auto& failure : plan.failures) std::fprintf(stderr, "twin: %s\n", failure.text().c_str());
    using State = PlannedItem::State;
    session.print(tr("{} new, {} changed, {} known, {} absent; nothing was stored", counts[State::fresh],
                     counts[State::changed], counts[State::known], counts[State::absent]));
  }

  bool dry_run_ = false, retry_ = false, confirm_ = false;
  std::vector<std::string> sources_;
};

}  // namespace

std::unique_ptr<Command> collect_command() {
  return std::make_unique<CollectCommand>();
}

}  // namespace twin::cli
