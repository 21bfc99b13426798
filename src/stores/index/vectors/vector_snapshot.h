// The vectors of one instant of the index, in memory as bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "stores/index/cache/segment_cache.h"
#include "stores/index/vectors/vector_segment.h"

namespace twin::stores {

/// Immutable, so that any number of threads search it while the next one is made. The 32-bit vectors stay in the
/// database and are read for the best candidates.
class VectorSnapshot {
 public:
  using Segment = VectorSegment;
  using Part = SegmentPart<VectorSegment>;
  struct Settings {
    std::size_t exact_up_to = 0;  ///< rows that are scanned; a graph leads through more
    GraphSettings graph;
  };

  VectorSnapshot(std::int64_t generation, std::int64_t removals, std::vector<Part> parts, Settings settings)
      : generation_(generation), removals_(removals), parts_(std::move(parts)), settings_(settings) {}

  /// A file made before the setting asked for a graph is made again.
  [[nodiscard]] static bool accepts(const VectorSegment& segment, const Settings& settings) {
    return segment.has_graph() || segment.keys().size() <= 2 * settings.graph.from;
  }
  /// See SegmentCache. A graph is made only to be saved.
  [[nodiscard]] static std::vector<std::byte> build(sqlite::Connection& connection, std::int64_t after,
                                                    std::size_t& rows, const Settings& settings, bool to_save);
  [[nodiscard]] static bool resaves(std::uint64_t changed, std::uint64_t passages, const Settings& settings);

  [[nodiscard]] std::int64_t generation() const noexcept { return generation_; }
  [[nodiscard]] std::int64_t removals() const noexcept { return removals_; }
  [[nodiscard]] const std::vector<Part>& parts() const noexcept { return parts_; }

  /// Those that may be among the best `k` by their 32-bit vectors, and some others, but no more than the best `count`
  /// (at least `k`) by their bytes; best first, ties by key: exactly where the rows that may be found, times their
  /// share of all, are at most `exact_up_to`, else by the graph with `breadth` candidates, where there is one.
  /// `allowed`: keys that may be found, in ranges that are ascending and apart; null: all. A query of another dimension
  /// finds nothing.
  [[nodiscard]] std::vector<Candidate> nearest(const QuantizedVector& query, std::size_t k, std::size_t count,
                                               std::size_t breadth, const std::vector<KeyRange>* allowed) const;
  /// The id of a passage; empty: it is not in this snapshot.
  [[nodiscard]] std::string_view id(std::int64_t key) const;

 private:
  std::int64_t generation_;
  std::int64_t removals_;
  std::vector<Part> parts_;
  Settings settings_;
};

}  // namespace twin::stores
