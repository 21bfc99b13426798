// Limits of the measures in quality.h, for each category of content.
#pragma once

#include "core/config/binder.h"

namespace twin::feature {

/// Limits for one language. Zero switches a lower limit off, 1 an upper one (100 for lengths).
struct QualityLimits {
  double min_mean_word = 0, max_mean_word = 100;
  double max_symbol_ratio = 1;
  double min_letter_words = 0;
  double min_function_words = 0;
  double max_bullet_lines = 1;
  double max_ellipsis_lines = 1;
  double min_ended_lines = 0;
  double max_duplicate_lines = 1;
  double max_top_phrase = 1;
  double max_repeated_phrases = 1;
  void bind(config::Binder& b);
};
[[nodiscard]] QualityLimits english_limits();
[[nodiscard]] QualityLimits korean_limits();

struct QualityRules {
  bool enabled = true;
  int min_words = 40;  ///< shorter documents are not judged: shares of a few words say nothing
  QualityLimits en = english_limits();
  QualityLimits ko = korean_limits();
  void bind(config::Binder& b);
};

}  // namespace twin::feature
