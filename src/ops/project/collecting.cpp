#include "ops/project/collecting.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/collect/canonical_url.h"

namespace twin::ops {
namespace {

using feature::CollectFailure;
using feature::SourceSummary;

constexpr ErrorKind kinds[] = {ErrorKind::usage, ErrorKind::not_found, ErrorKind::invalid,   ErrorKind::limit,
                               ErrorKind::io,    ErrorKind::network,   ErrorKind::cancelled, ErrorKind::internal};

ErrorKind kind_of(const std::string& name) {
  const auto* kind =
      std::find_if(std::begin(kinds), std::end(kinds), [&](ErrorKind k) { return to_string(k) == name; });
  return kind == std::end(kinds) ? ErrorKind::internal : *kind;
}

SourceSummary::State state_of(const std::string& name) {
  using State = SourceSummary::State;
  for (const State state : {State::done, State::unchanged, State::failed, State::stopped}) {
    if (feature::to_string(state) == name) return state;
  }
  return State::left_out;
}

Json to_json(const CollectFailure& failure) {
  return {{"source", failure.source},
          {"url", failure.where},
          {"kind", to_string(failure.kind)},
          {"message", failure.message},
          {"hint", failure.hint}};
}

CollectFailure failure_of(const Json& json) {
  return {
      Error{kind_of(json.value("kind", "")), json.value("message", ""), json.value("url", ""), json.value("hint", "")},
      json.value("source", "")};
}

Json to_json(const SourceSummary& summary) {
  return {{"source", summary.name},       {"type", summary.type},
          {"location", summary.location}, {"state", feature::to_string(summary.state)},
          {"seen", summary.seen},         {"new", summary.inserted},
          {"changed", summary.updated},   {"unchanged", summary.unchanged},
          {"revived", summary.revived},   {"deleted", summary.deleted},
          {"failed", summary.failed}};
}

SourceSummary summary_of(const Json& json) {
  SourceSummary summary;
  summary.name = json.value("source", "");
  summary.type = json.value("type", "");
  summary.location = json.value("location", "");
  summary.state = state_of(json.value("state", ""));
  summary.seen = json.value("seen", 0);
  summary.inserted = json.value("new", 0);
  summary.updated = json.value("changed", 0);
  summary.unchanged = json.value("unchanged", 0);
  summary.revived = json.value("revived", 0);
  summary.deleted = json.value("deleted", 0);
  summary.failed = json.value("failed", 0);
  return summary;
}

/// Whether the run that made the report tried what failed before.
bool tried_again(const CollectFailure& failure, const feature::CollectReport& report,
                 const feature::CollectSelection& selection) {
  const auto source = std::find_if(report.sources.begin(), report.sources.end(),
                                   [&](const SourceSummary& summary) { return summary.name == failure.source; });
  // A source that is no longer in twin.yaml has nothing to be mended.
  if (source == report.sources.end()) return true;
  if (source->state == SourceSummary::State::left_out) return false;
  return !selection.retry ||
         std::any_of(selection.failures.begin(), selection.failures.end(), [&](const auto& retried) {
           return retried.source == failure.source && retried.where == failure.where;
         });
}

}  // namespace

feature::CollectContext collect_context(Project& project, ProgressSink& progress, std::stop_token stop) {
  return {.warehouse = project.warehouse(),
          .categories = project.categories(),
          .files = disk(),
          .http = project.collect_http(),
          .clock = system_clock(),
          .progress = progress,
          .scratch = project.layout().scratch(),
          .stop = std::move(stop),
          .secrets = project.secrets(),
          .observe_hosts = [&project](feature::HostObserver observer) {
            project.collect_http().observe(std::move(observer));
          }};
}

std::optional<LastCollect> last_collect(Project& project) {
  const auto step = project.runs().last_step(project.config().pipeline.name, "collect");
  if (!step) return std::nullopt;
  LastCollect last;
  last.run = step->run_id;
  last.ended = step->ended;
  const Json json = Json::parse(step->details, nullptr, false);
  if (!json.is_object()) return last;  // of a version of Twin that kept none
  for (const auto& failure : json.value("failures", Json::array())) last.failures.push_back(failure_of(failure));
  for (const auto& source : json.value("sources", Json::array())) last.sources.push_back(summary_of(source));
  return last;
}

std::string collect_details(const feature::CollectReport& report, const std::optional<LastCollect>& before,
                            const feature::CollectSelection& selection) {
  Json json{{"failures", Json::array()}, {"sources", Json::array()}};
  for (const auto& failure : report.failures) json["failures"].push_back(to_json(failure));
  std::map<std::string, const SourceSummary*> earlier;
  if (before) {
    for (const auto& failure : before->failures) {
      if (!tried_again(failure, report, selection)) json["failures"].push_back(to_json(failure));
    }
    for (const auto& summary : before->sources) earlier[summary.name] = &summary;
  }
  for (const auto& summary : report.sources) {
    const bool left_out = summary.state == SourceSummary::State::left_out && earlier.contains(summary.name);
    json["sources"].push_back(to_json(left_out ? *earlier.at(summary.name) : summary));
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string source_named(Project& project, const std::string& name) {
  std::vector<std::string> names, of_type;
  const std::string address = feature::address_of(name);
  for (const auto& source : project.config().sources) {
    names.push_back(source.display_name());
    if (names.back() == name) return name;
    if (source.source != nullptr && (source.source->location() == name || source.source->location() == address)) {
      return names.back();
    }
    if (source.type == name) of_type.push_back(names.back());
  }
  if (of_type.size() == 1) return of_type.front();
  throw Fatal(ErrorKind::usage, tr("twin.yaml has no source called '{}'", name), project.layout().config().string(),
              tr("sources: {}", fmt::format("{}", fmt::join(names, ", "))));
}

}  // namespace twin::ops
