// Duplicates among very many texts: what NearDuplicates finds, with the texts on disk instead of their shingles in
// memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "feature/dedup/lsh.h"

namespace twin::feature {

/// About 0.8 KB of memory for a text that is kept, whatever its length; the texts lie in a file without a name in the
/// system's temporary folder.
class SetDuplicates {
 public:
  struct Match {
    std::uint32_t index = 0;  ///< number of the earlier text, counting those that were kept
    double similarity = 0;    ///< Jaccard of shingles; 1 for texts that are equal but for case and white space
    bool equal = false;
  };

  /// Throws Fatal when there is no temporary file to be had.
  explicit SetDuplicates(double threshold);
  ~SetDuplicates();
  SetDuplicates(const SetDuplicates&) = delete;
  SetDuplicates& operator=(const SetDuplicates&) = delete;

  /// The most similar earlier text at or above the threshold; a text without one is kept. Valid UTF-8.
  [[nodiscard]] std::optional<Match> add(std::string_view text);

 private:
  [[nodiscard]] std::string read(std::uint32_t index);
  void keep(std::string_view plain);

  double threshold_;
  SignatureIndex index_;
  int fd_ = -1;
  std::vector<std::uint64_t> ends_;  // in the file, by index
  std::string unwritten_;
  std::unordered_multimap<std::uint64_t, std::uint32_t> by_hash_;
  std::vector<std::uint32_t> candidates_;
};

}  // namespace twin::feature
