// The lines of a text file to a matrix of vectors: `twin embed`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <vector>

#include "core/progress.h"
#include "feature/embed/build_index.h"
#include "models/engines/engine.h"

namespace twin::feature {

struct EmbedFile {
  std::filesystem::path input;   ///< one text a line, UTF-8; an empty line is an empty text
  std::filesystem::path output;  ///< raw little-endian float32, row by row: lines × dimension
  bool queries = false;          ///< the lines are what is searched for
  bool strict = false;           ///< a line longer than the model's window is an error, not cut
};

struct EmbedFileReport {
  std::uint64_t texts = 0;    ///< lines, those of an earlier interrupted run included
  std::uint64_t resumed = 0;  ///< of them found already done
  std::int64_t tokens = 0;    ///< of the texts embedded now
  double seconds = 0;         ///< of embedding now
  int dimension = 0;
  std::vector<std::uint64_t> cut;       ///< numbers of lines that were longer than the window
  std::vector<std::uint64_t> repaired;  ///< numbers of lines that were not valid UTF-8
};

/// Writes to <output>.part, beside it <output>.part.json which says of what; renamed in the end. A run that is
/// interrupted is continued by the same call as long as input and model are the same. Throws Fatal naming input:line.
[[nodiscard]] EmbedFileReport embed_file(const EmbedFile& job, const EmbedConfig& config,
                                         models::EmbeddingEngine& engine, ProgressSink& progress,
                                         const std::stop_token& stop);

}  // namespace twin::feature
