#include "feature/collect/choose_source.h"

#include <algorithm>

#include "core/i18n.h"
#include "feature/collect/canonical_url.h"

namespace twin::feature {

std::vector<SourceChoice> claims_on(const std::string& location) {
  const std::string address = address_of(location);
  std::vector<SourceChoice> claims;
  for (const auto& [id, entry] : SourceRegistry::instance().entries()) {
    if (Claim claim = entry.accepts(address)) claims.push_back({id, std::move(claim)});
  }
  std::stable_sort(claims.begin(), claims.end(),
                   [](const SourceChoice& a, const SourceChoice& b) { return a.claim.strength > b.claim.strength; });
  return claims;
}

Result<SourceChoice> source_for(const std::string& location) {
  auto claims = claims_on(location);
  if (!claims.empty()) return std::move(claims.front());
  std::string ids;
  for (const auto& [id, entry] : SourceRegistry::instance().entries()) ids += (ids.empty() ? "" : ", ") + id;
  return fail(ErrorKind::usage, tr("No source takes this link"), location, tr("sources: {}", ids));
}

std::string location_key(const std::string& location) {
  return address_of(location).find("://") != std::string::npos || location.starts_with("git@") ? "url" : "path";
}

}  // namespace twin::feature
