#include "stores/index/vectors/vector_snapshot.h"

#include <algorithm>

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
  Query fresh(connection, "SELECT chunk, scale, codes FROM codes WHERE chunk > ? ORDER BY chunk", after);
  while (fresh.step()) {
    const auto codes = fresh.blob(2);
    if (codes.size() == dimension) builder.add(fresh.integer(0), static_cast<float>(fresh.real(1)), codes);
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

std::vector<Candidate> VectorSnapshot::nearest(const QuantizedVector& query, std::size_t count, std::size_t breadth,
                                               const std::vector<std::int64_t>* allowed) const {
  QuantizedVector padded = query;
  padded.codes.resize(row_bytes(query.codes.size()));
  Nearest best(count);
  for (const Part& part : parts_) {
    const VectorSegment& segment = *part.segment;
    if (segment.dimension() != query.codes.size()) continue;
    const std::size_t rows = segment.keys().size();
    const std::size_t candidates = allowed ? std::min<std::size_t>(allowed->size(), part.passages) : part.passages;
    const bool graph = segment.has_graph() && candidates > settings_.exact_up_to;
    if (!allowed && !part.gone) {
      graph ? segment.walk(padded, std::max(breadth, count), nullptr, best) : segment.scan(padded, 0, rows, best);
      continue;
    }
    RowSet wanted(rows);
    std::size_t begin = 0, end = 0;  // rows in succession, scanned together
    const auto take = [&](std::size_t row) {
      if (graph) return wanted.add(row);
      if (row == end) {
        ++end;
        return;
      }
      segment.scan(padded, begin, end, best);
      begin = row;
      end = row + 1;
    };
    if (allowed) {
      each_common(segment.keys(), *allowed, take);
    } else {
      for (std::size_t row = 0; row < rows; ++row) {
        if (!part.gone->has(row)) take(row);
      }
    }
    graph ? segment.walk(padded, std::max(breadth, count), &wanted, best) : segment.scan(padded, begin, end, best);
  }
  return best.take();
}

}  // namespace twin::stores
