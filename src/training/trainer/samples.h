// Training and scoring samples: JSON lines in; token ids out, with the spans that carry loss.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/result.h"
#include "models/engines/engine.h"
#include "training/trainer/gguf_reader.h"
#include "training/trainer/methods/method.h"

namespace twin::training {

/// What one sequence of tokens is made of: a conversation, or plain text.
struct Passage {
  std::vector<models::Message> messages;  ///< used when not empty
  std::size_t learned_from = 0;           ///< the assistant's messages from this one on are learned
  std::string prompt, text;               ///< plain: `text` is learned behind `prompt`, which may be empty
};

/// One line.
struct Sample {
  std::int64_t line = 0;  ///< 1-based
  SampleForm form = SampleForm::text;
  std::vector<Passage> passages;  ///< one; of a preference two, chosen and rejected
  bool desirable = true;          ///< the label of a judged answer
};

struct SampleLimits {
  std::uint64_t max_line_bytes = 16u << 20;
  std::uint64_t max_file_bytes = 4ull << 30;
};

/// Forms of a line; other keys are ignored, empty lines skipped. Messages are [{"role","content"}…].
///   {"text":"…"}                                        plain text
///   {"messages":[…]}                                    a conversation that ends with the assistant
///   {"prompt":[…] or "…","completion":[…] or "…"}       the same in two parts
///   {"prompt","chosen","rejected"}                      two answers to one prompt
///   {"prompt","completion","label":true|false}          a judged answer
/// A prompt that is a string is plain text, outside any chat template. A malformed line fails the file, with file:line
/// as `where`: silently training on a part would be worse.
[[nodiscard]] Result<std::vector<Sample>> read_samples(const std::filesystem::path& file,
                                                       const SampleLimits& limits = {});

/// What tokenizing needs to know about the model besides its tokenizer.
struct TokenFacts {
  std::int64_t vocabulary = 0;
  std::int64_t bos = -1;  ///< put before plain texts; -1: the model wants none
  std::int64_t end = -1;  ///< put behind answers to plain prompts; -1: unknown
  /// Tokens that end a turn: the first one behind an answer is learned, what the template adds after it is not.
  std::vector<std::int64_t> turn_ends = {};
};
[[nodiscard]] TokenFacts token_facts(const GgufReader& file);

/// Positions [begin, end) of tokens that are to be predicted.
struct Span {
  std::int64_t begin = 0, end = 0;
  bool operator==(const Span&) const = default;
};

struct Sequence {
  std::vector<std::int32_t> ids;
  std::vector<Span> learned;  ///< in order, not overlapping, begin > 0
  double reference = 0;       ///< Σ log p of the learned tokens under the reference model, where the method needs it
  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(ids.size()); }
  [[nodiscard]] std::int64_t loss_tokens() const;
};

struct EncodedSample {
  std::int64_t line = 0;
  std::vector<Sequence> sequences;  ///< one; of a preference two, chosen and rejected
  bool desirable = true;
  Sequence mismatched = {};  ///< KTO: this prompt with the answer to another one
  [[nodiscard]] std::int64_t size() const;
  [[nodiscard]] std::int64_t longest() const;
  [[nodiscard]] std::int64_t loss_tokens() const;
};

/// Conversations go through the model's template whole and are tokenized once, so the tokens are those that serving
/// sees; where each answer lies is found by rendering the conversation a second time with marks in their place. Fails
/// when the template changes an answer's text, or does not put the last answer right behind the generation prompt.
[[nodiscard]] Result<EncodedSample> encode(const Sample& sample, models::Tokenizer& tokenizer, const TokenFacts& facts);

/// All samples, in order, through a cache file (JSON lines) that is valid for `key`. Errors name `data`:line.
[[nodiscard]] Result<std::vector<EncodedSample>> encode_all(
    const std::vector<Sample>& samples, const std::filesystem::path& data, const std::filesystem::path& cache,
    const std::string& key, const std::function<Result<models::Tokenizer*>()>& tokenizer, const TokenFacts& facts,
    const std::function<void(std::int64_t done, std::int64_t total)>& progress);

}  // namespace twin::training
