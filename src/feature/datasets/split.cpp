#include "feature/datasets/split.h"

#include "feature/collect/canonical_url.h"
#include "feature/datasets/order.h"

namespace twin::feature {
namespace {

std::string lasting_identity(const stores::Document& document) {
  const auto location = document.metadata.find(stores::source_location_key);
  if (location == document.metadata.end() || !location->second.starts_with('/')) return document.id;
  const std::string folder = file_url(location->second);
  return document.url.starts_with(folder) ? document.url.substr(folder.size()) : document.id;
}

}  // namespace

std::string split_of(const stores::Document& document, const DatasetConfig& config) {
  const double place = hash_fraction(config.seed, "split", lasting_identity(document));
  if (place < config.test_share) return "test";
  if (place < config.test_share + config.validation_share) return "validation";
  return "train";
}

}  // namespace twin::feature
