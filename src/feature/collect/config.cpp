// The keys of collecting in twin.yaml.
#include "feature/collect/collect.h"

namespace twin::feature {

void SourceConfig::bind(config::Binder& b) {
  std::vector<std::string> known;
  for (const auto& [id, entry] : SourceRegistry::instance().entries()) known.push_back(id);
  b.field("type", type, "Kind of source", {.one_of = known, .required = true});
  b.field("category", category, "Category of its documents (a file of categories/)", {.required = true});
  b.field("authors", authors, "Names of the authors; none: those of the project");
  const SourceEntry* entry = SourceRegistry::instance().find(type);
  if (entry == nullptr) return;
  if (source == nullptr || made_of != type) {
    source = entry->make();
    made_of = type;
  }
  source->bind(b);
}

void CollectConfig::bind(config::Binder& b) {
  b.field("max_item_megabytes", max_item_megabytes, "Larger files and pages are refused", {.min = 1, .max = 4096});
  b.field("delete_missing", delete_missing, "Documents that a completely read source no longer has are marked deleted");
  b.group("http", http, "Manners towards servers, and safety");
}

void Author::bind(config::Binder& b) {
  b.field("name", name, "Name as it is shown", {.required = true});
  b.field("aliases", aliases, "Other names and e-mail addresses of the same person");
}

}  // namespace twin::feature
