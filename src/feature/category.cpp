#include "feature/category.h"

#include <algorithm>

#include "core/files.h"
#include "core/i18n.h"

namespace twin::feature {
namespace {

/// Keys of `questions` that no template reader would ever look up are mistakes, not data.
std::vector<Error> check_questions(const Category& category, const std::string& file) {
  std::vector<Error> errors;
  for (const auto& [key, value] : category.dataset.questions) {
    const std::size_t dot = key.find('.');
    const std::string kind = dot == std::string::npos ? "" : key.substr(dot + 1);
    const std::string placeholder = "{" + kind + "}";
    const bool known = kind == "title" || kind == "heading" || kind == "lead";
    if (dot == 0 || dot == std::string::npos || !known) {
      errors.push_back({ErrorKind::usage, tr("'{}' is not a kind of question", key), file,
                        tr("Write <language>.title, <language>.heading or <language>.lead")});
    } else if (value.find(placeholder) == std::string::npos) {
      errors.push_back({ErrorKind::usage, tr("The question '{}' has no {}", key, placeholder), file,
                        tr("Put {} where the text belongs", placeholder)});
    }
  }
  return errors;
}

Result<Category> load(const std::filesystem::path& file) {
  Category category;
  category.id = file.stem().string();
  auto errors =
      config::read({{.file = file, .values = {}, .origin = {}}}, [&](config::Binder& b) { category.bind(b); });
  for (auto& error : check_questions(category, file.string())) errors.push_back(std::move(error));
  if (errors.empty()) return category;
  // One error for the caller; all of them in its text.
  Error all = errors.front();
  for (std::size_t i = 1; i < errors.size(); ++i) all.message += "\n" + errors[i].text();
  return tl::unexpected(std::move(all));
}

}  // namespace

void CleanRules::bind(config::Binder& b) {
  b.field("drop_selectors", drop_selectors, "CSS selectors of what is removed from HTML");
  b.field("main_selectors", main_selectors,
          "CSS selectors of what holds the content, best first; none matches: article, main, then the densest part");
  b.field("quote_selectors", quote_selectors, "CSS selectors of boxes set apart from the text, kept as block quotes");
  b.field("min_characters", min_characters, "Shorter documents are kept but recorded as too short", {.min = 0});
  b.field("max_html_depth", max_html_depth, "Elements nested deeper are flattened, their text kept",
          {.min = 16, .max = 2000});
  b.field("max_html_elements", max_html_elements, "A page with more elements is refused", {.min = 100});
  b.group("formats", formats, "PDF, DOCX, ODT, EPUB, notebooks and images");
}

void SemanticRules::bind(config::Binder& b) {
  b.field("percentile", percentile,
          "A passage ends where meaning moves more than between this share of the document's neighbouring sentences",
          {.min = 0, .max = 100});
  b.field("context_sentences", context_sentences, "Sentences on each side that are embedded with a sentence",
          {.min = 0, .max = 8});
}

void ChunkRules::bind(config::Binder& b) {
  b.field(
      "strategy", strategy,
      "structure (paragraphs, code and tables whole), sentence (filled with sentences), semantic (cut where meaning "
      "moves; embeds every sentence), fixed (windows of tokens)",
      {.one_of = {"structure", "sentence", "semantic", "fixed"}});
  b.field("max_tokens", max_tokens, "Largest chunk, in tokens of the embedding model; cut to its window",
          {.min = 16, .max = 8192});
  b.field("min_tokens", min_tokens, "Smaller pieces join their neighbour within the same section",
          {.min = 0, .max = 4096});
  b.field("overlap_tokens", overlap_tokens, "Repeated from the chunk before, in whole sentences (fixed: words)",
          {.min = 0, .max = 1024});
  b.field(
      "parent_tokens", parent_tokens,
      "What a reader is given: the largest section around the passage found that has no more tokens; 0: the passage",
      {.min = 0, .max = 65'536});
  b.field(
      "sentences", sentences,
      "What splits sentences: free (built in), kiwi (better for Korean; must be installed), auto (kiwi where it is)",
      {.one_of = {"free", "kiwi", "auto"}});
  b.group("semantic", semantic, "Of the strategy semantic");
}

void DatasetRules::bind(config::Binder& b) {
  b.field("enabled", enabled, "Whether training samples are made of this category");
  b.field("min_answer_characters", min_answer_characters, "Shorter answers are left out", {.min = 1});
  b.field("max_answer_characters", max_answer_characters, "Longer answers are cut at a sentence", {.min = 1});
  b.field("questions", questions,
          "Question templates by language and kind (en.title, ko.heading …), several separated by \" | \"");
}

void Category::bind(config::Binder& b) {
  b.field("description", description, "What this category holds");
  b.group("clean", clean, "From foreign bytes to Markdown");
  b.group("chunk", chunk, "Passages for search");
  b.group("dataset", dataset, "Training samples");
  b.group("quality", quality, "When a document is kept from training");
  b.field("retrieval_weight", retrieval_weight, "Factor on search scores of this category", {.min = 0, .max = 100});
}

Result<std::map<std::string, Category>> load_categories(const std::vector<std::filesystem::path>& folders) {
  std::map<std::string, Category> categories;
  for (const auto& folder : folders) {
    std::error_code error;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      if (entry.path().extension() == ".yaml") files.push_back(entry.path());
    }
    if (error) {
      return fail(ErrorKind::io, tr("The folder of categories cannot be read: {}", error.message()), folder.string());
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
      auto category = load(file);
      if (!category) return tl::unexpected(category.error());
      categories[category->id] = std::move(*category);
    }
  }
  return categories;
}

}  // namespace twin::feature
