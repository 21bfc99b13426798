// Step "preference": the base model's own answers as the rejected side of preference pairs.
#include <nlohmann/json.hpp>

#include "ops/project/workers.h"
#include "ops/steps/dataset.h"

namespace twin::ops {
namespace {

StepOutcome run(StepContext& context) {
  Project& project = context.project;
  const auto worker = start_chat_worker(project);
  return dataset_outcome(
      context, "preference",
      feature::build_preference(project.config().dataset, dataset_context(context, "preference"),
                                project.layout().dataset("instruct"), *worker, context.inputs.at("model.chat").sha256));
}

TWIN_STEP(preference, "preference",
          {.description = "Preference pairs: the author's answer against the base model's",
           .version = 1,
           .key_config = dataset_key,
           .present = dataset_present,
           .run = run})

}  // namespace
}  // namespace twin::ops
