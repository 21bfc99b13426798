// The model as a reader that goes on token by token, for writing: Transformer::read_prompt(), read_next().
#include <ATen/Functions.h>

#include "training/trainer/batches.h"
#include "training/trainer/transformer.h"

namespace twin::training {

Past Transformer::make_past(std::int64_t capacity) const {
  return {weights_.shape, weights_.dtype, capacity};
}

at::Tensor Transformer::read_prompt(const std::vector<std::int32_t>& prompt, Past& past) const {
  const Sequence sequence{.ids = prompt, .learned = {}};
  const PackedBatch batch = pack({&sequence}, row_multiple());
  const Tape tables = start_tape(batch.lengths);
  auto x = embed(batch.tokens);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    LayerTape unused;
    layer_forward(i, x, tables, unused, nullptr, std::span(&past, 1));
  }
  past.advance(sequence.size());
  return x.narrow(0, sequence.size() - 1, 1).clone();
}

at::Tensor Transformer::read_next(const std::vector<std::int64_t>& tokens, std::span<Past> pasts) const {
  std::vector<float> positions;
  positions.reserve(pasts.size());
  for (const Past& past : pasts) positions.push_back(static_cast<float>(past.length()));
  Tape tables = tables_at(at::tensor(positions));
  tables.lengths.assign(pasts.size(), 1);
  auto x = embed(tokens);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    LayerTape unused;
    layer_forward(i, x, tables, unused, nullptr, pasts);
  }
  for (Past& past : pasts) past.advance(1);
  return x;
}

}  // namespace twin::training
