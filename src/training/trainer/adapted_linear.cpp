#include "training/trainer/adapted_linear.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

namespace twin::training {

AdaptedLinear::AdaptedLinear(const std::vector<Part>& parts, double scale) : scale_(scale) {
  std::int64_t outputs = 0;
  for (const auto& part : parts) {
    if (part.pair) {
      slots_.push_back({part.pair, outputs, part.weight.size(0), ranks_});
      ranks_ += part.pair->a.size(0);
    }
    outputs += part.weight.size(0);
  }
  const auto& first = parts.front().weight;
  inputs_ = first.size(1);
  weight_ = at::zeros({outputs, inputs_ + ranks_}, first.options());
  a_ = at::zeros({ranks_, inputs_}, first.options());
  std::int64_t row = 0;
  for (const auto& part : parts) {
    weight_.narrow(0, row, part.weight.size(0)).narrow(1, 0, inputs_).copy_(part.weight);
    row += part.weight.size(0);
  }
  refresh();
}

void AdaptedLinear::refresh() {
  for (const auto& slot : slots_) {
    const std::int64_t rank = slot.pair->a.size(0);
    a_.narrow(0, slot.first_rank, rank).copy_(slot.pair->a);
    weight_.narrow(0, slot.first_output, slot.outputs)
        .narrow(1, inputs_ + slot.first_rank, rank)
        .copy_(slot.pair->b * scale_);
  }
}

at::Tensor AdaptedLinear::make_rows(std::int64_t tokens) const {
  return at::empty({tokens, inputs_ + ranks_}, weight_.options());
}

at::Tensor AdaptedLinear::forward(at::Tensor& rows, const at::Tensor& mask) const {
  if (ranks_ > 0) {
    const auto x = inputs(rows);
    rows.narrow(1, inputs_, ranks_).copy_(at::mm(mask.defined() ? x * mask : x, a_.t()));
  }
  return at::mm(rows, weight_.t());
}

at::Tensor AdaptedLinear::backward(const at::Tensor& rows, const at::Tensor& dy, const at::Tensor& mask,
                                   bool needs_input) const {
  if (ranks_ == 0) return needs_input ? at::mm(dy, weight_) : at::Tensor();

  const auto both = needs_input ? at::mm(dy, weight_) : at::mm(dy, weight_.narrow(1, inputs_, ranks_));
  const auto du = both.narrow(1, needs_input ? inputs_ : 0, ranks_).contiguous();
  const auto u = rows.narrow(1, inputs_, ranks_);
  const auto x = inputs(rows);
  const auto da = at::mm(du.t(), mask.defined() ? x * mask : x);
  const auto db = at::mm(u.t(), dy);
  for (const auto& slot : slots_) {
    const std::int64_t rank = slot.pair->a.size(0);
    at::Tensor grad_a = slot.pair->grad_a;
    at::Tensor grad_b = slot.pair->grad_b;
    grad_a.add_(da.narrow(0, slot.first_rank, rank));
    grad_b.add_(db.narrow(0, slot.first_rank, rank).narrow(1, slot.first_output, slot.outputs).t(), scale_);
  }
  if (!needs_input) return {};
  auto dx = both.narrow(1, 0, inputs_);
  auto through_a = at::mm(du, a_);
  dx.add_(mask.defined() ? through_a * mask : through_a);
  return dx;
}

}  // namespace twin::training
