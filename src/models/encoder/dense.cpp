#include "models/encoder/dense.h"

#include <algorithm>
#include <oneapi/dnnl/dnnl.hpp>

namespace twin::models {
namespace {

const dnnl::engine& processor() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::memory::desc floats(std::int64_t rows, std::int64_t columns, dnnl::memory::format_tag layout) {
  return {{rows, columns}, dnnl::memory::data_type::f32, layout};
}

}  // namespace

struct DenseThread::State {
  dnnl::stream stream{processor()};
  std::vector<std::byte> scratch;
};

DenseThread::DenseThread() : state_(std::make_unique<State>()) {}
DenseThread::~DenseThread() = default;

struct Dense::State {
  std::int64_t inputs, outputs;
  dnnl::matmul::primitive_desc plan;
  dnnl::matmul product;
  dnnl::memory weights, bias;
};

Dense::Dense(const std::vector<float>& weights, const std::vector<float>& bias, std::int64_t inputs,
             std::int64_t outputs, bool gelu) {
  using tag = dnnl::memory::format_tag;
  dnnl::primitive_attr how;
  how.set_scratchpad_mode(dnnl::scratchpad_mode::user);  // the library's own is not for several threads
  dnnl::post_ops after;
  if (gelu) after.append_eltwise(1.0f, dnnl::algorithm::eltwise_gelu_erf, 0.0f, 0.0f);
  how.set_post_ops(after);
  const dnnl::matmul::primitive_desc plan(
      dnnl::matmul::desc(floats(rows_at_once, inputs, tag::ab), floats(inputs, outputs, tag::any),
                         floats(1, outputs, tag::ab), floats(rows_at_once, outputs, tag::ab)),
      how, processor());
  state_ = std::make_unique<State>(State{inputs, outputs, plan, dnnl::matmul(plan),
                                         dnnl::memory(plan.weights_desc(), processor()),
                                         dnnl::memory(floats(1, outputs, tag::ab), processor())});
  dnnl::stream stream(processor());
  // oneDNN reads these, though its interface asks for a pointer to what may be changed.
  dnnl::memory given(floats(inputs, outputs, tag::ba), processor(), const_cast<float*>(weights.data()));
  dnnl::reorder(given, state_->weights).execute(stream, given, state_->weights);
  stream.wait();
  std::copy(bias.begin(), bias.end(), static_cast<float*>(state_->bias.get_data_handle()));
}

Dense::~Dense() = default;
Dense::Dense(Dense&&) noexcept = default;

void Dense::run(DenseThread& thread, const float* x, float* y, std::int64_t padded_rows) const {
  DenseThread::State& own = *thread.state_;
  own.scratch.resize(std::max(own.scratch.size(), state_->plan.scratchpad_desc().get_size()));
  const dnnl::memory scratch(state_->plan.scratchpad_desc(), processor(), own.scratch.data());
  for (std::int64_t row = 0; row < padded_rows; row += rows_at_once) {
    const dnnl::memory in(state_->plan.src_desc(), processor(), const_cast<float*>(x + row * state_->inputs));
    const dnnl::memory out(state_->plan.dst_desc(), processor(), y + row * state_->outputs);
    state_->product.execute(own.stream, {{DNNL_ARG_SRC, in},
                                         {DNNL_ARG_WEIGHTS, state_->weights},
                                         {DNNL_ARG_BIAS, state_->bias},
                                         {DNNL_ARG_SCRATCHPAD, scratch},
                                         {DNNL_ARG_DST, out}});
  }
  own.stream.wait();
}

void multiply(const Product& p) {
  const dnnl::status done =
      dnnl::sgemm('N', p.transposed_b ? 'T' : 'N', p.m, p.n, p.k, p.alpha, p.a, p.lda, p.b, p.ldb, 0.0f, p.c, p.ldc);
  if (done != dnnl::status::success) throw dnnl::error(static_cast<dnnl_status_t>(done), "sgemm");
}

}  // namespace twin::models
