// Reading the JSON of services forgivingly: a missing or oddly typed field is empty, never an exception.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/json.h"
#include "core/result.h"

namespace twin::feature::web {

/// Parses foreign JSON. Deeper than 64 levels, or malformed: ErrorKind::invalid with the beginning of the text.
[[nodiscard]] Result<Json> parse_json(std::string_view text, const std::string& where);

/// The member, or a null value when `object` is no object or has none of this name.
[[nodiscard]] const Json& member(const Json& object, std::string_view key);
/// Along several names: at(json, {"data", "post"}).
[[nodiscard]] const Json& at(const Json& json, std::initializer_list<std::string_view> keys);
/// Text of a string; a number or boolean as text; empty for anything else.
[[nodiscard]] std::string string_of(const Json& value);
[[nodiscard]] std::string string_of(const Json& object, std::string_view key);
/// A number, or a string that is one; `otherwise` for anything else.
[[nodiscard]] std::int64_t integer_of(const Json& value, std::int64_t otherwise = 0);
[[nodiscard]] bool bool_of(const Json& object, std::string_view key);
/// RFC 3339 or RFC 822 text; a number is taken as Unix time in milliseconds or, when too small for that, seconds.
[[nodiscard]] UnixMillis time_of(const Json& value);
/// The strings of a list, or a member of its objects: ["a"] or [{"name": "a"}] → {"a"}.
[[nodiscard]] std::vector<std::string> strings_of(const Json& list, std::string_view key = {});

/// "a, b": how lists stand in metadata.
[[nodiscard]] std::string joined(const std::vector<std::string>& values);

}  // namespace twin::feature::web
