// ggml's types of tensors by their names.
#pragma once

#include <ggml.h>

#include <string_view>

namespace twin::training {

/// "Q4_1", "q4_1", "f16" …; GGML_TYPE_COUNT when there is none of that name.
[[nodiscard]] ggml_type ggml_type_named(std::string_view name);

}  // namespace twin::training
