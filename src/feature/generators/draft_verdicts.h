// What becomes of each draft before questions are chosen: rules, duplicates, and the replies of a model.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "feature/dedup/near_duplicates.h"
#include "feature/generators/generator.h"

namespace twin::feature {

struct DraftVerdict {
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  const Draft* draft = nullptr;
  std::optional<Rejection> rejected;
  std::size_t like = none;        ///< the number of the draft whose answer this one repeats
  double similarity = 0;          ///< to it; 0: equal
  std::optional<Generated> made;  ///< of generators that ask a model
  [[nodiscard]] bool is_open() const { return !rejected && like == none; }
};

/// Verdicts over drafts in the order they are given: of two that repeat each other the first stays.
class DraftVerdicts {
 public:
  DraftVerdicts(const DatasetConfig& config, const GeneratorEntry& entry)
      : config_(config), entry_(entry), near_(config.near_duplicate) {}

  void judge(const Draft& draft);
  /// Asks the model about all that are open, as far as dataset.generate.max_calls lets it; nothing for generators
  /// without a model. Throws as run_generator().
  void generate(const Generator& generator, const DatasetContext& context);
  [[nodiscard]] std::vector<DraftVerdict>& all() { return verdicts_; }
  /// Of one that repeats another: which, once that one has its id.
  [[nodiscard]] Rejection duplicate(const DraftVerdict& verdict) const;

 private:
  const DatasetConfig& config_;
  const GeneratorEntry& entry_;
  std::vector<DraftVerdict> verdicts_;
  NearDuplicates near_;
  std::vector<std::size_t> near_drafts_;        // texts in near_ → verdicts_
  std::map<std::string, std::size_t> answers_;  // hash of the plain answer → verdicts_
};

/// Rules and duplicates among answers that a model wrote: known only when they are there.
class GeneratedAnswers {
 public:
  explicit GeneratedAnswers(const DatasetConfig& config) : config_(config), near_(config.near_duplicate) {}
  /// What speaks against one; nothing for the author's text, which was judged before.
  [[nodiscard]] std::optional<Rejection> refuse(const Sample& sample);

 private:
  const DatasetConfig& config_;
  NearDuplicates near_;
  std::vector<std::string> splits_;  // of the texts in near_
};

/// A rejection of a sample, at its place in the document.
[[nodiscard]] Rejection rejection_of(const Sample& sample, std::string reason, std::string detail);

}  // namespace twin::feature
