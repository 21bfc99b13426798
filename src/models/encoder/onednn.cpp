#include "models/encoder/onednn.h"

#include <algorithm>

#include "models/encoder/precision.h"

namespace twin::models {

Precision best_precision() {
  const auto has = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  const auto wanted = static_cast<unsigned>(dnnl::cpu_isa::avx512_core_bf16);  // a bit for each set of instructions
  return (has & wanted) == wanted ? Precision::bf16 : Precision::f32;
}

namespace onednn {

const dnnl::engine& processor() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::primitive_attr own_scratchpad() {
  dnnl::primitive_attr how;
  how.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return how;
}

dnnl::memory scratchpad(const dnnl::memory::desc& layout, std::vector<std::byte>& bytes) {
  bytes.resize(std::max(bytes.size(), layout.get_size()));
  return dnnl::memory(layout, processor(), bytes.data());
}

}  // namespace onednn
}  // namespace twin::models
