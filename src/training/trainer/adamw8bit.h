// AdamW whose moments are kept in 8 bits (Dettmers et al. 2021): two bytes a weight instead of eight.
#pragma once

#include "training/trainer/eight_bit.h"
#include "training/trainer/optimizer.h"

namespace twin::training {

/// Each block of eight_bit::block weights is widened, updated as AdamW does in float32, and narrowed again. Unlike the
/// published one, it keeps small tensors in 8 bits, too: the adapter is one flat tensor.
class AdamW8bit final : public Optimizer {
 public:
  explicit AdamW8bit(const at::Tensor& weights);
  [[nodiscard]] std::map<std::string, at::Tensor> state() const override;

 private:
  void update(float* weights, const float* gradients, std::int64_t count, const simd::AdamStep& how) override;

  at::Tensor first_codes_, second_codes_;    ///< uint8 [n]
  at::Tensor first_scales_, second_scales_;  ///< float32 [blocks]: largest magnitude of each
};

}  // namespace twin::training
