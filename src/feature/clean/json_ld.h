// What a page says about itself in schema.org's terms.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace twin::feature::html {

struct JsonLd {
  std::string headline, published, modified, language, site_name, license, description;
  std::vector<std::string> authors, tags;
  std::string article_body;
};

/// Reads one <script type="application/ld+json"> into `out`; what is there already stays. Articles, blog posts and news
/// count; products, menus and organisations do not. Broken JSON is ignored.
void read_json_ld(std::string_view text, JsonLd& out);

}  // namespace twin::feature::html
