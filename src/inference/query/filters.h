// Self-query: who wrote, when, where and in which language, read off a question.
#pragma once

#include <string>
#include <vector>

#include "inference/query/understand.h"

namespace twin::inference {

/// What a question says about where to search.
struct FoundFilters {
  stores::IndexFilter filter;
  std::string rest;                ///< the question without the words that say when, where these are not all of it
  std::vector<std::string> found;  ///< in words: "author: Jane Doe", "published: 2021-01-01 to 2021-12-31"
};

/// By rules, English and Korean. Only of a question that speaks of writing ("wrote", "posts", "쓴 글"), for otherwise
/// "in 2021" is what it is about. Authors by name, alias or a part of a name that no other author has, in any case and
/// with Korean particles; only values that the index has.
[[nodiscard]] FoundFilters filters_by_rules(const std::string& question, const QueryContext& context);

/// From a model's reply: a JSON object with any of "authors", "sources", "categories", "languages" (lists of names),
/// "from" and "before" (YYYY-MM-DD). Values that the index does not have are left out and said in `found`. Error: not
/// such an object.
[[nodiscard]] Result<FoundFilters> filters_of_reply(const std::string& question, const std::string& reply,
                                                    const QueryContext& context);

/// What the model may choose from, one line for each kind: "authors: Jane Doe, 홍길동".
[[nodiscard]] std::string filter_schema(const QueryContext& context);

}  // namespace twin::inference
