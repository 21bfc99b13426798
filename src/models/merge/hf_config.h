// config.json of a Hugging Face folder, from the metadata of a GGUF.
#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "models/hf/architectures.h"
#include "models/merge/float_type.h"
#include "models/merge/gguf_rows.h"

namespace twin::models {

/// What cannot be told is added to `notes`. ErrorKind::invalid where the metadata lacks what the model needs.
[[nodiscard]] Result<Json> hf_config(const Architecture& architecture, const GgufRows& base, FloatType type,
                                     std::vector<std::string>& notes);

/// generation_config.json: the tokens that begin and end a text.
[[nodiscard]] Json hf_generation_config(const GgufFile& file);

/// A float of the metadata; nullopt when it is absent or of another type.
[[nodiscard]] std::optional<double> gguf_real(const GgufFile& file, const std::string& key);

}  // namespace twin::models
