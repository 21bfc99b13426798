// Near-duplicate documents of the warehouse: the same post on two platforms, an export beside the live site. One of
// them is chosen by a stated rule; the others stay in the warehouse and are linked to it, and search and training leave
// them out.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "core/config/binder.h"
#include "core/progress.h"
#include "core/result.h"
#include "stores/warehouse/warehouse.h"

namespace twin::feature {

/// Bump when the results of find_duplicates() change.
inline constexpr int duplicates_version = 1;

struct DuplicatesConfig {
  bool enabled = true;
  double similarity = 0.8;   ///< Jaccard of shingles from which two documents are duplicates
  int shingle_length = 5;    ///< code points
  int min_characters = 100;  ///< shorter prose says too little: such documents are never duplicates
  /// Which of two duplicates is the original: the first of these rules that tells them apart, then the smaller id.
  std::vector<std::string> prefer = {"earliest", "longest", "source"};
  int cache_megabytes = 64;  ///< of shingles of documents that were compared
  void bind(config::Binder& b);
};

/// A document that search and training leave out.
struct Duplicate {
  std::string id;
  std::string original;   ///< a document that is itself no duplicate
  double similarity = 0;  ///< of the two
  friend bool operator==(const Duplicate&, const Duplicate&) = default;
};

/// One entry of `sources:` in twin.yaml.
struct SourcePlace {
  std::string type;
  std::string location;
};

struct DuplicatesContext {
  stores::Warehouse& warehouse;
  std::vector<SourcePlace> sources;  ///< in the order of twin.yaml: what the rule "source" prefers
  ProgressSink& progress;
  std::stop_token stop;
};

struct DuplicatesReport {
  int documents = 0;                  ///< that were compared
  int too_short = 0;                  ///< and that were not
  std::vector<Duplicate> duplicates;  ///< in order of id
  std::vector<Error> failures;
};

/// Documents in the order of preference; each one is a duplicate of the most similar original before it at or above the
/// similarity, or an original itself. So every document left out is that similar to one that stays (joining whole
/// chains of similar documents would not promise it), and what came first stays. Compares the shingles of prose views,
/// without titles. Reads the warehouse once for the signatures, then only candidates; keeps about 1 KB for a document.
/// Throws Fatal when the warehouse fails.
[[nodiscard]] DuplicatesReport find_duplicates(const DuplicatesConfig& config, const DuplicatesContext& context);

/// One JSON object a line, in order of id; the bytes depend on nothing else.
[[nodiscard]] std::string to_jsonl(const std::vector<Duplicate>& duplicates);
/// A file of to_jsonl(); one that is missing is ErrorKind::not_found, a malformed line ErrorKind::invalid with its
/// number.
[[nodiscard]] Result<std::vector<Duplicate>> read_duplicates(const std::filesystem::path& file);

}  // namespace twin::feature
