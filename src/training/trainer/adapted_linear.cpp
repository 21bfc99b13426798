#include "training/trainer/adapted_linear.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>

#include "training/trainer/dora.h"

namespace twin::training {

at::Tensor make_outputs(std::int64_t rows, std::int64_t width, at::ScalarType dtype) {
  constexpr std::int64_t page = 4096 / sizeof(float), line = 64 / sizeof(float);
  const bool apart = dtype != at::kFloat || width % page != 0;
  return at::empty({rows, width + (apart ? 0 : line)}, dtype).narrow(1, 0, width);
}

AdaptedLinear::AdaptedLinear(const std::vector<Part>& parts, double scale, at::ScalarType dtype)
    : scale_(scale), dtype_(dtype) {
  inputs_ = parts.front().weight.columns;
  for (const auto& part : parts) {
    if (part.pair) {
      slots_.push_back({part.pair, outputs_, part.weight.rows(), ranks_, {}, {}, {}});
      ranks_ += part.pair->a.size(0);
    }
    outputs_ += part.weight.rows();
  }
  a_ = at::zeros({ranks_, inputs_}, dtype_);
  const bool dense =
      std::all_of(parts.begin(), parts.end(), [](const Part& part) { return part.weight.dense.defined(); });
  for (const auto& part : parts) blocks_.push_back(part.weight);
  b_ = at::zeros({outputs_, ranks_}, dtype_);
  if (dense) {
    weight_ = widened();
    b_ = weight_.narrow(1, inputs_, ranks_);
    blocks_.clear();
  }
  if (parts.front().bias.defined()) {
    std::vector<at::Tensor> biases;
    biases.reserve(parts.size());
    for (const auto& part : parts) biases.push_back(part.bias);
    bias_ = at::cat(biases);
  }
  for (auto& slot : slots_) {
    if (!slot.pair->magnitude.defined()) continue;
    length_ = at::ones({outputs_}, at::kFloat);
    const auto part =
        std::find_if(parts.begin(), parts.end(), [&](const Part& each) { return each.pair == slot.pair; });
    // The dense one is a view of what is kept anyway.
    slot.weight = dense ? FrozenMatrix::of(weight_.narrow(0, slot.first_output, slot.outputs).narrow(1, 0, inputs_))
                        : part->weight;
    slot.squares = row_squares(slot.weight);
  }
  refresh();
}

at::Tensor AdaptedLinear::widened() const {
  if (weight_.defined()) return weight_;
  auto whole = at::empty({outputs_, inputs_ + ranks_}, dtype_);
  std::int64_t row = 0;
  for (const auto& part : blocks_) {
    part.write_to(whole.narrow(0, row, part.rows()).narrow(1, 0, inputs_));
    row += part.rows();
  }
  whole.narrow(1, inputs_, ranks_).copy_(b_);
  return whole;
}

void AdaptedLinear::refresh() {
  for (const auto& slot : slots_) {
    const std::int64_t rank = slot.pair->a.size(0);
    a_.narrow(0, slot.first_rank, rank).copy_(slot.pair->a);
    b_.narrow(0, slot.first_output, slot.outputs).narrow(1, slot.first_rank, rank).copy_(slot.pair->b * scale_);
  }
  if (length_.defined()) refresh_lengths();
}

void AdaptedLinear::refresh_lengths() {
  for (auto& slot : slots_) {
    slot.norm = updated_row_norms(slot.weight, slot.squares, *slot.pair, scale_);
    length_.narrow(0, slot.first_output, slot.outputs).copy_(slot.pair->magnitude / slot.norm);
  }
}

at::Tensor AdaptedLinear::make_rows(std::int64_t tokens) const {
  return at::empty({tokens, inputs_ + ranks_}, dtype_);
}

at::Tensor AdaptedLinear::forward(at::Tensor& rows, const at::Tensor& mask) const {
  if (ranks_ > 0) {
    const auto x = inputs(rows);
    rows.narrow(1, inputs_, ranks_).copy_(at::mm(mask.defined() ? x * mask : x, a_.t()));
  }
  const auto weight = widened().t();
  if (length_.defined()) {  // in float32: a length's small changes are beyond bfloat16
    const auto y = at::mm(rows, weight) * length_;
    return (bias_.defined() ? y + bias_ : y).to(dtype_);
  }
  auto y = make_outputs(rows.size(0), outputs_, dtype_);
  return bias_.defined() ? at::addmm_out(y, bias_, rows, weight) : at::mm_out(y, rows, weight);
}

/// Adds to the gradients of DoRA's lengths; returns the gradient of the outputs before they were scaled.
at::Tensor AdaptedLinear::backward_lengths(const at::Tensor& rows, const at::Tensor& dy,
                                           const at::Tensor& weight) const {
  const auto wide = dy.to(at::kFloat);
  const auto slopes = (wide * at::mm(rows, weight.t())).sum(0);
  for (const auto& slot : slots_) {
    at::Tensor gradient = slot.pair->grad_magnitude;
    gradient.add_(slopes.narrow(0, slot.first_output, slot.outputs) / slot.norm);
  }
  return (wide * length_).to(dtype_);
}

at::Tensor AdaptedLinear::backward(const at::Tensor& rows, const at::Tensor& dout, const at::Tensor& mask,
                                   bool needs_input) const {
  if (ranks_ == 0) return needs_input ? at::mm(dout, widened()) : at::Tensor();

  const bool lengths = length_.defined();
  const auto weight = needs_input || lengths ? widened() : at::Tensor();
  const auto dy = lengths ? backward_lengths(rows, dout, weight) : dout;
  const auto both = at::mm(dy, needs_input ? weight : b_);
  const auto du = both.narrow(1, needs_input ? inputs_ : 0, ranks_).contiguous();
  const auto u = rows.narrow(1, inputs_, ranks_);
  const auto x = inputs(rows);
  const auto da = at::mm(du.t(), mask.defined() ? x * mask : x);
  for (const auto& slot : slots_) {
    const std::int64_t rank = slot.pair->a.size(0);
    at::Tensor grad_a = slot.pair->grad_a;
    at::Tensor grad_b = slot.pair->grad_b;
    grad_a.add_(da.narrow(0, slot.first_rank, rank));
    const auto db = at::mm(u.narrow(1, slot.first_rank, rank).t(), dy.narrow(1, slot.first_output, slot.outputs));
    grad_b.add_(db.t(), scale_);
  }
  if (!needs_input) return {};
  auto dx = both.narrow(1, 0, inputs_);
  if (mask.defined()) return dx.add_(at::mm(du, a_) * mask);
  return dx.addmm_(du, a_);
}

}  // namespace twin::training
