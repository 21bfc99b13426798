#include "models/merge/lora_peft.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/i18n.h"
#include "core/json.h"
#include "models/hf/architectures.h"
#include "models/registry/safetensors.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

/// What the configuration says of the scale; the ranks are those of the tensors.
struct PeftScale {
  double alpha = 0;
  bool rank_stabilized = false;
  bool dora = false;
};

Result<PeftScale> parse_peft_config(const fs::path& path) {
  const auto text = disk().read(path);
  if (!text) return tl::unexpected(text.error());
  const Json json = Json::parse(*text, nullptr, false);
  const auto refuse = [&](const char* key) {
    return fail(ErrorKind::invalid, tr("The adapter's setting {} is not supported or malformed", key), path.string(),
                tr("use a plain LoRA adapter"));
  };
  if (!json.is_object() || json.value("peft_type", Json()) != "LORA") return refuse("peft_type");
  const auto flag = [&](const char* key) { return json.contains(key) && json[key] == true; };
  // Anything but false, null or nothing changes more than W + scale·B·A.
  for (const char* key : {"fan_in_fan_out", "modules_to_save", "alpha_pattern", "lora_bias", "trainable_token_indices",
                          "layer_replication", "use_qalora"}) {
    if (json.contains(key) && json[key] != false && !json[key].empty()) return refuse(key);
  }
  if (json.contains("bias") && json["bias"] != "none") return refuse("bias");
  if (!json.contains("lora_alpha") || !json["lora_alpha"].is_number()) return refuse("lora_alpha");
  return PeftScale{json["lora_alpha"].get<double>(), flag("use_rslora"), flag("use_dora")};
}

class PeftLora final : public LoraAdapter {
 public:
  PeftLora(Safetensors file, fs::path weights, PeftScale scale, const Architecture& family, const GgufRows& base)
      : file_(std::move(file)), weights_(std::move(weights)), scale_(scale), family_(family), base_(base) {}

  Result<void> find_targets() {
    constexpr const char* prefix = "base_model.model.";
    for (const auto& [name, entry] : file_.entries()) {
      const auto suffix = name.rfind(".lora_");
      if (!name.starts_with(prefix) || suffix == std::string::npos) return unknown_tensor(name);
      const std::string stem = name.substr(0, suffix);
      const std::string kind = name.substr(suffix + 1);
      const std::string tensor = gguf_weight_name(stem.substr(std::char_traits<char>::length(prefix)));
      if (tensor.empty()) return unknown_tensor(name);
      if (kind == "lora_A.weight") {
        if (entry.shape.size() != 2) return unknown_tensor(name);
        stems_[tensor].stem = stem;
        stems_[tensor].target.rank = entry.shape[0];
        stems_[tensor].target.inputs = entry.shape[1];
      } else if (kind == "lora_B.weight") {
        if (entry.shape.size() != 2) return unknown_tensor(name);
        stems_[tensor].target.outputs = entry.shape[0];
        stems_[tensor].rank_of_b = entry.shape[1];
      } else if (scale_.dora && kind.starts_with("lora_magnitude_vector")) {
        stems_[tensor].magnitude = name;
      } else {
        return unknown_tensor(name);
      }
    }
    return check_targets();
  }

  [[nodiscard]] const std::vector<LoraTarget>& targets() const override { return targets_; }
  [[nodiscard]] const fs::path& weights() const override { return weights_; }
  [[nodiscard]] std::string summary() const override {
    const auto rank = targets_.front().rank;
    return fmt::format("rank {}, scale {:g}{}{}", rank, factor(rank), scale_.rank_stabilized ? ", rsLoRA" : "",
                       scale_.dora ? ", DoRA" : "");
  }

