// Fields of foreign JSON: what is missing or of another type reads as nothing, and never throws.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/json.h"

namespace twin::feature::json {

/// Foreign text as JSON; discarded (is_discarded()) when it is none, or nested deeper than any record is: writing and
/// walking such values would run out of stack.
[[nodiscard]] Json parse(std::string_view text);

/// The member of an object; a null value when it is missing or this is no object.
[[nodiscard]] const Json& member(const Json& object, const std::string& key);
/// A member that is a list; an empty one when it is anything else.
[[nodiscard]] const Json& list(const Json& object, const std::string& key);
/// A member that is a text; else empty.
[[nodiscard]] std::string text(const Json& object, const std::string& key);
/// A member that is a whole number; else 0.
[[nodiscard]] std::int64_t number(const Json& object, const std::string& key);
/// Whether a member is `true`.
[[nodiscard]] bool flag(const Json& object, const std::string& key);
/// A member that is a time (RFC 3339); else 0.
[[nodiscard]] UnixMillis time(const Json& object, const std::string& key);

/// The value at a path of keys with dots between ("author.name"); a key that itself has a dot is found first. Null when
/// there is none.
[[nodiscard]] const Json& at_path(const Json& object, const std::string& path);

/// A value as a text: texts as they are, numbers and truth values as JSON writes them, lists of those with ", "
/// between; objects as JSON; null is empty.
[[nodiscard]] std::string shown(const Json& value);

}  // namespace twin::feature::json
