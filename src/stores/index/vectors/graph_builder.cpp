#include "stores/index/vectors/graph_builder.h"

#include <hnswlib/hnswlib.h>

#include <algorithm>

#include "stores/index/quantize.h"

namespace twin::stores {
namespace {

// What hnswlib keeps of a vector is the number of its row: the codes stay where they are.
class RowSpace final : public hnswlib::SpaceInterface<float> {
 public:
  explicit RowSpace(const CodeRows& rows) : rows_(rows), dots_(best_dot_kernel().dots) {}

  std::size_t get_data_size() override { return sizeof(std::uint32_t); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return &distance; }
  void* get_dist_func_param() override { return this; }

 private:
  static float distance(const void* a, const void* b, const void* space) {
    const auto& self = *static_cast<const RowSpace*>(space);
    const std::uint32_t i = *static_cast<const std::uint32_t*>(a), j = *static_cast<const std::uint32_t*>(b);
    std::int32_t sum = 0;
    self.dots_(self.rows_.codes.data() + i * self.rows_.stride, self.rows_.stride, 1,
               self.rows_.codes.data() + j * self.rows_.stride, &sum);
    return 1 - static_cast<float>(sum) * self.rows_.scales[i] * self.rows_.scales[j];
  }

  CodeRows rows_;
  DotRows dots_;
};

using Hnsw = hnswlib::HierarchicalNSW<float>;

void take_links(const Hnsw& hnsw, hnswlib::linklistsizeint* list, std::span<std::uint32_t> out) {
  const auto* links = reinterpret_cast<const std::uint32_t*>(list + 1);
  const std::size_t count = std::min<std::size_t>(hnsw.getListCount(list), out.size());
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint32_t>(hnsw.getExternalLabel(links[i]));
}

}  // namespace

NeighbourGraph build_graph(const CodeRows& rows, std::size_t links, std::size_t construction) {
  RowSpace space(rows);
  const std::size_t count = rows.scales.size();
  Hnsw hnsw(&space, count, links, construction);
  // One after another: row r is element r of hnswlib, too.
  for (std::uint32_t row = 0; row < count; ++row) hnsw.addPoint(&row, row);
  NeighbourGraph graph;
  graph.links = links;
  graph.entry = static_cast<std::uint32_t>(hnsw.getExternalLabel(hnsw.enterpoint_node_));
  graph.layers = static_cast<std::size_t>(hnsw.maxlevel_);
  graph.lowest.assign(count * 2 * links, UINT32_MAX);
  std::uint32_t layers = 0;
  for (std::uint32_t row = 0; row < count; ++row) {
    take_links(hnsw, hnsw.get_linklist0(row), std::span(graph.lowest).subspan(row * 2 * links, 2 * links));
    const int level = hnsw.element_levels_[row];
    if (level == 0) continue;
    graph.upper_rows.push_back(row);
    graph.upper_ends.push_back(layers += static_cast<std::uint32_t>(level));
    for (int layer = 1; layer <= level; ++layer) {
      graph.upper.resize(graph.upper.size() + links, UINT32_MAX);
      take_links(hnsw, hnsw.get_linklist(row, layer), std::span(graph.upper).last(links));
    }
  }
  return graph;
}

}  // namespace twin::stores
