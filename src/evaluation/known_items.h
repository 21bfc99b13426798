// Known-item retrieval: questions whose page is known, asked to the search and, if wanted, to the assistant.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/config/binder.h"
#include "core/json.h"
#include "core/result.h"

namespace twin::evaluation {

/// A question and the pages that answer it: a document is one of them when its URL ends with "/<page>" or equals it.
struct KnownItem {
  std::string question;
  std::vector<std::string> pages;
  void bind(config::Binder& b);
};

/// `questions:` of a YAML file.
[[nodiscard]] Result<std::vector<KnownItem>> load_known_items(const std::filesystem::path& file);

struct KnownItemResult {
  KnownItem item;
  int rank = 0;  ///< of the first hit on one of the pages, 1-based; 0: not among the first k
  bool asked = false;
  bool cited = false;  ///< the answer cites one of the pages
  std::string answer;
  std::string error;  ///< why search or assistant failed
};

struct KnownItemReport {
  int k = 5;
  std::vector<KnownItemResult> results;
  [[nodiscard]] int found() const;
  [[nodiscard]] int cited() const;
  [[nodiscard]] double mrr() const;
};
[[nodiscard]] Json to_json(const KnownItemReport& report);
[[nodiscard]] std::string to_table(const KnownItemReport& report);

/// URLs of the first k hits, best first.
using SearchUrls = std::function<Result<std::vector<std::string>>(const std::string& question, int k)>;
struct CitedAnswer {
  std::string text;
  std::vector<std::string> cited_urls;
};
using AskCited = std::function<Result<CitedAnswer>(const std::string& question)>;

/// `ask` may be empty: then only the search is judged. A failing question is recorded, the rest goes on.
[[nodiscard]] KnownItemReport judge_known_items(const std::vector<KnownItem>& items, int k, const SearchUrls& search,
                                                const AskCited& ask);

}  // namespace twin::evaluation
