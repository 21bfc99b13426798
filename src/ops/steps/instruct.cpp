// Step "instruct": instruction samples from the author's own sentences.
#include <nlohmann/json.hpp>

#include "ops/project/dataset_model.h"
#include "ops/steps/dataset.h"

namespace twin::ops {
namespace {

StepOutcome run(StepContext& context) {
  feature::DatasetContext dataset = dataset_context(context, "instruct");
  dataset.index = &context.project.index();
  const DatasetModel model = start_dataset_model(context.project, "instruct");
  dataset.tools = model.tools;
  return dataset_outcome(context, "instruct", feature::build_instruct(context.project.config().dataset, dataset));
}

TWIN_STEP(instruct, "instruct",
          {.description = "Instruction samples: questions and the author's own answers",
           .version = 1,
           .key_config = dataset_key,
           .present = dataset_present,
           .run = run})

}  // namespace
}  // namespace twin::ops
