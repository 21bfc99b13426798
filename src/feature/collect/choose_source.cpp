#include "feature/collect/choose_source.h"

#include "core/i18n.h"

namespace twin::feature {

Result<SourceChoice> source_for(const std::string& location) {
  SourceChoice best;
  std::string ids;
  for (const auto& [id, entry] : SourceRegistry::instance().entries()) {
    ids += (ids.empty() ? "" : ", ") + id;
    Claim claim = entry.accepts(location);
    if (claim.strength > best.claim.strength) best = {id, std::move(claim)};
  }
  if (best.claim) return best;
  return fail(ErrorKind::usage, tr("No source takes this link"), location, tr("sources: {}", ids));
}

std::string location_key(const std::string& location) {
  return location.find("://") != std::string::npos || location.starts_with("git@") ? "url" : "path";
}

}  // namespace twin::feature
