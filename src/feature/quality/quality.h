// Is a document writing, or a list of links, a log, a page of repeated phrases? Measures after Gopher (Rae et al.
// 2021), C4 (Raffel et al. 2020) and FineWeb (Penedo et al. 2024), with limits of their own for Korean, whose words
// carry their particles. A document that fails is kept, flagged with the reasons, and left out of training.
#pragma once

#include <string>
#include <vector>

#include "feature/clean/clean.h"
#include "feature/quality/rules.h"

namespace twin::feature {

/// Bump when measures change.
inline constexpr int quality_version = 1;

/// A text of one or two paragraphs may well begin with a bullet: shares of fewer lines than these are not judged.
inline constexpr int judged_lines = 5;

/// Shares are 0 to 1. Words are what stands between white space; lines are those of the prose view. Only running text
/// counts (paragraphs, list items, quotes): code, tables and headings are no sign of bad writing.
struct QualityMeasures {
  int words = 0;
  int lines = 0;                ///< rules about shares of lines apply from `judged_lines` on
  double mean_word_length = 0;  ///< characters
  double symbol_ratio = 0;      ///< "#", "…", "..." and pictographs per word
  double letter_words = 0;      ///< share of words with a letter
  double function_words = 0;    ///< share of words that are (English) or end in (Korean) a function word
  double bullet_lines = 0;      ///< share of lines that begin with a list mark
  double ellipsis_lines = 0;    ///< share of lines that end in an ellipsis
  double ended_lines = 0;       ///< share of lines with the end of a sentence: a mark, or a Korean final ending
  double duplicate_lines = 0;   ///< share of characters in lines that came before
  double top_phrase = 0;        ///< share of characters in the most frequent run of 2, 3 or 4 words (the largest)
  double repeated_phrases = 0;  ///< share of characters in runs of 5 to 10 words that came before (the largest)
};

/// `language`: "ko" by Korean rules, everything else by English ones.
[[nodiscard]] QualityMeasures measure_quality(const ProseView& prose, const std::string& language);

/// A rule that a document fails.
struct QualityFlag {
  std::string rule;  ///< the key of the limit: "max_symbol_ratio" …
  double measured = 0;
  double limit = 0;
};
/// In the order of QualityLimits; empty: nothing against it. Of other languages only the rules that do not depend on
/// the language are applied.
[[nodiscard]] std::vector<QualityFlag> judge(const QualityMeasures& measures, const std::string& language,
                                             const QualityRules& rules);
[[nodiscard]] std::vector<QualityFlag> judge(const ProseView& prose, const std::string& language,
                                             const QualityRules& rules);

/// "max_symbol_ratio 0.31 (limit 0.10), …": the same in every language, for metadata and rejected.jsonl.
[[nodiscard]] std::string describe(const std::vector<QualityFlag>& flags);

}  // namespace twin::feature
