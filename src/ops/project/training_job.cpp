#include "ops/project/training_job.h"

#include "core/files.h"
#include "core/i18n.h"

namespace twin::ops {

void check_servable(const training::TrainConfig& config) {
  if (config.method != "sft") {
    throw Fatal(ErrorKind::usage, tr("The project's stage trains with method sft, not {}", config.method),
                "train.method", tr("other methods take a file: twin train --data FILE --method {}", config.method));
  }
  if (config.lora.dora) {
    throw Fatal(ErrorKind::usage,
                tr("The project serves its adapter as GGUF, which cannot hold DoRA's lengths of rows"),
                "train.lora.dora", tr("DoRA takes a file and ends with a merged model: twin train --data FILE"));
  }
}

training::TrainJob training_job(Project& project) {
  check_servable(project.config().train);
  const std::filesystem::path dataset = project.layout().dataset("instruct");
  training::TrainJob job;
  job.base = value_or_throw(project.models().gguf(project.config().models.chat));
  job.base_name = project.config().models.chat;
  job.config = project.config().train;
  job.data = dataset / "train.jsonl";
  if (!disk().exists(job.data)) {
    throw Fatal(ErrorKind::not_found, tr("The project has no training samples yet"), job.data.string(),
                tr("make them first: twin dataset"));
  }
  // A small body of writing may have no document in the validation split.
  const auto validation = disk().stat(dataset / "validation.jsonl");
  if (validation && validation->size > 0) job.eval_data = dataset / "validation.jsonl";
  job.need_eval = false;  // nor one that fits max_length
  return job;
}

}  // namespace twin::ops
