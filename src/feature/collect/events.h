// What happens while collecting, as lines of --json (docs/collecting.md has the schema).
#pragma once

#include <string>
#include <vector>

#include "feature/collect/collect.h"

namespace twin::feature {

/// What became of an item.
enum class Outcome { inserted, updated, unchanged, revived, deleted, duplicate, failed };
[[nodiscard]] std::string_view to_string(Outcome outcome);

/// Writes to the progress sink; costs nothing when nobody listens. Thread-safe.
class Events {
 public:
  Events(ProgressSink& sink, const Clock& clock) : sink_(sink), clock_(clock), on_(sink.wants_events()) {}

  void start(const std::vector<std::string>& sources) const;
  void source(const SourceSummary& summary, std::string_view state) const;
  void item(const std::string& source, const std::string& url, Outcome outcome, const std::string& id,
            int version) const;
  void host(const HostState& state) const;
  void failure(const CollectFailure& failure) const;
  void summary(const CollectReport& report) const;

 private:
  ProgressSink& sink_;
  const Clock& clock_;
  bool on_;
};

}  // namespace twin::feature
