// The one writer of a run: entries into the warehouse, in the order they come, a batch in one transaction.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "feature/collect/collect.h"
#include "feature/collect/events.h"
#include "feature/collect/lane.h"
#include "feature/collect/source_run.h"

namespace twin::feature {

class Writer {
 public:
  Writer(const CollectConfig& config, const CollectContext& context, CollectReport& report, Events& events,
         Progress& progress);

  /// Takes the next entry; stores the batch when it is full. Throws Fatal.
  void take(SourceRun& run, std::shared_ptr<Entry> entry);
  /// Stores what was taken: when it returns, it is durable.
  void flush();
  /// Adds a failure of a source, or one that is not of an item.
  void fail(SourceRun& run, Error error);
  /// Adds what is worth knowing.
  void note(Error error);

  /// Whether a document of this canonical URL came up in this run.
  [[nodiscard]] bool came_up(const std::string& url) const { return urls_.contains(url); }

 private:
  struct Taken {
    SourceRun* run;
    std::shared_ptr<Entry> entry;
    Outcome outcome = Outcome::unchanged;
  };
  [[nodiscard]] Outcome store(SourceRun& run, Entry& entry);
  [[nodiscard]] Outcome store_document(SourceRun& run, Entry& entry);
  [[nodiscard]] Outcome store_failure(SourceRun& run, const Entry& entry);
  [[nodiscard]] bool same_text(const std::string& url, const stores::Document& document) const;
  void tell(Taken& taken);
  void release();

  const CollectConfig& config_;
  const CollectContext& context_;
  CollectReport& report_;
  Events& events_;
  Progress& progress_;
  std::vector<Taken> batch_;
  std::uint64_t batch_bytes_ = 0;
  /// Documents that came up in this run, with a hash of title and text; 0 for those that were not read.
  std::unordered_map<std::string, std::size_t> urls_;
};

}  // namespace twin::feature
