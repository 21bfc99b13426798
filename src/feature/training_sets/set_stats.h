// What a training set holds, in numbers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "feature/training_sets/example.h"
#include "feature/training_sets/set_diversity.h"

namespace twin::feature {

struct SetCount {
  std::int64_t samples = 0, tokens = 0;
  std::int64_t characters = 0;  ///< of answers
};

/// Sorted lengths, in code points; of conversations: of their last answer, and of all before it.
struct SetLengths {
  std::vector<std::uint32_t> values;
  [[nodiscard]] double mean() const;
  /// The value below which this share of all lies (0 to 1), by nearest rank; 0 when there are none.
  [[nodiscard]] std::uint32_t quantile(double share) const;
};

struct SetBin {
  std::uint32_t from = 0, to = 0;  ///< [from, to)
  std::int64_t count = 0;
};
/// About `bins` bins of equal width, a round number, from 0 to the 99th percentile; the last one takes all above.
[[nodiscard]] std::vector<SetBin> histogram(const SetLengths& lengths, int bins = 20);

struct SetStats {
  std::string name;  ///< "instruct", or the file
  SetCount all;
  std::map<std::string, SetCount> splits, kinds, languages, generators, categories;
  std::map<int, std::int64_t> turns;  ///< answers of a conversation → conversations
  SetLengths answers, questions;
  std::int64_t with_passages = 0;              ///< samples with passages before the question
  std::string manifest;                        ///< the dataset's manifest as JSON text, or empty
  std::optional<SetDiversity> diversity = {};  ///< where it was measured
};

/// Counts tokens of a text.
using CountTokens = std::function<std::int64_t(std::string_view text)>;

/// Adds an example; `split` is that of its file where its metadata names none. A language that the metadata does not
/// name is guessed by script: "ko", "ja", "zh" …, else "en".
void add_to(SetStats& stats, const Example& example, const std::string& split, const CountTokens& tokens);

/// A dataset of a project: its splits and its manifest. A split that is missing is left out; no split at all is
/// ErrorKind::not_found.
[[nodiscard]] Result<SetStats> dataset_stats(const std::filesystem::path& folder, const std::string& name,
                                             const CountTokens& tokens);
/// Any training set in a file.
[[nodiscard]] Result<SetStats> file_stats(const std::filesystem::path& file, const CountTokens& tokens);

[[nodiscard]] Json to_json(const SetStats& stats);
[[nodiscard]] std::string to_text(const SetStats& stats);
/// One page without anything from elsewhere: tables, and plots as SVG. `how_counted` says what a token is.
[[nodiscard]] std::string to_html(const std::vector<SetStats>& sets, const std::string& how_counted);

}  // namespace twin::feature
