// Limits of quality, and their keys. Figures behind them: docs/cleaning.md.
#include "feature/quality/rules.h"

namespace twin::feature {

QualityLimits english_limits() {
  QualityLimits out;
  out.min_mean_word = 3;
  out.max_mean_word = 10;
  out.max_symbol_ratio = 0.1;
  out.min_letter_words = 0.8;
  out.min_function_words = 0.05;
  out.max_bullet_lines = 0.9;
  out.max_ellipsis_lines = 0.3;
  out.min_ended_lines = 0.12;
  out.max_duplicate_lines = 0.3;
  out.max_top_phrase = 0.2;
  out.max_repeated_phrases = 0.25;
  return out;
}

QualityLimits korean_limits() {
  QualityLimits out = english_limits();
  out.min_mean_word = 2;
  out.max_mean_word = 8;
  out.max_symbol_ratio = 0.2;  // posts of friends are full of ㅋㅋ and pictures
  out.min_letter_words = 0.7;
  out.min_function_words = 0.2;
  return out;
}

void QualityLimits::bind(config::Binder& b) {
  const config::Rule share{.min = 0, .max = 1};
  const config::Rule length{.min = 0, .max = 100};
  b.field("min_mean_word", min_mean_word, "Least mean length of words, in characters", length);
  b.field("max_mean_word", max_mean_word, "Largest mean length of words", length);
  b.field("max_symbol_ratio", max_symbol_ratio, "Most \"#\", ellipses and pictographs per word",
          {.min = 0, .max = 100});
  b.field("min_letter_words", min_letter_words, "Least share of words with a letter", share);
  b.field("min_function_words", min_function_words,
          "Least share of function words (Korean: words with a particle or ending)", share);
  b.field("max_bullet_lines", max_bullet_lines, "Largest share of lines with a list mark", share);
  b.field("max_ellipsis_lines", max_ellipsis_lines, "Largest share of lines that end in an ellipsis", share);
  b.field("min_ended_lines", min_ended_lines, "Least share of lines that end a sentence", share);
  b.field("max_duplicate_lines", max_duplicate_lines, "Largest share of characters in repeated lines", share);
  b.field("max_top_phrase", max_top_phrase, "Largest share of the most frequent phrase of 2 to 4 words", share);
  b.field("max_repeated_phrases", max_repeated_phrases, "Largest share of repeated phrases of 5 to 10 words", share);
}

void QualityRules::bind(config::Binder& b) {
  b.field("enabled", enabled, "Whether documents are judged; those that fail are kept, but not trained on");
  b.field("min_words", min_words, "Documents of fewer words are not judged", {.min = 1});
  b.group("en", en, "Limits for English");
  b.group("ko", ko, "Limits for Korean");
}

}  // namespace twin::feature
