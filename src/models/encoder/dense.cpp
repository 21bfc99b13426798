#include "models/encoder/dense.h"

#include <algorithm>
#include <oneapi/dnnl/dnnl.hpp>

namespace twin::models {
namespace {

const dnnl::engine& processor() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

using tag = dnnl::memory::format_tag;

dnnl::memory::desc floats(const dnnl::memory::dims& sizes, tag layout) {
  return {sizes, dnnl::memory::data_type::f32, layout};
}

/// Rows as the points of an image of one line, their columns as its channels: as they lie, row by row.
dnnl::memory::desc image(std::int64_t rows, std::int64_t columns) {
  return floats({1, columns, 1, rows}, tag::nhwc);
}

}  // namespace

struct DenseThread::State {
  dnnl::stream stream{processor()};
  std::vector<std::byte> scratch;
};

DenseThread::DenseThread() : state_(std::make_unique<State>()) {}
DenseThread::~DenseThread() = default;

/// How so many rows are multiplied: as a convolution by one point, whose weights oneDNN lays out for its kernels. Its
/// matmul reads plain ones, across the pages of memory: on AVX2, 12 rows took 1.4 times as long, 4 rows 2.9, 48 rows
/// 1.1.
struct DensePlan {
  std::int64_t rows;
  dnnl::convolution_forward::primitive_desc description;
  dnnl::convolution_forward product;
};

struct Dense::State {
  std::int64_t inputs, outputs;
  std::vector<DensePlan> plans;  ///< fewest rows first; the last one is of rows_at_once
  dnnl::memory weights, bias;

  /// The smallest that holds so many rows, or else the largest.
  [[nodiscard]] const DensePlan& plan_for(std::int64_t rows) const {
    for (const DensePlan& plan : plans) {
      if (plan.rows >= rows) return plan;
    }
    return plans.back();
  }
};

Dense::Dense(const std::vector<float>& weights, const std::vector<float>& bias, std::int64_t inputs,
             std::int64_t outputs, bool gelu, bool few_rows) {
  dnnl::primitive_attr how;
  how.set_scratchpad_mode(dnnl::scratchpad_mode::user);  // the library's own is not for several threads
  dnnl::post_ops after;
  if (gelu) after.append_eltwise(1.0f, dnnl::algorithm::eltwise_gelu_erf, 0.0f, 0.0f);
  how.set_post_ops(after);
  const auto plan = [&](std::int64_t rows) {
    const dnnl::convolution_forward::primitive_desc description(
        dnnl::convolution_forward::desc(dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
                                        image(rows, inputs), floats({outputs, inputs, 1, 1}, tag::any),
                                        floats({outputs}, tag::a), image(rows, outputs), {1, 1}, {0, 0}, {0, 0}),
        how, processor());
    return DensePlan{rows, description, dnnl::convolution_forward(description)};
  };
  DensePlan most = plan(rows_at_once);
  const dnnl::memory::desc layout = most.description.weights_desc();
  std::vector<DensePlan> plans;
  for (std::int64_t rows = few_rows_step; few_rows && rows < rows_at_once; rows += few_rows_step) {
    // Another layout would need the weights once more: so many rows are then multiplied as more.
    if (DensePlan few = plan(rows); few.description.weights_desc() == layout) plans.push_back(std::move(few));
  }
  plans.push_back(std::move(most));
  state_ = std::make_unique<State>(State{inputs, outputs, std::move(plans), dnnl::memory(layout, processor()),
                                         dnnl::memory(floats({outputs}, tag::a), processor())});
  dnnl::stream stream(processor());
  // oneDNN reads these, though its interface asks for a pointer to what may be changed.
  dnnl::memory given(floats({outputs, inputs, 1, 1}, tag::oihw), processor(), const_cast<float*>(weights.data()));
  dnnl::reorder(given, state_->weights).execute(stream, given, state_->weights);
  stream.wait();
  std::copy(bias.begin(), bias.end(), static_cast<float*>(state_->bias.get_data_handle()));
}

Dense::~Dense() = default;
Dense::Dense(Dense&&) noexcept = default;

void Dense::run(DenseThread& thread, const float* x, float* y, std::int64_t rows) const {
  DenseThread::State& own = *thread.state_;
  for (std::int64_t row = 0; row < rows;) {
    const auto& [step, plan, product] = state_->plan_for(rows - row);
    own.scratch.resize(std::max(own.scratch.size(), plan.scratchpad_desc().get_size()));
    const dnnl::memory scratch(plan.scratchpad_desc(), processor(), own.scratch.data());
    const dnnl::memory in(plan.src_desc(), processor(), const_cast<float*>(x + row * state_->inputs));
    const dnnl::memory out(plan.dst_desc(), processor(), y + row * state_->outputs);
    product.execute(own.stream, {{DNNL_ARG_SRC, in},
                                 {DNNL_ARG_WEIGHTS, state_->weights},
                                 {DNNL_ARG_BIAS, state_->bias},
                                 {DNNL_ARG_SCRATCHPAD, scratch},
                                 {DNNL_ARG_DST, out}});
    row += step;
  }
  own.stream.wait();
}

void multiply(const Product& p) {
  const dnnl::status done =
      dnnl::sgemm('N', p.transposed_b ? 'T' : 'N', p.m, p.n, p.k, p.alpha, p.a, p.lda, p.b, p.ldb, 0.0f, p.c, p.ldc);
  if (done != dnnl::status::success) throw dnnl::error(static_cast<dnnl_status_t>(done), "sgemm");
}

}  // namespace twin::models
