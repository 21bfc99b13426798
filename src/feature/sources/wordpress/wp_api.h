// The REST API of WordPress (wp/v2): where it is, and what its answers mean.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "feature/sources/source.h"

namespace twin::feature::wordpress {

/// Root of wp/v2 for a site: below its address, or for *.wordpress.com at that service. Ends with "/".
[[nodiscard]] std::string api_root(const std::string& site);

struct Listed {
  std::int64_t id = 0;
  std::string url;
  std::string modified;  ///< as written
};

/// Ids, addresses and times of one page of items; `type` is "posts" or "pages".
[[nodiscard]] std::string list_url(const std::string& root, const std::string& type, int page, int per_page);
[[nodiscard]] Result<std::vector<Listed>> parse_listing(std::string_view answer);

/// Whole items by id, with their authors and terms.
[[nodiscard]] std::string items_url(const std::string& root, const std::string& type,
                                    const std::vector<std::int64_t>& ids);

/// One item as a document; a protected one (it asks for a password) has no content.
struct Post {
  std::int64_t id = 0;
  bool is_protected = false;
  RawDocument document;
};
[[nodiscard]] Result<std::vector<Post>> parse_items(std::string_view answer);

}  // namespace twin::feature::wordpress
