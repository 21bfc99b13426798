// The properties of a Notion page: title, tags, dates, people.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "feature/sources/source.h"

namespace twin::feature::notion {

/// Which properties say what; none: by the usual names, English and Korean.
struct PropertyNames {
  std::string published, author;
  void bind(config::Binder& b);
};

/// Fills title, authors, published and metadata ("tags", "property.<name>" …) of a page's document. Published is the
/// date property, else when the page was made.
void read_properties(const Json& page, const PropertyNames& names, RawDocument& raw);

/// Properties that hold text of some length, as Markdown: what a row of a database says when its page is empty.
[[nodiscard]] std::string written_properties(const Json& page);

}  // namespace twin::feature::notion
