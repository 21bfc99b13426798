// What a page says about itself: title, authors, dates, language, tags, licence, canonical link.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "feature/clean/page_date.h"
#include "feature/clean/page_map.h"

namespace twin::feature::html {

struct PageMetadata {
  std::string title;  ///< without the name of the site
  std::vector<std::string> authors;
  PageDate published, modified;              ///< time 0 and empty day: the page does not say
  std::string language;                      ///< as declared: "en-US"
  std::string base_url;                      ///< of <base href>
  std::string article_body;                  ///< the text in JSON-LD, where a page repeats it there
  std::map<std::string, std::string> other;  ///< "canonical", "description", "tags", "site_name", "license"
};

/// From JSON-LD, <meta>, <link>, <time>, microdata, names of elements, the URL and dates that stand by the text, in
/// this order. read_hints() must have been called; what was taken out of the map counts too.
[[nodiscard]] PageMetadata read_metadata(const PageMap& page, const std::string& url);

}  // namespace twin::feature::html
