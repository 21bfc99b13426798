#include "cli/commands/train_result.h"

#include <nlohmann/json.hpp>

namespace twin::cli {

Json result_json(const training::TrainResult& result, bool evaluated) {
  const auto path = [](const std::filesystem::path& file) {
    return file.empty() ? Json(nullptr) : Json(file.string());
  };
  Json json{{"steps", result.steps},
            {"samples", result.samples},
            {"tokens", result.tokens},
            {"loss_tokens", result.loss_tokens},
            {"seconds", result.seconds},
            {"tokens_per_s", result.tokens_per_s},
            {"final_loss", result.final_loss},
            {"eval_loss", evaluated ? Json(result.eval_loss) : Json(nullptr)},
            {"peak_rss_bytes", result.peak_rss_bytes},
            {"adapter", {{"peft", path(result.peft)}, {"gguf", path(result.gguf)}}}};
  if (!result.merged.empty()) json["merged"] = {{"gguf", result.merged.string()}};
  return json;
}

}  // namespace twin::cli
