// The keys of collecting in twin.yaml.
#include "feature/collect/collect.h"

namespace twin::feature {

std::string SourceConfig::display_name() const {
  if (!name.empty() || source == nullptr) return name.empty() ? type : name;
  return type + " " + source->location();
}

void SourceConfig::bind(config::Binder& b) {
  std::vector<std::string> known;
  for (const auto& [id, entry] : SourceRegistry::instance().entries()) known.push_back(id);
  b.field("type", type, "Kind of source", {.one_of = known, .required = true});
  b.field("name", name, "What messages and --source call it; none: type and location", {.key_irrelevant = true});
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
  b.field("delete_after", delete_after,
          "Complete readings of a place on the web, in a row, without a document before it is marked deleted",
          {.min = 1, .max = 1000});
  b.field("max_delete_share", max_delete_share,
          "A source that lost a larger share of its documents at once is not believed; 1: always",
          {.min = 0, .max = 1, .key_irrelevant = true});
  b.field("delete_freely", delete_freely, "So many documents may go at once whatever their share",
          {.min = 0, .max = 1'000'000, .key_irrelevant = true});
  const auto between = [](double min, double max) {
    return config::Rule{.min = min, .max = max, .key_irrelevant = true};
  };
  b.field("parallel", parallel, "Sources read at the same time", between(1, 64));
  b.field("workers", workers, "Threads that clean; 0: one per core", between(0, 256));
  b.field("buffer_megabytes", buffer_megabytes, "Of each source, as found, on the way to the warehouse",
          between(1, 4096));
  b.field("batch_documents", batch_documents, "Documents stored in one transaction, at most", between(1, 10'000));
  b.group("images", images, "Writing in pictures beside documents");
  b.group("http", http, "Manners towards servers, and safety");
}

void Author::bind(config::Binder& b) {
  b.field("name", name, "Name as it is shown", {.required = true});
  b.field("aliases", aliases, "Other names and e-mail addresses of the same person");
}

}  // namespace twin::feature
