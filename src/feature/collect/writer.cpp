#include "feature/collect/writer.h"

#include <functional>
#include <utility>

#include "core/i18n.h"
#include "core/log.h"
#include "feature/collect/canonical_url.h"

namespace twin::feature {
namespace {

void count(CollectCounts& counts, Outcome outcome) {
  switch (outcome) {
    case Outcome::inserted:
      ++counts.inserted;
      break;
    case Outcome::updated:
      ++counts.updated;
      break;
    case Outcome::unchanged:
      ++counts.unchanged;
      break;
    case Outcome::revived:
      ++counts.revived;
      break;
    case Outcome::deleted:
      ++counts.deleted;
      return;  // not seen
    case Outcome::failed:
      ++counts.failed;
      return;
    case Outcome::duplicate:
      return;
  }
  ++counts.seen;
}

/// Never 0. Only compared within one process.
std::size_t hash_of(const stores::Document& document) {
  return std::hash<std::string>()(document.body) | 1;
}

Outcome outcome_of(stores::Upsert what) {
  switch (what) {
    case stores::Upsert::inserted:
      return Outcome::inserted;
    case stores::Upsert::updated:
      return Outcome::updated;
    case stores::Upsert::revived:
      return Outcome::revived;
    case stores::Upsert::unchanged:
      break;
  }
  return Outcome::unchanged;
}

}  // namespace

Writer::Writer(const CollectConfig& config, const CollectContext& context, CollectReport& report, Events& events,
               Progress& progress)
    : config_(config), context_(context), report_(report), events_(events), progress_(progress) {}

void Writer::take(SourceRun& run, std::shared_ptr<Entry> entry) {
  if (entry->broken) std::rethrow_exception(entry->broken);
  batch_bytes_ += entry->weight;
  batch_.push_back({&run, std::move(entry)});
  // Half of a lane's budget: the source must find room while this is written.
  const auto most = (static_cast<std::uint64_t>(config_.buffer_megabytes) << 20) / 2;
  if (batch_.size() >= static_cast<std::size_t>(config_.batch_documents) || batch_bytes_ >= most) flush();
}

void Writer::flush() {
  if (batch_.empty()) return;
  std::vector<stores::Objects::New> objects;
  for (const auto& taken : batch_) {
    const Entry& entry = *taken.entry;
    if (entry.kind == Entry::Kind::document) objects.push_back({entry.raw.bytes, entry.document.raw_sha256});
  }
  // The bytes first: a document must never name an object that is not there.
  value_or_throw(context_.warehouse.objects().put_all(objects));
  context_.warehouse.batch([&] {
    for (auto& taken : batch_) taken.outcome = store(*taken.run, *taken.entry);
  });
  for (auto& taken : batch_) tell(taken);
  release();
  batch_.clear();
  batch_bytes_ = 0;
}

/// Entries of one source stand together: it is told once.
void Writer::release() {
  std::uint64_t weight = 0;
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    weight += batch_[i].entry->weight;
    if (i + 1 < batch_.size() && batch_[i + 1].run == batch_[i].run) continue;
    batch_[i].run->lane.release(std::exchange(weight, 0));
  }
}

Outcome Writer::store(SourceRun& run, Entry& entry) {
  switch (entry.kind) {
    case Entry::Kind::document:
      return store_document(run, entry);
    case Entry::Kind::unchanged:
      if (!urls_.emplace(entry.origin.url, 0).second) return Outcome::duplicate;
      // The bytes are the same although the file was touched: next time its stamp says so. And it is there again.
      if (entry.origin.stamp != entry.stamp || entry.origin.missing > 0) {
        entry.origin.stamp = entry.stamp;
        entry.origin.missing = 0;
        context_.warehouse.set_origin(entry.origin);
      }
      return Outcome::unchanged;
    default:
      return store_failure(run, entry);
  }
}

Outcome Writer::store_document(SourceRun& run, Entry& entry) {
  stores::Document& document = entry.document;
  // An address that a page declares, and another one with another text has taken, is a mistake of the site's template.
  if (document.url != entry.shown && urls_.contains(document.url) && !same_text(document.url, document)) {
    document.url = entry.shown;
  }
  if (!urls_.emplace(document.url, hash_of(document)).second) return Outcome::duplicate;
  document.author_ids = run.author_ids.of(entry.raw);
  const Outcome outcome = outcome_of(context_.warehouse.upsert(document));
  // After the document: where writes are not one transaction, a crash between the two makes it again.
  context_.warehouse.set_origin(
      {document.url, run.source().type, run.location(), entry.shown, entry.key, entry.stamp, 0});
  // The page has a new address of its own: the old document was this one.
  if (!entry.origin.url.empty() && entry.origin.url != document.url && !urls_.contains(entry.origin.url)) {
    context_.warehouse.tombstone(stores::document_id(entry.origin.url), context_.clock.now());
    context_.warehouse.remove_origin(entry.origin.url);
  }
  return outcome;
}

bool Writer::same_text(const std::string& url, const stores::Document& document) const {
  const std::size_t hash = urls_.at(url);
  if (hash != 0) return hash == hash_of(document);
  const auto stored = context_.warehouse.document(stores::document_id(url));
  return stored && stored->body == document.body;
}

/// Whoever asks for a page that was there and hears "not found" or "gone" knows that it is gone.
Outcome Writer::store_failure(SourceRun&, const Entry& entry) {
  const bool gone = entry.error.kind == ErrorKind::not_found && is_web(entry.shown) && !entry.origin.url.empty();
  if (!gone || !config_.delete_missing || urls_.contains(entry.origin.url)) return Outcome::failed;
  context_.warehouse.tombstone(stores::document_id(entry.origin.url), context_.clock.now());
  context_.warehouse.remove_origin(entry.origin.url);
  return Outcome::deleted;
}

void Writer::tell(Taken& taken) {
  Entry& entry = *taken.entry;
  SourceSummary& summary = taken.run->summary;
  progress_.add();
  const bool document = entry.kind == Entry::Kind::document;
  const std::string& url = document ? entry.document.url : entry.origin.url.empty() ? entry.shown : entry.origin.url;
  for (auto& each : entry.notes) note(std::move(each));
  if (taken.outcome == Outcome::failed) {
    if (!entry.unreadable) ++taken.run->spoilt;
    fail(*taken.run, std::move(entry.error));
    return;
  }
  count(report_, taken.outcome);
  count(summary, taken.outcome);
  if (taken.outcome == Outcome::duplicate) {
    note({ErrorKind::invalid, tr("This address came up twice; the first is kept"), url, {}});
  }
  if (taken.outcome == Outcome::deleted) note(entry.error);
  events_.item(summary.name, url, taken.outcome, document ? entry.document.id : stores::document_id(url),
               document ? entry.document.version : 0);
}

void Writer::fail(SourceRun& run, Error error) {
  log::warn("collect: {}", error.text());
  ++report_.failed;
  ++run.summary.failed;
  report_.failures.emplace_back(std::move(error), run.summary.name);
  events_.failure(report_.failures.back());
}

void Writer::note(Error error) {
  report_.notes.push_back(std::move(error));
}

}  // namespace twin::feature
