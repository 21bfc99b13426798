// How much memory a run will take, from shapes alone: nothing is loaded or computed.
#pragma once

#include <cstdint>

#include "training/train_plan.h"
#include "training/trainer/gguf_reader.h"
#include "training/trainer/weights.h"

namespace twin::training {

/// The part of a step that needs the most memory.
struct PartShape {
  std::int64_t rows = 0;       ///< tokens, filled up (Transformer::row_multiple)
  std::int64_t loss_rows = 0;  ///< of them, those whose next token carries loss
  std::int64_t longest = 0;    ///< tokens of its longest sequence
};

/// Largest resident memory of a run with the resolved `config` and `steps` steps, whose process took `process` bytes
/// before the model was loaded. Counts tensor by tensor what Transformer, AdaptedLinear, Adapter, Optimizer and
/// Checkpoints hold, and what the kernels of a layer allocate; see the measured errors in docs/training.md.
[[nodiscard]] Result<MemoryPlan> plan_memory(const GgufReader& base, const ModelShape& shape, const TrainConfig& config,
                                             const PartShape& part, std::int64_t steps, std::int64_t process);

/// Floats of the adapter.
[[nodiscard]] std::int64_t adapter_size(const ModelShape& shape, const LoraConfig& lora);

}  // namespace twin::training
