// The system prompt that training and serving share.
#pragma once

#include <string>

namespace twin::feature {

/// prompts/twin.system.txt without surrounding white space. Throws Fatal when it is missing.
[[nodiscard]] std::string twin_system_prompt();

}  // namespace twin::feature
