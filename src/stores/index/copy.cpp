#include "stores/index/copy.h"

#include <map>
#include <set>

#include "core/i18n.h"

namespace twin::stores {
namespace {

/// feature_key by document id; it is a hash of all that makes a document's passages and vectors.
std::map<std::string, std::string> keys_by_id(Index& index) {
  std::map<std::string, std::string> keys;
  for (auto& [id, key] : index.document_keys()) keys.emplace(std::move(id), std::move(key));
  return keys;
}

void check_target(const IndexModel& model, Index& to, const std::map<std::string, std::string>& source,
                  const std::map<std::string, std::string>& target) {
  if (target.empty()) return;
  const IndexModel other = to.model();
  bool related = other.hash == model.hash && other.dimension == model.dimension;
  if (related) {
    related = false;
    for (const auto& [id, key] : target) related |= source.contains(id);
  }
  if (related) return;
  throw Fatal(ErrorKind::usage, tr("The target holds {} documents that are not a copy of this index", target.size()),
              to.location(), tr("name an empty folder, or another name on the server"));
}

}  // namespace

IndexCopyReport copy_index(Index& from, Index& to, ProgressSink& sink, std::stop_token stop) {
  if (from.location() == to.location()) {
    throw Fatal(ErrorKind::usage, tr("An index cannot be copied onto itself"), from.location());
  }
  IndexCopyReport report;
  const IndexModel model = from.model();
  if (model.dimension == 0) {
    throw Fatal(ErrorKind::usage, tr("There is no index to copy"), from.location(), tr("make one with: twin index"));
  }
  const auto source = keys_by_id(from);
  const auto target = keys_by_id(to);
  check_target(model, to, source, target);
  to.use_model(model.hash, model.dimension);

  const auto progress = sink.start("copy", "documents");
  progress->total(source.size());
  for (const auto& [id, key] : target) {
    if (stop.stop_requested()) break;
    if (source.contains(id)) continue;
    to.remove(id);
    ++report.removed;
  }
  from.each_entry([&](IndexEntry&& entry) {
    if (stop.stop_requested()) return false;
    progress->add();
    const auto there = target.find(entry.document.id);
    if (there != target.end() && there->second == entry.document.feature_key) {
      ++report.unchanged;
      return true;
    }
    value_or_throw(to.replace(entry.document, entry.chunks, entry.vectors));
    ++report.documents;
    report.chunks += static_cast<std::int64_t>(entry.chunks.size());
    return true;
  });
  if (stop.stop_requested()) {
    report.stopped = true;
    return report;
  }
  to.settle();
  if (const auto centering = from.query_centering(); centering.version != 0) to.set_query_centering(centering);
  report.digest = from.digest();
  if (report.digest != to.digest()) {
    throw Fatal(ErrorKind::invalid, tr("The copy differs from the original"), to.location(),
                tr("was one of them written to meanwhile? Run the copy again; if it still differs, copy to an empty "
                   "folder or another name"));
  }
  return report;
}

}  // namespace twin::stores
