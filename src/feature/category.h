// A category of content is one YAML file: how it is cleaned, chunked, turned into training data and weighted.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/config/binder.h"
#include "core/result.h"
#include "feature/format_rules.h"
#include "feature/quality/rules.h"

namespace twin::feature {

struct CleanRules {
  std::vector<std::string> drop_selectors;   ///< CSS selectors removed from HTML
  std::vector<std::string> main_selectors;   ///< first that matches holds the content; none: found by density
  std::vector<std::string> quote_selectors;  ///< boxes set apart from the text (notes, tips): kept as block quotes
  int min_characters = 1;                    ///< shorter documents are kept but recorded as too short
  int max_html_depth = 400;                  ///< elements nested deeper are flattened, their text kept
  int max_html_elements = 2'000'000;         ///< a page with more is refused
  FormatRules formats;
  void bind(config::Binder& b);
};

/// Of ChunkRules::strategy "semantic".
struct SemanticRules {
  double percentile = 80;     ///< a passage ends where meaning moves more than between this share of all neighbours
  int context_sentences = 1;  ///< embedded with a sentence, on each side of it
  void bind(config::Binder& b);
};

/// How documents are cut into passages. Which rules a strategy looks at: chunk_identity().
struct ChunkRules {
  std::string strategy = "structure";  ///< structure | sentence | semantic | fixed: chunk_document()
  int max_tokens = 200;                ///< of the embedding model; cut to its window
  int min_tokens = 24;                 ///< smaller pieces join their neighbour within the same section when they fit
  int overlap_tokens = 0;              ///< repeated from the chunk before: whole sentences; fixed: whole words
  int parent_tokens = 0;               ///< readers get the part of so many tokens around what was found; 0: that itself
  std::string sentences = "free";      ///< where sentences end: text::sentence_splitter()
  SemanticRules semantic;
  void bind(config::Binder& b);
};

struct DatasetRules {
  bool enabled = true;
  int min_answer_characters = 200;
  int max_answer_characters = 1200;
  /// Question templates by language ("en", "ko") and kind ("title", "heading", "lead"); {title} {heading} {lead}.
  std::map<std::string, std::string> questions;  ///< key "en.heading" → template, several separated by " | "
  void bind(config::Binder& b);
};

struct Category {
  std::string id;  ///< file name without .yaml
  std::string description;
  CleanRules clean;
  ChunkRules chunk;
  DatasetRules dataset;
  QualityRules quality;
  double retrieval_weight = 1.0;
  void bind(config::Binder& b);
};

/// All categories of the given folders by id; a later folder overrides an earlier one. Errors name file and line.
[[nodiscard]] Result<std::map<std::string, Category>> load_categories(
    const std::vector<std::filesystem::path>& folders);

}  // namespace twin::feature
