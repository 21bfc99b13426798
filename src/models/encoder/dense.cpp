#include "models/encoder/dense.h"

#include <algorithm>

#include "models/encoder/onednn.h"
#include "models/encoder/rows.h"

namespace twin::models {

/// How so many rows are multiplied.
struct DensePlan {
  std::int64_t rows;
  dnnl::memory::desc x, weights, y, scratch;
  dnnl::primitive product;
};

namespace {

using tag = dnnl::memory::format_tag;
using sizes = dnnl::memory::dims;

template <class Primitive>
DensePlan plan_of(std::int64_t rows, const typename Primitive::desc& what) {
  const typename Primitive::primitive_desc description(what, onednn::own_scratchpad(), onednn::processor());
  return {rows,
          description.src_desc(),
          description.weights_desc(),
          description.dst_desc(),
          description.scratchpad_desc(),
          Primitive(description)};
}

/// As a convolution by one point over an image of one line, a row's columns its channels: oneDNN lays the weights of
/// one out for its kernels. Its matmul reads plain ones, across the pages of memory: on AVX2, 12 rows took 1.4 times as
/// long, 4 rows 2.9, 48 rows 1.1.
DensePlan plan_f32(std::int64_t rows, std::int64_t inputs, std::int64_t outputs) {
  using dnnl::memory;
  const auto type = memory::data_type::f32;
  return plan_of<dnnl::convolution_forward>(rows, {dnnl::prop_kind::forward_inference,
                                                   dnnl::algorithm::convolution_direct,
                                                   memory::desc({1, inputs, 1, rows}, type, tag::nhwc),
                                                   memory::desc({outputs, inputs, 1, 1}, type, tag::any),
                                                   memory::desc({outputs}, type, tag::a),
                                                   memory::desc({1, outputs, 1, rows}, type, tag::nhwc),
                                                   {1, 1},
                                                   {0, 0},
                                                   {0, 0}});
}

/// On AMX 1.2 to 1.4 times as fast as a convolution.
DensePlan plan_bf16(std::int64_t rows, std::int64_t inputs, std::int64_t outputs) {
  using dnnl::memory;
  const auto narrow = memory::data_type::bf16, wide = memory::data_type::f32;
  return plan_of<dnnl::inner_product_forward>(
      rows, {dnnl::prop_kind::forward_inference, memory::desc({rows, inputs}, narrow, tag::ab),
             memory::desc({outputs, inputs}, narrow, tag::any), memory::desc({outputs}, wide, tag::a),
             memory::desc({rows, outputs}, wide, tag::ab)});
}

}  // namespace

struct DenseThread::State {
  dnnl::stream stream{onednn::processor()};
  std::vector<std::byte> scratch;
  std::vector<std::uint16_t> narrow;  ///< the rows that are multiplied now, in bf16
};

DenseThread::DenseThread() : state_(std::make_unique<State>()) {}
DenseThread::~DenseThread() = default;

struct Dense::State {
  std::int64_t inputs, outputs;
  Precision precision;
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
             std::int64_t outputs, Precision precision, bool few_rows) {
  const bool narrow = precision == Precision::bf16;
  const auto plan = [&](std::int64_t rows) {
    return narrow ? plan_bf16(rows, inputs, outputs) : plan_f32(rows, inputs, outputs);
  };
  DensePlan most = plan(rows_at_once(precision));
  const dnnl::memory::desc layout = most.weights;
  std::vector<DensePlan> plans;
  const std::int64_t step = few_rows_step(precision);
  for (std::int64_t rows = step; few_rows && rows < rows_at_once(precision); rows += step) {
    // Another layout would need the weights once more: so many rows are then multiplied as more.
    if (DensePlan few = plan(rows); few.weights == layout) plans.push_back(std::move(few));
  }
  plans.push_back(std::move(most));
  const dnnl::memory::desc bias_layout({outputs}, dnnl::memory::data_type::f32, tag::a);
  state_ = std::make_unique<State>(State{inputs, outputs, precision, std::move(plans),
                                         dnnl::memory(layout, onednn::processor()),
                                         dnnl::memory(bias_layout, onednn::processor())});
  dnnl::stream stream(onednn::processor());
  const sizes shape = narrow ? sizes{outputs, inputs} : sizes{outputs, inputs, 1, 1};
  dnnl::memory given =
      onednn::over({shape, dnnl::memory::data_type::f32, narrow ? tag::ab : tag::oihw}, weights.data());
  dnnl::reorder(given, state_->weights).execute(stream, given, state_->weights);
  stream.wait();
  std::copy(bias.begin(), bias.end(), static_cast<float*>(state_->bias.get_data_handle()));
}

Dense::~Dense() = default;
Dense::Dense(Dense&&) noexcept = default;

void Dense::run(DenseThread& thread, const float* x, float* y, std::int64_t rows) const {
  DenseThread::State& own = *thread.state_;
  for (std::int64_t row = 0; row < rows;) {
    const DensePlan& plan = state_->plan_for(rows - row);
    const float* const from = x + row * state_->inputs;
    const void* numbers = from;
    if (state_->precision == Precision::bf16) {
      const std::int64_t count = plan.rows * state_->inputs;
      own.narrow.resize(std::max(own.narrow.size(), static_cast<std::size_t>(count)));
      rows::to_bf16(from, own.narrow.data(), count);
      numbers = own.narrow.data();
    }
    plan.product.execute(own.stream,
                         {{DNNL_ARG_SRC, onednn::over(plan.x, numbers)},
                          {DNNL_ARG_WEIGHTS, state_->weights},
                          {DNNL_ARG_BIAS, state_->bias},
                          {DNNL_ARG_SCRATCHPAD, onednn::scratchpad(plan.scratch, own.scratch)},
                          {DNNL_ARG_DST, dnnl::memory(plan.y, onednn::processor(), y + row * state_->outputs)}});
    row += plan.rows;
  }
  own.stream.wait();
}

}  // namespace twin::models
