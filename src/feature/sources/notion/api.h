// The Notion API, version 2025-09-03 (databases hold data sources).
#pragma once

#include <functional>
#include <string>

#include "core/json.h"
#include "feature/sources/source.h"

namespace twin::feature::notion {

struct ApiConfig {
  std::string url = "https://api.notion.com";
  std::string token = "NOTION_TOKEN";  ///< name of the secret
  int max_list_pages = 10'000;         ///< pages of one listing, 100 entries each
  void bind(config::Binder& b);
};

/// Retries and Retry-After (429, 529) are the HTTP client's and fetch()'s business.
class Api {
 public:
  /// `token`: the value of the secret. Keeps references.
  Api(const ApiConfig& config, std::string token, SourceContext& context)
      : config_(config), token_(std::move(token)), context_(context) {}

  /// GET of a path below the base URL ("/v1/pages/…"). not_found: it does not exist or is not shared with the
  /// integration; invalid: the answer is no JSON, or the id is of another kind of object (400).
  [[nodiscard]] Result<Json> get(const std::string& path);
  /// Every result of a listing: GET with a query when `body` is null, else POST. Follows next_cursor. `visit` returns
  /// false to stop. A cursor that comes twice ends it with ErrorKind::invalid, max_list_pages with limit.
  [[nodiscard]] Result<void> each(const std::string& path, const Json* body,
                                  const std::function<bool(const Json&)>& visit);

 private:
  [[nodiscard]] Result<Json> send(const std::string& method, const std::string& path, const std::string& body);

  const ApiConfig& config_;
  std::string token_;
  SourceContext& context_;
};

/// 32 lower-case hex digits of an id with or without dashes, or of a page's address (the last part of its path); empty
/// when there is none.
[[nodiscard]] std::string id_of(const std::string& text);
/// "8-4-4-4-12", as the API writes ids.
[[nodiscard]] std::string dashed(const std::string& id);
/// The address that stays when a page's title changes.
[[nodiscard]] std::string page_url(const std::string& id);

}  // namespace twin::feature::notion
