#include "training/trainer/adamw8bit.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <array>

namespace twin::training {
namespace {

constexpr std::int64_t blocks_per_task = 256;

std::int64_t blocks_of(std::int64_t count) {
  return (count + eight_bit::block - 1) / eight_bit::block;
}

}  // namespace

AdamW8bit::AdamW8bit(const at::Tensor& weights)
    : first_codes_(at::full({weights.numel()}, eight_bit::code_of_zero(eight_bit::Sign::both), at::kByte)),
      second_codes_(at::full({weights.numel()}, eight_bit::code_of_zero(eight_bit::Sign::positive), at::kByte)),
      first_scales_(at::zeros({blocks_of(weights.numel())}, at::kFloat)),
      second_scales_(at::zeros({blocks_of(weights.numel())}, at::kFloat)) {}

std::map<std::string, at::Tensor> AdamW8bit::state() const {
  return {{"first_codes", first_codes_},
          {"first_scales", first_scales_},
          {"second_codes", second_codes_},
          {"second_scales", second_scales_}};
}

void AdamW8bit::update(float* weights, const float* gradients, std::int64_t count, const simd::AdamStep& how) {
  auto* m_codes = first_codes_.data_ptr<std::uint8_t>();
  auto* v_codes = second_codes_.data_ptr<std::uint8_t>();
  auto* m_scales = first_scales_.data_ptr<float>();
  auto* v_scales = second_scales_.data_ptr<float>();
  at::parallel_for(0, blocks_of(count), blocks_per_task, [&](std::int64_t begin, std::int64_t end) {
    std::array<float, eight_bit::block> m{}, v{};
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t from = i * eight_bit::block;
      const std::int64_t size = std::min(eight_bit::block, count - from);
      eight_bit::widen(eight_bit::Sign::both, m_codes + from, m_scales[i], m.data(), size);
      eight_bit::widen(eight_bit::Sign::positive, v_codes + from, v_scales[i], v.data(), size);
      simd::adamw(weights + from, m.data(), v.data(), gradients + from, how, size);
      m_scales[i] = eight_bit::narrow(eight_bit::Sign::both, m.data(), m_codes + from, size);
      v_scales[i] = eight_bit::narrow(eight_bit::Sign::positive, v.data(), v_codes + from, size);
    }
  });
}

}  // namespace twin::training
