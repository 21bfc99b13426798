#include "stores/index/vectors/vector_snapshot.h"

#include <algorithm>
#include <optional>

#include "core/i18n.h"
#include "core/log.h"
#include "stores/index/sqlite_index.h"

namespace twin::stores {
namespace {

using sqlite::Connection;
using sqlite::Query;

// A file without a graph is made again when one in so many passages came or went since, one with a graph when it is one
// in so many: what came is scanned until then.
constexpr std::uint64_t kPlainShare = 50, kGraphShare = 10;
constexpr std::uint64_t kAlwaysSavePlain = 20'000;

}  // namespace

std::vector<std::byte> VectorSnapshot::build(Connection& connection, std::int64_t after, std::size_t& rows,
                                             const Settings& settings, bool to_save) {
  const auto dimension = static_cast<std::size_t>(index_detail::dimension(connection));
  VectorSegmentBuilder builder(dimension, to_save ? settings.graph : GraphSettings());
  Query fresh(connection,
              "SELECT v.chunk, v.scale, v.codes, c.id FROM codes v JOIN chunks c ON c.key = v.chunk WHERE v.chunk > ? "
              "ORDER BY v.chunk",
              after);
  while (fresh.step()) {
    const auto codes = fresh.blob(2);
    if (codes.size() == dimension)
      builder.add(fresh.integer(0), static_cast<float>(fresh.real(1)), codes, fresh.text(3));
  }
  rows = builder.rows();
  if (to_save && settings.graph.from > 0 && rows > settings.graph.from)
    log::info("{}", tr("{} vectors are linked for quick search", rows));
  return rows == 0 ? std::vector<std::byte>() : builder.finish();
}

bool VectorSnapshot::resaves(std::uint64_t changed, std::uint64_t passages, const Settings& settings) {
  const std::uint64_t graph_from = settings.graph.from;
  if (graph_from > 0 && passages > graph_from) return changed >= std::max(graph_from / 2, passages / kGraphShare);
  return passages < kAlwaysSavePlain || changed * kPlainShare >= passages;
}

std::vector<Candidate> VectorSnapshot::nearest(const QuantizedVector& query, std::size_t k, std::size_t count,
                                               std::size_t breadth, const std::vector<KeyRange>* allowed) const {
  const VectorQuery asked(query);
  Nearest best(count);
  for (const Part& part : parts_) {
    const VectorSegment& segment = *part.segment;
    if (segment.dimension() != asked.dimension()) continue;
    const auto rows = static_cast<std::uint32_t>(segment.keys().size());
    std::vector<RowRange> ranges{{0, rows}};
    if (allowed) ranges = rows_in(segment.keys(), *allowed);
    std::uint64_t candidates = 0;
    for (const RowRange& range : ranges) candidates += range.end - range.begin;
    // A walk meets ever more rows in vain the fewer are wanted, a scan ever fewer in all: where the wanted ones times
    // their share are no more than are scanned without a filter, scanning is quicker.
    const auto wanted_rows = static_cast<double>(std::min(candidates, part.passages));
    const bool graph =
        segment.has_graph() && wanted_rows * wanted_rows / rows > static_cast<double>(settings_.exact_up_to);
    const RowSet* const gone = part.gone ? &*part.gone : nullptr;
    if (!graph) {
      segment.scan(asked, ranges, gone, k, best);
      continue;
    }
    std::optional<RowSet> wanted;
    if (gone || allowed) {
      wanted.emplace(rows);
      for (const RowRange& range : ranges) wanted->add(range);
      if (gone) wanted->remove(*gone);
    }
    segment.walk(asked, std::max(breadth, count), wanted ? &*wanted : nullptr, best);
  }
  return best.take();
}

std::string_view VectorSnapshot::id(std::int64_t key) const {
  for (const Part& part : parts_) {
    const auto keys = part.segment->keys();
    const auto found = seek(keys.begin(), keys.end(), key);
    if (found != keys.end() && *found == key) return part.segment->id(static_cast<std::size_t>(found - keys.begin()));
  }
  return {};
}

}  // namespace twin::stores