  [[nodiscard]] Result<LowRankUpdate> read(const LoraTarget& target) const override {
    const Part& part = stems_.at(target.tensor);
    auto a = file_.read(part.stem + ".lora_A.weight");
    if (!a) return tl::unexpected(a.error());
    auto b = file_.read(part.stem + ".lora_B.weight");
    if (!b) return tl::unexpected(b.error());
    LowRankUpdate update{.rank = target.rank,
                         .inputs = target.inputs,
                         .outputs = target.outputs,
                         .scale = factor(target.rank),
                         .a = std::move(*a),
                         .b = rows_of_base(target, *b, target.rank),
                         .magnitude = {}};
    if (!part.magnitude.empty()) {
      const auto magnitude = file_.read(part.magnitude);
      if (!magnitude) return tl::unexpected(magnitude.error());
      if (magnitude->size() != static_cast<std::size_t>(target.outputs)) return unknown_tensor(part.magnitude);
      update.magnitude = rows_of_base(target, *magnitude, 1);
    }
    return update;
  }

 private:
  struct Part {
    std::string stem;  ///< of PEFT's names
    LoraTarget target;
    std::int64_t rank_of_b = 0;
    std::string magnitude;  ///< its tensor's name; empty: none
  };

  tl::unexpected<Error> unknown_tensor(const std::string& name) const {
    return fail(ErrorKind::invalid, tr("The adapter's tensor {} cannot be merged", name), weights_.string(),
                tr("Known are updates of the linear layers of attention and feed-forward, and of lm_head"));
  }

  Result<void> check_targets() {
    for (auto& [tensor, part] : stems_) {
      if (part.target.rank == 0 || part.target.outputs == 0) {
        return fail(ErrorKind::invalid, tr("The adapter has half of the update of {} only", tensor), weights_.string());
      }
      if (part.rank_of_b != part.target.rank) {
        return fail(ErrorKind::invalid, tr("The two halves of the update of {} do not fit each other", tensor),
                    weights_.string());
      }
      part.target.tensor = tensor;
      targets_.push_back(part.target);
    }
    if (targets_.empty()) return fail(ErrorKind::invalid, tr("The adapter is empty"), weights_.string());
    return {};
  }

  [[nodiscard]] double factor(std::int64_t rank) const {
    const auto r = static_cast<double>(rank);
    return scale_.alpha / (scale_.rank_stabilized ? std::sqrt(r) : r);
  }

  /// Rows of `width` floats from Hugging Face's order to that of the base's file.
  [[nodiscard]] std::vector<float> rows_of_base(const LoraTarget& target, std::vector<float> rows,
                                                std::int64_t width) const {
    const auto heads = interleaved_head_count(family_, base_.file(), target.tensor);
    if (heads == 0 || target.outputs % (2 * heads) != 0) return rows;
    std::vector<float> moved(rows.size());
    for (std::int64_t row = 0; row < target.outputs; ++row) {
      const auto to = interleaved_row(row, target.outputs / heads);
      std::copy_n(rows.begin() + row * width, width, moved.begin() + to * width);
    }
    return moved;
  }

  Safetensors file_;
  fs::path weights_;
  PeftScale scale_;
  const Architecture& family_;
  const GgufRows& base_;
  std::map<std::string, Part> stems_;  ///< by tensor of the base
  std::vector<LoraTarget> targets_;
};

}  // namespace

Result<std::unique_ptr<LoraAdapter>> open_peft_lora(const fs::path& folder, const GgufRows& base) {
  const auto name = base.file().text("general.architecture").value_or("");
  const Architecture* const family = find_architecture(name);
  if (family == nullptr) {
    std::string known;
    for (const auto& each : architectures()) known += (known.empty() ? "" : ", ") + each.gguf;
    return fail(ErrorKind::invalid, tr("PEFT's names for the architecture {} are not known", name), folder.string(),
                tr("Use the adapter's GGUF form, or a base of these: {}", known));
  }
  const auto scale = parse_peft_config(folder / peft_config_name);
  if (!scale) return tl::unexpected(scale.error());
  auto file = Safetensors::open(folder / peft_weights_name);
  if (!file) return tl::unexpected(file.error());
  auto lora = std::make_unique<PeftLora>(std::move(*file), folder / peft_weights_name, *scale, *family, base);
  if (auto found = lora->find_targets(); !found) return tl::unexpected(found.error());
  return lora;
}

}  // namespace twin::models
