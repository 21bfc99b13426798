#include "models/merge/lora_gguf.h"

#include <fmt/format.h>
#include <gguf.h>

#include <algorithm>

#include "core/i18n.h"

namespace twin::models {
namespace {

class GgufLora final : public LoraAdapter {
 public:
  GgufLora(GgufRows file, double alpha) : file_(std::move(file)), alpha_(alpha) {}

  /// Pairs every lora_a with its lora_b.
  Result<void> find_targets() {
    for (const GgufTensor& tensor : file_.tensors()) {
      const bool is_a = tensor.name.ends_with(".lora_a");
      if (!is_a && !tensor.name.ends_with(".lora_b")) {
        return fail(ErrorKind::invalid, tr("Tensor {} is no part of a LoRA adapter", tensor.name),
                    file_.path().string());
      }
      const std::string target = tensor.name.substr(0, tensor.name.size() - 7);
      const GgufTensor* const other = file_.find(target + (is_a ? ".lora_b" : ".lora_a"));
      if (other == nullptr) {
        return fail(ErrorKind::invalid, tr("The adapter has half of the update of {} only", target),
                    file_.path().string());
      }
      if (!is_a) continue;
      if (tensor.dimensions > 2 || other->dimensions > 2 || other->sizes[0] != tensor.sizes[1]) {
        return fail(ErrorKind::invalid, tr("The two halves of the update of {} do not fit each other", target),
                    file_.path().string());
      }
      targets_.push_back({target, tensor.sizes[1], tensor.sizes[0], other->sizes[1]});
    }
    if (targets_.empty()) return fail(ErrorKind::invalid, tr("The adapter is empty"), file_.path().string());
    std::sort(targets_.begin(), targets_.end(),
              [](const LoraTarget& x, const LoraTarget& y) { return x.tensor < y.tensor; });
    return {};
  }

  [[nodiscard]] const std::vector<LoraTarget>& targets() const override { return targets_; }
  [[nodiscard]] const std::filesystem::path& weights() const override { return file_.path(); }
  [[nodiscard]] std::string summary() const override {
    return fmt::format("rank {}, scale {:g}", targets_.front().rank, scale(targets_.front().rank));
  }

  [[nodiscard]] Result<LowRankUpdate> read(const LoraTarget& target) const override {
    LowRankUpdate update{.rank = target.rank,
                         .inputs = target.inputs,
                         .outputs = target.outputs,
                         .scale = scale(target.rank),
                         .a = {},
                         .b = {},
                         .magnitude = {}};
    const GgufTensor* const a = file_.find(target.tensor + ".lora_a");
    const GgufTensor* const b = file_.find(target.tensor + ".lora_b");
    if (auto done = file_.read(*a, 0, a->rows(), update.a); !done) return tl::unexpected(done.error());
    if (auto done = file_.read(*b, 0, b->rows(), update.b); !done) return tl::unexpected(done.error());
    return update;
  }

 private:
  /// As llama.cpp has it: alpha 0 means 1.
  [[nodiscard]] double scale(std::int64_t rank) const { return alpha_ == 0 ? 1.0 : alpha_ / static_cast<double>(rank); }

  GgufRows file_;
  double alpha_;
  std::vector<LoraTarget> targets_;
};

}  // namespace

Result<std::unique_ptr<LoraAdapter>> open_gguf_lora(const std::filesystem::path& path, const GgufRows& base) {
  auto file = GgufRows::open(path);
  if (!file) return tl::unexpected(file.error());
  const auto where = path.string();
  if (file->file().text("general.type").value_or("") != "adapter" ||
      file->file().text("adapter.type").value_or("") != "lora") {
    return fail(ErrorKind::invalid, tr("This GGUF file is no LoRA adapter"), where);
  }
  if (file->file().array_size("adapter.alora.invocation_tokens") > 0) {
    return fail(ErrorKind::invalid, tr("The adapter acts only after certain tokens: it cannot be merged"), where,
                tr("Serve it beside its base"));
  }
  const auto theirs = file->file().text("general.architecture").value_or("");
  const auto ours = base.file().text("general.architecture").value_or("");
  if (theirs != ours) {
    return fail(ErrorKind::invalid, tr("The adapter is for the architecture {}, the base is of {}", theirs, ours),
                where, tr("Name the base it was trained on with --base"));
  }
  const auto key = gguf_find_key(file->file().context(), "adapter.lora.alpha");
  if (key < 0 || gguf_get_kv_type(file->file().context(), key) != GGUF_TYPE_FLOAT32)
    return fail(ErrorKind::invalid, tr("The adapter does not say its {}", "adapter.lora.alpha"), where);
  const double alpha = gguf_get_val_f32(file->file().context(), key);
  auto lora = std::make_unique<GgufLora>(std::move(*file), alpha);
  if (auto found = lora->find_targets(); !found) return tl::unexpected(found.error());
  return lora;
}

}  // namespace twin::models
