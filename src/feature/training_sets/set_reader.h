// Training sets from files: JSON lines, one JSON array as some sets are published, or Parquet.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "feature/training_sets/set_format.h"

namespace twin::feature {

struct SetReaderLimits {
  std::uint64_t max_line_bytes = 64u << 20;
  std::uint64_t max_array_bytes = 1ull << 30;  ///< of a file that is one array: it is read whole
};

/// Line by line: the first one decides on the format, unless it is given, and all others must have it.
class SetReader {
 public:
  /// `name` is how errors call the set: "<name>:<line>".
  SetReader(std::string name, std::optional<SetFormat> format) : name_(std::move(name)), format_(format) {}

  /// One line of JSON; ErrorKind::invalid with its place.
  [[nodiscard]] Result<Example> read(std::string_view line, std::int64_t number);
  /// An object of an array.
  [[nodiscard]] Result<Example> read(const Json& json, std::int64_t number);
  [[nodiscard]] std::optional<SetFormat> format() const { return format_; }

 private:
  [[nodiscard]] std::string where(std::int64_t number) const;
  std::string name_;
  std::optional<SetFormat> format_;
};

/// Calls `take` for each example, in order, with the number of its line (of an array: of its element, of Parquet: of
/// its row, counted from 1);
/// blank lines are passed over, a byte order mark too. Stops with the first line that is none, with file:line, or when
/// `take` fails. A set without examples is ErrorKind::invalid.
[[nodiscard]] Result<SetFormat> read_set(
    const std::filesystem::path& file, std::optional<SetFormat> format,
    const std::function<Result<void>(Example&& example, std::int64_t number)>& take,
    const SetReaderLimits& limits = {});

}  // namespace twin::feature
