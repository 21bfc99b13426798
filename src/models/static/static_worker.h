// A static model behind the interface of a worker: no process, everything is answered here.
#pragma once

#include <memory>

#include "core/result.h"
#include "models/engines/worker.h"

namespace twin::models {

/// Embeddings and tokens of a static model (static_model.h). Chat, reranking and adapters are ErrorKind::usage.
[[nodiscard]] Result<std::unique_ptr<Worker>> start_static_worker(const WorkerSpec& spec);

}  // namespace twin::models
