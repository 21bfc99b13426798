// One source's part of a run: reads the source in a thread of its own, and feeds its lane.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "feature/collect/author_ids.h"
#include "feature/collect/collect.h"
#include "feature/collect/lane.h"
#include "feature/collect/prepare.h"

namespace twin::feature {

class SourceRun {
 public:
  SourceRun(const CollectConfig& config, const SourceConfig& source, const std::vector<Author>& authors,
            const CollectContext& context, const CollectSelection& selection);

  /// Reads the source to its end; entries to be cleaned go through `submit`, in the order of the lane. Closes the lane.
  /// Throws nothing: see `broken` and `problem`.
  void read(std::stop_token stop, const std::function<void(std::shared_ptr<Entry>)>& submit);
  /// Cleans an entry of the lane. For any thread. Throws nothing.
  void prepare(const std::shared_ptr<Entry>& entry);

  [[nodiscard]] const SourceConfig& source() const { return source_; }
  [[nodiscard]] const std::string& location() const { return summary.location; }
  /// Whether the whole source is read, not only what failed.
  [[nodiscard]] bool whole() const { return !retried_; }
  /// Whether an item of this canonical URL is to be read at all.
  [[nodiscard]] bool asks_for(const std::string& url) const { return !retried_ || retried_->contains(url); }
  /// Where the warehouse keeps the source's cursor. It must not hold back what a changed configuration would read
  /// differently: it is another one then.
  [[nodiscard]] std::string key_of_cursor() const;
  /// What the source showed, by canonical URL: read, failed or left out. After the lane's end.
  [[nodiscard]] bool showed(const std::string& url) const { return seen_.contains(url); }

  Lane lane;
  SourceSummary summary;
  AuthorIds author_ids;
  // After the lane's end:
  std::optional<SourceReport> report;  ///< none when the source failed as a whole or was stopped
  std::optional<Error> problem;        ///< why it failed as a whole
  std::exception_ptr broken;           ///< the run cannot go on
  /// Items that the source gave and that could not be made into documents. The writer's.
  int spoilt = 0;

 private:
  void read_source(std::stop_token stop, const std::function<void(std::shared_ptr<Entry>)>& submit);
  [[nodiscard]] bool wants(const std::string& url);
  void keep(const std::string& url);
  [[nodiscard]] bool receive(Item&& item, const std::function<void(std::shared_ptr<Entry>)>& submit);

  const CollectConfig& config_;
  const SourceConfig& source_;
  const CollectContext& context_;
  Preparer preparer_;
  std::vector<std::string> author_names_;
  std::optional<std::unordered_set<std::string>> retried_;  ///< canonical URLs that failed last time
  Preparer::Known known_;
  std::unordered_set<std::string> seen_;
  std::unordered_map<std::string, std::string> stamps_;  ///< of what was asked for and not given yet
};

/// Why a source of twin.yaml cannot be read at all: no such type, no such category.
[[nodiscard]] std::optional<Error> problem_of(const SourceConfig& source, const CollectContext& context);

/// What a source of this configuration gets to work with; the cursor is empty.
[[nodiscard]] SourceContext source_context(const CollectConfig& config, const SourceConfig& source,
                                           const std::vector<std::string>& authors, const CollectContext& context,
                                           std::stop_token stop);

}  // namespace twin::feature
