#include "feature/collect/source_run.h"

#include <nlohmann/json.hpp>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/secrets.h"
#include "core/text/unicode.h"
#include "feature/clean/clean.h"
#include "feature/collect/canonical_url.h"

namespace twin::feature {
namespace {

/// What an entry costs besides its bytes.
constexpr std::uint64_t entry_bytes = 1024;

std::uint64_t budget_of(const CollectConfig& config) {
  return static_cast<std::uint64_t>(config.buffer_megabytes) << 20;
}

}  // namespace

std::optional<Error> problem_of(const SourceConfig& source, const CollectContext& context) {
  if (source.source == nullptr) {
    return Error{ErrorKind::usage, tr("There is no source of the type '{}'", source.type), "twin.yaml", {}};
  }
  if (context.categories.contains(source.category)) return std::nullopt;
  std::vector<std::string> known;
  for (const auto& [id, category] : context.categories) known.push_back(id);
  return Error{ErrorKind::usage, tr("There is no category '{}'", source.category), source.source->location(),
               tr("Did you mean '{}'?", text::nearest(source.category, known))};
}

SourceContext source_context(const CollectConfig& config, const SourceConfig& source,
                             const std::vector<std::string>& authors, const CollectContext& context,
                             std::stop_token stop) {
  return {.files = context.files,
          .http = context.http,
          .clock = context.clock,
          .stop = std::move(stop),
          .scratch = context.scratch / source.type,
          .max_item_bytes = static_cast<std::uint64_t>(config.max_item_megabytes) << 20,
          .authors = authors,
          .cursor = {},
          .secrets = context.secrets};
}

SourceRun::SourceRun(const CollectConfig& config, const SourceConfig& source, const std::vector<Author>& authors,
                     const CollectContext& context, const CollectSelection& selection)
    : lane(budget_of(config)),
      author_ids(source, authors, context.warehouse),
      config_(config),
      source_(source),
      context_(context),
      preparer_(config, source, authors, context),
      author_names_(known_names(source, authors)) {
  summary.name = source.display_name();
  summary.type = source.type;
  summary.location = source.source->location();
  if (!selection.retry) return;
  retried_.emplace();
  for (const auto& failure : selection.failures) {
    if (failure.source != summary.name) continue;
    if (failure.where.empty() || failure.where == summary.location) {
      retried_.reset();  // it failed as a whole
      return;
    }
    retried_->insert(canonical_url(failure.where));
  }
}

std::string SourceRun::key_of_cursor() const {
  Category category = context_.categories.at(source_.category);
  std::string names;
  for (const auto& name : author_names_) names += name + "\n";
  const std::string keys = config::canonical([&](config::Binder& b) { source_.source->bind(b); }).dump();
  return stable_id("cursor", {source_.type, location(), source_.category, keys, config::canonical(category).dump(),
                              names, std::to_string(clean_version)});
}

void SourceRun::read(std::stop_token stop, const std::function<void(std::shared_ptr<Entry>)>& submit) {
  try {
    read_source(std::move(stop), submit);
  } catch (const Fatal&) {
    broken = std::current_exception();
  } catch (const std::exception& error) {
    problem = Error{ErrorKind::internal, tr("The source failed: {}", error.what()), location(), {}};
  }
  if (problem && problem->where.empty()) problem->where = location();
  lane.close();
}

void SourceRun::read_source(std::stop_token stop, const std::function<void(std::shared_ptr<Entry>)>& submit) {
  context_.warehouse.each_origin(source_.type, location(), [&](stores::Origin&& origin) {
    known_.insert_or_assign(origin.shown, std::move(origin));
    return true;
  });
  SourceContext with = source_context(config_, source_, author_names_, context_, stop);
  // What failed must be shown again, whatever the cursor says.
  if (!retried_) with.cursor = context_.warehouse.cursor(key_of_cursor()).value_or("");
  with.wants = [this](const std::string& url) { return wants(url); };
  with.unchanged = [this](const std::string& url) { keep(url); };
  auto done = source_.source->collect(with, [&](Item&& item) {
    return !stop.stop_requested() && receive(std::move(item), submit) && !stop.stop_requested();
  });
  if (stop.stop_requested()) return;
  if (!done) {
    problem = redact(std::move(done.error()));
  } else {
    report = std::move(*done);
  }
}

/// The source itself knows that the item is as it was.
void SourceRun::keep(const std::string& url) {
  std::string shown = canonical_url(url);
  if (!seen_.insert(shown).second) return;
  const auto before = known_.find(shown);
  if (before == known_.end())
    return;  // of a time before the warehouse was emptied, or one that failed: nothing to keep
  auto entry = std::make_shared<Entry>();
  entry->kind = Entry::Kind::unchanged;
  entry->shown = std::move(shown);
  entry->origin = before->second;
  entry->stamp = before->second.stamp;
  entry->weight = entry_bytes;
  static_cast<void>(lane.push(entry, true));
}

bool SourceRun::wants(const std::string& url) {
  std::string shown = canonical_url(url);
  if (retried_) {
    if (asks_for(shown)) return true;
    seen_.insert(std::move(shown));
    return false;
  }
  std::string stamp = preparer_.stamp(shown);
  if (stamp.empty()) return true;
  const auto before = known_.find(shown);
  if (before == known_.end() || before->second.stamp != stamp) {
    stamps_.insert_or_assign(std::move(shown), std::move(stamp));
    return true;
  }
  // Neither the file nor the way it is read changed: it keeps its place in the order, and is not opened.
  auto entry = std::make_shared<Entry>();
  entry->kind = Entry::Kind::unchanged;
  entry->shown = shown;
  entry->origin = before->second;
  entry->stamp = std::move(stamp);
  entry->weight = entry_bytes;
  seen_.insert(std::move(shown));
  static_cast<void>(lane.push(entry, true));
  return false;
}

bool SourceRun::receive(Item&& item, const std::function<void(std::shared_ptr<Entry>)>& submit) {
  auto entry = std::make_shared<Entry>();
  entry->weight = entry_bytes;
  if (!item) {
    // What could not be read is not gone.
    entry->kind = Entry::Kind::failed;
    entry->error = redact(std::move(item.error()));
    entry->unreadable = true;
    if (!entry->error.where.empty()) {
      entry->shown = canonical_url(entry->error.where);
      seen_.insert(entry->shown);
      if (const auto before = known_.find(entry->shown); before != known_.end()) entry->origin = before->second;
    } else {
      entry->error.where = location();
    }
    return lane.push(entry, true);
  }
  // A server may give a token back in an address: it must not get into the warehouse and its exports.
  item->url = redact(std::move(item->url));
  entry->shown = canonical_url(item->url);
  if (!asks_for(entry->shown)) {  // a source that gives without asking
    seen_.insert(entry->shown);
    return true;
  }
  seen_.insert(entry->shown);
  if (const auto stamp = stamps_.find(entry->shown); stamp != stamps_.end()) {
    entry->stamp = std::move(stamp->second);
    stamps_.erase(stamp);
  }
  entry->weight += item->bytes.size();
  entry->raw = std::move(*item);
  if (!lane.push(entry, false)) return false;
  submit(std::move(entry));
  return true;
}

void SourceRun::prepare(const std::shared_ptr<Entry>& entry) {
  try {
    preparer_.prepare(*entry, known_);
  } catch (...) {
    entry->broken = std::current_exception();
  }
  lane.ready(entry.get());
}

}  // namespace twin::feature
