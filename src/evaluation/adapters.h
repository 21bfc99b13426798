// The callbacks of an evaluation, made from an assistant and from twin-train.
#pragma once

#include <filesystem>
#include <string>

#include "evaluation/evaluation.h"
#include "inference/assistant.h"

namespace twin::evaluation {

/// The served model that an arm asks: base, base:rag, twin:no-rag, twin.
[[nodiscard]] std::string model_of(Arm arm);

/// Asks at temperature 0 without prefix reuse, so that the same question gives the same answer. `assistant` outlives
/// it.
[[nodiscard]] AskArm ask_assistant(inference::Assistant& assistant, int max_tokens, std::stop_token stop);
[[nodiscard]] SearchPassages search_assistant(inference::Assistant& assistant);

struct ScoringSetup {
  std::filesystem::path base;     ///< GGUF
  std::filesystem::path adapter;  ///< PEFT folder; may be empty when nothing is tuned
  std::filesystem::path folder;   ///< for the file that twin-train reads
  std::string dtype = "auto";
  int threads = 0;
  int max_length = 512;
};
/// Writes the samples to a file in `folder` and runs `twin-train score` over it. `progress` outlives it.
[[nodiscard]] ScoreSamples score_by_training(ScoringSetup setup, ProgressSink& progress, std::stop_token stop);

}  // namespace twin::evaluation
