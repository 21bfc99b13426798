#include "feature/collect/try_source.h"

#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "feature/clean/clean.h"
#include "feature/collect/canonical_url.h"
#include "feature/collect/prepare.h"

namespace twin::feature {
namespace {

Result<TriedItem> tried(RawDocument raw, const std::string& default_category,
                        const std::map<std::string, Category>& categories) {
  TriedItem item;
  item.category = raw.category.empty() ? default_category : raw.category;
  const auto category = categories.find(item.category);
  if (category == categories.end()) {
    return fail(ErrorKind::usage, tr("There is no category '{}'", item.category), raw.url);
  }
  raw.url = canonical_url(raw.url);
  auto cleaned = clean(raw, category->second.clean);
  if (!cleaned) return tl::unexpected(std::move(cleaned.error()));
  for (const auto& [name, value] : raw.metadata) cleaned->metadata[name] = value;
  item.url = document_url(raw.url, cleaned->metadata);
  item.media_type = raw.media_type;
  item.title = std::move(cleaned->title);
  item.authors = raw.authors.empty() ? std::move(cleaned->authors) : std::move(raw.authors);
  item.published = cleaned->published;
  item.language = std::move(cleaned->language);
  item.markdown = std::move(cleaned->markdown);
  item.notes = std::move(cleaned->notes);
  return item;
}

}  // namespace

Result<SourceTrial> try_source(const SourceChoice& choice, const std::string& location, int limit,
                               SourceContext& context, const std::map<std::string, Category>& categories) {
  const SourceEntry& entry = *SourceRegistry::instance().find(choice.id);
  const auto source = entry.make();
  config::Layer layer;
  // A value is YAML, and every JSON string is one.
  layer.values[location_key(location)] = Json(address_of(location)).dump();
  layer.origin = location;
  const auto errors = config::read({layer}, [&](config::Binder& b) { source->bind(b); });
  if (!errors.empty()) return tl::unexpected(errors.front());

  SourceTrial trial;
  // A place where nothing can be read must come to an end, too.
  constexpr std::size_t most_failures = 20;
  const auto done = source->collect(context, [&](Item&& item) {
    auto result = item ? tried(*std::move(item), entry.category, categories)
                       : Result<TriedItem>(tl::unexpected(std::move(item.error())));
    if (result) {
      trial.items.push_back(*std::move(result));
    } else {
      trial.failures.push_back(std::move(result.error()));
    }
    return trial.items.size() < static_cast<std::size_t>(limit) && trial.failures.size() < most_failures &&
           !context.stop.stop_requested();
  });
  if (!done) {
    trial.failures.push_back(done.error());
    if (trial.failures.back().where.empty()) trial.failures.back().where = location;
  }
  return trial;
}

}  // namespace twin::feature
