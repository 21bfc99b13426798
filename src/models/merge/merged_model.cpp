#include "models/merge/merged_model.h"

#include <algorithm>

#include "core/i18n.h"
#include "models/merge/low_rank.h"

namespace twin::models {

tl::unexpected<Error> merge_stopped() {
  return fail(ErrorKind::cancelled, tr("The merge was stopped; nothing was written"));
}

Result<std::unique_ptr<MergedModel>> MergedModel::open(const std::filesystem::path& base,
                                                       const std::filesystem::path& adapter) {
  auto rows = GgufRows::open(base);
  if (!rows) return tl::unexpected(rows.error());
  if (rows->file().text("general.type").value_or("model") != "model")
    return fail(ErrorKind::invalid, tr("The base is no model but of type {}", *rows->file().text("general.type")),
                base.string());
  std::unique_ptr<MergedModel> model(new MergedModel(std::move(*rows)));
  auto lora = open_lora(adapter, model->base_);
  if (!lora) return tl::unexpected(lora.error());
  model->adapter_ = std::move(*lora);
  if (auto matched = model->match(); !matched) return tl::unexpected(matched.error());
  return model;
}

Result<void> MergedModel::match() {
  const std::string where = adapter_->weights().string();
  const auto hint = [] { return tr("Name the base it was trained on with --base"); };
  for (const LoraTarget& target : adapter_->targets()) {
    const GgufTensor* const tensor = base_.find(target.tensor);
    if (tensor == nullptr) {
      return fail(ErrorKind::invalid,
                  tr("The adapter is of another base: {} has no tensor {}", base_.path().string(), target.tensor),
                  where, hint());
    }
    if (tensor->dimensions > 2 || tensor->columns() != target.inputs || tensor->rows() != target.outputs) {
      return fail(
          ErrorKind::invalid,
          tr("The adapter is of another base: its update of {} is {}×{}, the tensor of {} is {}×{}", target.tensor,
             target.outputs, target.inputs, base_.path().string(), tensor->rows(), tensor->columns()),
          where, hint());
    }
    if (!tensor->widens()) {
      return fail(ErrorKind::invalid,
                  tr("Tensor {} has the type {}, which is not of numbers with a fraction", tensor->name,
                     ggml_type_name(tensor->type)),
                  base_.path().string());
    }
    changed_.emplace(target.tensor, &target);
  }
  return {};
}

Result<void> MergedModel::each_block(const GgufTensor& tensor, std::stop_token stop, const Block& block) const {
  LowRankUpdate update;
  const auto changed = changed_.find(tensor.name);
  if (changed != changed_.end()) {
    auto read = adapter_->read(*changed->second);
    if (!read) return tl::unexpected(read.error());
    update = std::move(*read);
  }
  const std::int64_t step = std::max<std::int64_t>(1, block_floats / std::max<std::int64_t>(1, tensor.columns()));
  std::vector<float> rows;
  for (std::int64_t first = 0; first < tensor.rows(); first += step) {
    if (stop.stop_requested()) return merge_stopped();
    const std::int64_t count = std::min(step, tensor.rows() - first);
    if (auto done = base_.read(tensor, first, count, rows); !done) return done;
    if (changed != changed_.end()) add_low_rank(update, first, count, rows.data());
    if (auto done = block(rows, first); !done) return done;
  }
  return {};
}

}  // namespace twin::models
