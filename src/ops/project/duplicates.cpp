#include "ops/project/duplicates.h"

#include "feature/dedup/duplicates.h"

namespace twin::ops {

std::map<std::string, std::string> left_out(const StepContext& context) {
  std::map<std::string, std::string> out;
  if (!context.inputs.contains("duplicates")) return out;
  for (const auto& duplicate : value_or_throw(feature::read_duplicates(context.project.layout().duplicates()))) {
    out[duplicate.id] = duplicate.original;
  }
  return out;
}

}  // namespace twin::ops
