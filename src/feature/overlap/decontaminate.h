// Keeps what is tested out of what is trained on: n-grams of training samples that an evaluation split or a benchmark
// has as well (Brown et al. 2020, appendix C: 13-grams).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "feature/overlap/ngram_table.h"

namespace twin::feature {

/// Bump when the results of Decontaminator change.
inline constexpr int decontaminate_version = 1;

struct DecontaminateLimits {
  int words = 13;   ///< of an n-gram; two syllables of Hangul count as a word
  int common = 10;  ///< an n-gram of the held-out split in more training documents is a set phrase
  std::int64_t most_ngrams = 50'000'000;  ///< that are kept in memory, 24 to 48 bytes each
};

struct Contamination {
  std::string words;  ///< of the training sample, as they stand there
  std::string where;  ///< "bench.jsonl:12", or the id given to hold_out()
};

class Decontaminator {
 public:
  explicit Decontaminator(const DecontaminateLimits& limits);

  /// A text of the evaluation split. Throws Fatal (ErrorKind::limit) beyond most_ngrams.
  void hold_out(std::string_view text, const std::string& id);
  /// Every text of every object of a JSON Lines file, at any depth; messages of the role "system" are left out. A line
  /// that is not JSON is ErrorKind::invalid with file:line; so is a file that holds no text long enough to compare.
  [[nodiscard]] Result<void> add_benchmark(const std::filesystem::path& jsonl);

  /// First pass: which n-grams of the split are set phrases of the author (a closing line under every post), told by
  /// how many documents have them. Texts of a document come one after the other. Benchmarks are never overruled by
  /// this.
  void see(const std::string& document, std::string_view text);
  /// Second pass: the first n-gram that the text shares with what is held out.
  [[nodiscard]] std::optional<Contamination> find(std::string_view text);

  [[nodiscard]] std::size_t ngrams() const { return table_.size(); }
  [[nodiscard]] std::size_t bytes() const { return table_.bytes(); }
  /// Held-out texts that are too short to compare.
  [[nodiscard]] int too_short() const { return too_short_; }
  /// Set phrases of the split that were let pass.
  [[nodiscard]] int set_phrases() const;

 private:
  struct Source {
    std::string where;        ///< file, or id
    std::uint32_t first = 0;  ///< number of its first line; for held-out texts their own number
    bool benchmark = false;
  };
  struct Seen {
    std::uint64_t last = 0;  ///< document, by hash
    int documents = 0;
  };

  void add_text(std::string_view text, std::uint32_t number, int& texts);
  void check_size(const std::string& where) const;
  [[nodiscard]] const Source& source(std::uint32_t number) const;
  [[nodiscard]] bool is_set_phrase(const NgramMatch& match) const;

  DecontaminateLimits limits_;
  NgramTable table_;
  std::vector<Source> sources_;  // in order of `first`
  std::uint32_t next_ = 0;
  int too_short_ = 0;
  std::unordered_map<std::uint64_t, Seen> seen_;
  std::vector<NgramMatch> matches_;
};

}  // namespace twin::feature
