#include "feature/collect/sweep.h"

#include "feature/collect/canonical_url.h"

namespace twin::feature {
Sweep sweep(const std::string& location, std::vector<stores::Origin> known,
            const std::function<bool(const stores::Origin&)>& shown, const CollectConfig& config) {
  Sweep out;
  out.known = known.size();
  for (auto& origin : known) {
    if (shown(origin)) {
      if (origin.missing == 0) continue;
      origin.missing = 0;
      out.back.push_back(std::move(origin));
      continue;
    }
    ++out.absent;
    ++origin.missing;
    const bool unsure = is_web(location) && is_web(origin.url);
    (unsure && origin.missing < config.delete_after ? out.missing : out.gone).push_back(std::move(origin));
  }
  const double most = config.max_delete_share * static_cast<double>(out.known);
  out.suspicious =
      out.absent > static_cast<std::size_t>(config.delete_freely) && static_cast<double>(out.absent) > most;
  return out;
}

}  // namespace twin::feature
