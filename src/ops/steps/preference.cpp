// Step "preference": the base model's own answers as the rejected side of preference pairs.
#include <nlohmann/json.hpp>

#include "ops/project/dataset_model.h"
#include "ops/steps/dataset.h"

namespace twin::ops {
namespace {

StepOutcome run(StepContext& context) {
  Project& project = context.project;
  const DatasetModel model = start_dataset_model(project, "preference");
  feature::DatasetContext dataset = dataset_context(context, "preference");
  dataset.tools = model.tools;
  return dataset_outcome(
      context, "preference",
      feature::build_preference(project.config().dataset, dataset, project.layout().dataset("instruct"), *model.engine,
                                model.tools.model));
}

TWIN_STEP(preference, "preference",
          {.description = "Preference pairs: the author's text against a model's own answer",
           .version = 1,
           .key_config = dataset_key,
           .present = dataset_present,
           .run = run})

}  // namespace
}  // namespace twin::ops
