// The last line of `twin train --json`.
#pragma once

#include "core/json.h"
#include "training/train_job.h"

namespace twin::cli {

/// {"steps","samples","tokens","loss_tokens","seconds","tokens_per_s","final_loss","eval_loss","peak_rss_bytes",
/// "adapter":{"peft","gguf"}}; without an evaluation eval_loss is null.
[[nodiscard]] Json result_json(const training::TrainResult& result, bool evaluated);

}  // namespace twin::cli
