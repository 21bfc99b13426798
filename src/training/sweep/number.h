// A number as it stands in YAML.
#pragma once

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

namespace twin::training {

/// Of the whole text; nothing where it is none, or is not finite.
[[nodiscard]] inline std::optional<double> number_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace twin::training
