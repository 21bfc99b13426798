// A first look at a place: what its source gives and what cleaning makes of it. Nothing is stored.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "feature/category.h"
#include "feature/collect/choose_source.h"
#include "feature/sources/source.h"

namespace twin::feature {

struct TriedItem {
  std::string url;  ///< canonical; what the document would be called
  std::string media_type;
  std::string category;
  std::string title;
  std::vector<std::string> authors;
  UnixMillis published = 0;
  std::string language;
  std::string markdown;
  std::vector<Error> notes;
};

struct SourceTrial {
  std::vector<TriedItem> items;
  std::vector<Error> failures;  ///< of items, and of the source itself
};

/// Reads up to `limit` items of `location` with the chosen source and its default configuration. Keys of the source
/// that must be set and are not are ErrorKind::usage.
[[nodiscard]] Result<SourceTrial> try_source(const SourceChoice& choice, const std::string& location, int limit,
                                             SourceContext& context, const std::map<std::string, Category>& categories);

}  // namespace twin::feature
