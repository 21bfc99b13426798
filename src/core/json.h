// The JSON type used at every edge. Only the forward declaration: headers include this,
// the .cpp files that build or read JSON include <nlohmann/json.hpp> (3 s of compile time each).
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace twin {
/// Keys keep their order, so that written files and hashes are stable.
using Json = nlohmann::ordered_json;
}  // namespace twin
