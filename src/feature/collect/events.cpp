#include "feature/collect/events.h"

#include <nlohmann/json.hpp>

namespace twin::feature {
namespace {

Json event(const char* name, const Clock& clock) {
  return {{"event", name}, {"time", format_time(clock.now())}};
}

void add_counts(Json& json, const CollectCounts& counts) {
  json["seen"] = counts.seen;
  json["new"] = counts.inserted;
  json["changed"] = counts.updated;
  json["unchanged"] = counts.unchanged;
  json["revived"] = counts.revived;
  json["deleted"] = counts.deleted;
  json["failed"] = counts.failed;
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::inserted:
      return "new";
    case Outcome::updated:
      return "changed";
    case Outcome::unchanged:
      return "unchanged";
    case Outcome::revived:
      return "revived";
    case Outcome::deleted:
      return "deleted";
    case Outcome::duplicate:
      return "duplicate";
    case Outcome::failed:
      return "failed";
  }
  return "";
}

void Events::start(const std::vector<std::string>& sources) const {
  if (!on_) return;
  Json json = event("collect.start", clock_);
  json["sources"] = sources;
  sink_.event(json);
}

void Events::source(const SourceSummary& summary, std::string_view state) const {
  if (!on_) return;
  Json json = event("collect.source", clock_);
  json["source"] = summary.name;
  json["type"] = summary.type;
  json["location"] = summary.location;
  json["state"] = state;
  add_counts(json, summary);
  sink_.event(json);
}

void Events::item(const std::string& source, const std::string& url, Outcome outcome, const std::string& id,
                  int version) const {
  if (!on_) return;
  Json json = event("collect.item", clock_);
  json["source"] = source;
  json["url"] = url;
  json["outcome"] = to_string(outcome);
  if (!id.empty()) json["id"] = id;
  if (version > 0) json["version"] = version;
  sink_.event(json);
}

void Events::host(const HostState& state) const {
  if (!on_) return;
  Json json = event("collect.host", clock_);
  json["host"] = state.host;
  json["state"] = to_string(state.phase);
  json["active"] = state.active;
  json["waiting"] = state.waiting;
  json["done"] = state.done;
  json["failed"] = state.failed;
  json["cached"] = state.cached;
  json["bytes"] = state.bytes;
  if (!state.reason.empty()) json["reason"] = state.reason;
  sink_.event(json);
}

void Events::failure(const CollectFailure& failure) const {
  if (!on_) return;
  Json json = event("collect.failure", clock_);
  json["source"] = failure.source;
  json["url"] = failure.where;
  json["kind"] = twin::to_string(failure.kind);
  json["message"] = failure.message;
  if (!failure.hint.empty()) json["hint"] = failure.hint;
  sink_.event(json);
}

void Events::summary(const CollectReport& report) const {
  if (!on_) return;
  Json json = event("collect.summary", clock_);
  add_counts(json, report);
  sink_.event(json);
}

}  // namespace twin::feature
