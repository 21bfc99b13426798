#include "stores/index/cache/segment_cache.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/files.h"
#include "core/i18n.h"
#include "core/log.h"
#include "stores/index/sqlite_index.h"

namespace twin::stores {
namespace {

using sqlite::Connection;
using sqlite::Query;

// Fewer passages are read from the database sooner than a file is looked for.
constexpr std::uint64_t kSaveFrom = 256;

std::int64_t removals(Connection& c) {
  return std::stoll(index_detail::meta(c, "removals"));
}

std::vector<std::int64_t> live_keys(Connection& c) {
  std::vector<std::int64_t> keys;
  Query query(c, "SELECT key FROM chunks");
  while (query.step()) keys.push_back(query.integer(0));
  std::sort(keys.begin(), keys.end());
  return keys;
}

template <class Segment>
SegmentPart<Segment> part_of(std::shared_ptr<const Sections> sections) {
  auto segment = std::make_shared<const Segment>(std::move(sections));
  const std::uint64_t rows = segment->keys().size();
  return {.segment = std::move(segment), .gone = nullptr, .passages = rows};
}

template <class Segment>
void mark_gone(SegmentPart<Segment>& part, const std::vector<std::int64_t>& live) {
  const auto keys = part.segment->keys();
  RowSet there(keys.size());
  part.passages = 0;
  each_common(keys, live, [&](std::size_t row) {
    there.add(row);
    ++part.passages;
  });
  part.gone = nullptr;
  if (part.passages == keys.size()) return;
  auto gone = std::make_shared<RowSet>(keys.size());
  for (std::size_t row = 0; row < keys.size(); ++row) {
    if (!there.has(row)) gone->add(row);
  }
  part.gone = std::move(gone);
}

}  // namespace

template <class Snapshot>
SegmentCache<Snapshot>::SegmentCache(std::filesystem::path file, std::string remembered, Settings settings)
    : file_(std::move(file)), remembered_(std::move(remembered)), settings_(settings) {}

template <class Snapshot>
std::shared_ptr<const Snapshot> SegmentCache<Snapshot>::at(Connection& connection, std::int64_t generation) {
  const std::lock_guard lock(mutex_);
  if (newest_ && newest_->generation() == generation) return newest_;
  if (newest_ && newest_->generation() > generation) return nullptr;
  const std::int64_t taken = removals(connection);
  std::vector<Part> parts = newest_ ? newest_->parts() : from_file(connection);
  if (!parts.empty() && (!newest_ || newest_->removals() != taken)) {
    const auto live = live_keys(connection);
    for (Part& part : parts) mark_gone(part, live);
  }
  append(connection, parts);
  std::erase_if(parts, [](const Part& part) { return part.passages == 0; });
  newest_ = std::make_shared<const Snapshot>(generation, taken, std::move(parts), settings_);
  return newest_;
}

template <class Snapshot>
std::shared_ptr<const Snapshot> SegmentCache<Snapshot>::alone(Connection& connection, std::int64_t generation) const {
  std::vector<Part> parts;
  append(connection, parts);
  return std::make_shared<const Snapshot>(generation, removals(connection), std::move(parts), settings_);
}

template <class Snapshot>
std::vector<SegmentPart<typename Snapshot::Segment>> SegmentCache<Snapshot>::from_file(Connection& connection) const {
  const std::string known = index_detail::meta(connection, remembered_);
  if (known.empty()) return {};
  auto sections = Sections::map(file_, Segment::kind, std::stoull(known, nullptr, 16));
  if (!sections) {
    // Of another version of Twin, or being replaced just now: no reason to speak.
    log::debug("{}", sections.error().text());
    return {};
  }
  Part part = part_of<Segment>(std::move(*sections));
  if (!Snapshot::accepts(*part.segment, settings_)) return {};
  return {std::move(part)};
}

// As in a log-structured merge tree, a part is at least twice as large as the one after it: adding one passage after
// another reads each only a few times. The part from the file stays as it is.
template <class Snapshot>
void SegmentCache<Snapshot>::append(Connection& connection, std::vector<Part>& parts) const {
  std::int64_t after = parts.empty() ? 0 : parts.back().segment->keys().back();
  std::size_t rows = 0;
  auto bytes = Snapshot::build(connection, after, rows, settings_, /*to_save=*/false);
  if (rows == 0) return;
  std::size_t kept = parts.size();
  for (std::uint64_t sum = rows; kept > 0; --kept) {
    const Part& before = parts[kept - 1];
    if (before.segment->sections().mapped() || before.passages >= 2 * sum) break;
    sum += before.passages;
  }
  if (kept < parts.size()) {
    after = kept == 0 ? 0 : parts[kept - 1].segment->keys().back();
    parts.resize(kept);
    bytes = Snapshot::build(connection, after, rows, settings_, /*to_save=*/false);
  }
  parts.push_back(part_of<Segment>(std::make_shared<const Sections>(std::move(bytes))));
}

template <class Snapshot>
std::optional<std::string> SegmentCache<Snapshot>::save(Connection& connection, std::int64_t generation) {
  const auto now = at(connection, generation);
  if (!now) return std::nullopt;
  std::uint64_t passages = 0, changed = 0;
  for (const Part& part : now->parts()) {
    const bool saved = part.segment->sections().mapped();
    passages += part.passages;
    changed += saved ? part.segment->keys().size() - part.passages : part.passages;
  }
  if (passages < kSaveFrom || changed == 0 || !Snapshot::resaves(changed, passages, settings_)) return std::nullopt;
  std::size_t rows = 0;
  const Sections sections(Snapshot::build(connection, 0, rows, settings_, /*to_save=*/true));
  const auto bytes = sections.bytes();
  const auto written = disk().write(file_, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  auto mapped = written ? Sections::map(file_, Segment::kind, sections.checksum())
                        : Result<std::shared_ptr<const Sections>>(tl::unexpected(written.error()));
  if (!mapped) {
    log::warn("A file that makes searches quicker was not saved: {}", mapped.error().text());
    return std::nullopt;
  }
  const std::lock_guard lock(mutex_);
  if (newest_ == now) {
    newest_ = std::make_shared<const Snapshot>(generation, now->removals(),
                                               std::vector{part_of<Segment>(std::move(*mapped))}, settings_);
  }
  return fmt::format("{:016x}", sections.checksum());
}

template class SegmentCache<WordSnapshot>;
template class SegmentCache<VectorSnapshot>;

}  // namespace twin::stores
