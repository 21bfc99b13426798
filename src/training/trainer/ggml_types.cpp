#include "training/trainer/ggml_types.h"

#include <string>

#include "core/text/ascii.h"

namespace twin::training {

ggml_type ggml_type_named(std::string_view name) {
  const std::string wanted = text::ascii_lower(name);
  for (int i = 0; i < GGML_TYPE_COUNT; ++i) {
    const auto type = static_cast<ggml_type>(i);
    const char* known = ggml_type_name(type);
    if (known != nullptr && text::ascii_lower(known) == wanted) return type;
  }
  return GGML_TYPE_COUNT;
}

}  // namespace twin::training
