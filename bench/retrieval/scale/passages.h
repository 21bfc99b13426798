// The passages of texts.py, and the documents of an index that the benches make of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "stores/index/index.h"

namespace twin::bench {

struct Line {
  std::string document, title, text;
};
/// At most `most` lines of a file of texts.py.
[[nodiscard]] std::vector<Line> read_lines(const std::filesystem::path& file, std::size_t most = SIZE_MAX);

/// Which of the filters a document passes: 1, 10 and 50 of a hundred.
struct Class {
  bool one, ten, half;
};
[[nodiscard]] Class class_of(std::size_t document);

[[nodiscard]] std::string chunk_id(std::size_t line);

struct MadeDocument {
  stores::IndexedDocument document;
  std::vector<stores::Chunk> chunks;  ///< one a line
};
/// The document that begins at lines[first], the `number`th of all.
[[nodiscard]] MadeDocument made_document(const std::vector<Line>& lines, std::size_t first, std::size_t number);

}  // namespace twin::bench
