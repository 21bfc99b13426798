// The title of a page without the name of its site.
#pragma once

#include <string>
#include <vector>

namespace twin::feature::html {

struct TitleParts {
  std::string open_graph;  ///< of og:title and the like
  std::string element;     ///< of <title>
  std::string headline;    ///< of JSON-LD
  std::string site_name;
  std::vector<std::string> headings;  ///< texts of <h1>
};

/// "Post - Blog", "Blog | Post" and "Post : 네이버 블로그" become "Post".
[[nodiscard]] std::string page_title(const TitleParts& parts);

}  // namespace twin::feature::html
