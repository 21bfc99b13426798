// Training and scoring samples: JSON lines in, token ids with a loss span out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/result.h"
#include "models/engines/engine.h"
#include "training/trainer/gguf_reader.h"

namespace twin::training {

/// One line: a conversation whose last message is the answer, or a plain text.
struct Sample {
  std::int64_t line = 0;  ///< 1-based
  std::vector<models::Message> messages;
  std::string text;  ///< used when messages is empty
};

struct SampleLimits {
  std::uint64_t max_line_bytes = 16u << 20;
  std::uint64_t max_file_bytes = 4ull << 30;
};

/// {"messages":[{"role","content"}…]} or {"text":…}; other keys are ignored, empty lines skipped. A malformed line
/// fails the file, with file:line as `where`: silently training on a part would be worse.
[[nodiscard]] Result<std::vector<Sample>> read_samples(const std::filesystem::path& file,
                                                       const SampleLimits& limits = {});

/// What tokenizing needs to know about the model besides its tokenizer.
struct TokenFacts {
  std::int64_t vocabulary = 0;
  std::int64_t bos = -1;  ///< put before plain texts; -1: the model wants none
  std::int64_t end = -1;  ///< ends an answer; what the template adds after it carries no loss. -1: unknown
};
[[nodiscard]] TokenFacts token_facts(const GgufReader& file);

struct EncodedSample {
  std::int64_t line = 0;
  std::vector<std::int32_t> ids;
  std::int64_t loss_from = 1;  ///< first position that is to be predicted
  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(ids.size()); }
  [[nodiscard]] std::int64_t loss_tokens() const { return size() - loss_from; }
};

/// The whole conversation goes through the model's template and is tokenized once; the answer begins where the prompt's
/// tokens (template with the generation prompt) end. Fails when the template does not keep the prompt as a prefix.
[[nodiscard]] Result<EncodedSample> encode(const Sample& sample, models::Tokenizer& tokenizer, const TokenFacts& facts);

/// All samples, in order, through a cache file (JSON lines) that is valid for `key`.
[[nodiscard]] Result<std::vector<EncodedSample>> encode_all(
    const std::vector<Sample>& samples, const std::filesystem::path& cache, const std::string& key,
    const std::function<Result<models::Tokenizer*>()>& tokenizer, const TokenFacts& facts,
    const std::function<void(std::int64_t done, std::int64_t total)>& progress);

}  // namespace twin::training
