#include "feature/datasets/system_prompt.h"

#include "core/files.h"
#include "core/process.h"
#include "core/text/unicode.h"

namespace twin::feature {

std::string twin_system_prompt() {
  const std::filesystem::path file = value_or_throw(find_data("prompts/twin.system.txt"));
  return std::string(text::trim(value_or_throw(disk().read(file))));
}

}  // namespace twin::feature
