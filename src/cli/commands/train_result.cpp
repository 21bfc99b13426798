#include "cli/commands/train_result.h"

#include <nlohmann/json.hpp>

namespace twin::cli {

Json result_json(const training::TrainResult& result, bool evaluated) {
  return {{"steps", result.steps},
          {"samples", result.samples},
          {"tokens", result.tokens},
          {"loss_tokens", result.loss_tokens},
          {"seconds", result.seconds},
          {"tokens_per_s", result.tokens_per_s},
          {"final_loss", result.final_loss},
          {"eval_loss", evaluated ? Json(result.eval_loss) : Json(nullptr)},
          {"peak_rss_bytes", result.peak_rss_bytes},
          {"adapter", {{"peft", result.peft.string()}, {"gguf", result.gguf.string()}}}};
}

}  // namespace twin::cli
