#include "feature/training_sets/set_reader.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <stop_token>

#include "core/files.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/training_sets/parquet_pipe.h"

namespace twin::feature {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Whether the first thing in the file is the bracket of an array.
bool holds_array(std::ifstream& in) {
  char c = 0;
  while (in.get(c)) {
    const bool skipped = c == ' ' || c == '\n' || c == '\r' || c == '\t' || kByteOrderMark.find(c) != std::string::npos;
    if (!skipped) break;
  }
  const bool array = in && c == '[';
  in.clear();
  in.seekg(0);
  return array;
}

Result<std::int64_t> read_array(const std::filesystem::path& file, SetReader& reader,
                                const std::function<Result<void>(Example&&, std::int64_t)>& take,
                                const SetReaderLimits& limits) {
  const auto bytes = disk().read(file, limits.max_array_bytes);
  if (!bytes) return tl::unexpected(bytes.error());
  std::string_view text = *bytes;
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_array())
    return fail(ErrorKind::invalid, tr("The file is neither JSON lines nor a JSON array"), file.string());
  std::int64_t number = 0;
  for (const Json& item : json) {
    auto example = reader.read(item, ++number);
    if (!example) return tl::unexpected(example.error());
    if (auto taken = take(std::move(*example), number); !taken) return tl::unexpected(taken.error());
  }
  return number;
}

/// Rows of a Parquet file, by the program that reads them.
Result<void> read_rows(const std::filesystem::path& file, SetReader& reader,
                       const std::function<Result<void>(Example&&, std::int64_t)>& take) {
  std::optional<Error> error;
  std::stop_source enough;
  std::int64_t number = 0;
  const auto on_row = [&](const std::string& row) {
    if (error) return;
    auto example = reader.read(std::string_view(row), ++number);
    if (!example) {
      error = example.error();
    } else if (auto taken = take(std::move(*example), number); !taken) {
      error = taken.error();
    }
    if (error) enough.request_stop();
  };
  try {
    read_parquet(file, on_row, enough.get_token(), ParquetRows::samples);
  } catch (const Fatal& fatal) {
    return tl::unexpected(fatal.error());
  }
  if (error) return tl::unexpected(*error);
  return {};
}

}  // namespace

std::string SetReader::where(std::int64_t number) const {
  return fmt::format("{}:{}", name_, number);
}

Result<Example> SetReader::read(std::string_view line, std::int64_t number) {
  const Json json = Json::parse(line, nullptr, false);
  if (json.is_discarded()) return fail(ErrorKind::invalid, tr("Not a line of JSON"), where(number));
  return read(json, number);
}

Result<Example> SetReader::read(const Json& json, std::int64_t number) {
  if (!format_) format_ = guess_set_format(json);
  if (!format_) {
    return fail(ErrorKind::invalid,
                tr("The line fits no format that is known: {}", fmt::format("{}", fmt::join(set_format_names(), ", "))),
                where(number), tr("docs/datasets.md shows a line of each"));
  }
  auto example = read_example(json, *format_);
  if (!example) example.error().where = where(number);
  return example;
}

Result<SetFormat> read_set(const std::filesystem::path& file, std::optional<SetFormat> format,
                           const std::function<Result<void>(Example&&, std::int64_t)>& take,
                           const SetReaderLimits& limits) {
  std::ifstream in(file, std::ios::binary);
  const auto status = disk().stat(file);
  if (!in || !status || status->directory)
    return fail(ErrorKind::not_found, tr("There is no such file"), file.string());
  SetReader reader(file.string(), format);
  if (is_parquet(file.string())) {
    if (auto read = read_rows(file, reader, take); !read) return tl::unexpected(read.error());
  } else if (holds_array(in)) {
    const auto count = read_array(file, reader, take, limits);
    if (!count) return tl::unexpected(count.error());
  } else {
    std::string line;
    for (std::int64_t number = 1; std::getline(in, line); ++number) {
      std::string_view text = line;
      if (number == 1 && text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
      if (text::trim(text).empty()) continue;
      if (text.size() > limits.max_line_bytes) {
        return fail(ErrorKind::limit, tr("The line has {} bytes, more than {}", text.size(), limits.max_line_bytes),
                    fmt::format("{}:{}", file.string(), number));
      }
      auto example = reader.read(text, number);
      if (!example) return tl::unexpected(example.error());
      if (auto taken = take(std::move(*example), number); !taken) return tl::unexpected(taken.error());
    }
    if (in.bad()) return fail(ErrorKind::io, tr("Reading failed"), file.string());
  }
  if (!reader.format()) return fail(ErrorKind::invalid, tr("The file holds no examples"), file.string());
  return *reader.format();
}

}  // namespace twin::feature
