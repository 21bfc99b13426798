// Carries a config struct over the process border as plain JSON: every key, also those that are left out of cache keys.
#pragma once

#include <functional>

#include "core/config/binder.h"
#include "core/json.h"
#include "core/result.h"

namespace twin::training {

[[nodiscard]] Json bound_to_json(const std::function<void(config::Binder&)>& bind);

/// Lays the JSON object over the struct. An unknown key, a wrong type or a value outside its rule is ErrorKind::usage,
/// with the dotted key as `where`; missing keys keep their default.
[[nodiscard]] Result<void> bound_from_json(const Json& json, const std::string& path,
                                           const std::function<void(config::Binder&)>& bind);

}  // namespace twin::training
