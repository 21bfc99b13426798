// What a page says about itself: title, author, date, language, canonical link.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/clock.h"
#include "feature/clean/dom.h"

namespace twin::feature::html {

struct PageMetadata {
  std::string title;
  std::vector<std::string> authors;
  UnixMillis published = 0;
  std::string language;                      ///< as declared: "en-US"
  std::string base_url;                      ///< of <base href>
  std::map<std::string, std::string> other;  ///< "canonical", "description", "tags"
};

/// From <meta>, <link>, <time>, JSON-LD and headings. To be called before anything is dropped from the page.
[[nodiscard]] PageMetadata read_metadata(const Document& document);

}  // namespace twin::feature::html
