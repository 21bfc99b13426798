#include "training/trainer/samples.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/files.h"
#include "core/i18n.h"

namespace twin::training {
namespace {

constexpr std::int64_t progress_interval = 50;

/// Reads one line; the first thing wrong with it is kept.
class LineReader {
 public:
  LineReader(std::int64_t number, std::string where) : number_(number), where_(std::move(where)) {}

  Result<Sample> read(const std::string& line) {
    const auto json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return malformed(tr("The line is not a JSON object"));
    Sample sample{.line = number_, .passages = {}};
    if (json.contains("text")) {
      sample.form = SampleForm::text;
      sample.passages.push_back({.messages = {}, .prompt = {}, .text = text(json["text"], "text")});
    } else if (json.contains("messages")) {
      sample.form = SampleForm::conversation;
      sample.passages.push_back({.messages = messages(json["messages"], "messages"), .prompt = {}, .text = {}});
    } else if (json.contains("chosen") || json.contains("rejected")) {
      sample.form = SampleForm::preference;
      sample.passages = {answer(json, "chosen"), answer(json, "rejected")};
    } else if (json.contains("completion")) {
      sample.form = json.contains("label") ? SampleForm::judged : SampleForm::conversation;
      sample.passages = {answer(json, "completion")};
      if (json.contains("label")) sample.desirable = label(json["label"]);
    } else {
      return malformed(tr("The line has no \"messages\", \"text\", \"prompt\" and \"chosen\", or \"completion\""));
    }
    if (sample.form == SampleForm::preference && wrong_.empty() && equal(sample.passages[0], sample.passages[1]))
      wrong_ = tr("\"chosen\" and \"rejected\" are the same");
    if (!wrong_.empty()) return malformed(wrong_);
    return sample;
  }

 private:
  tl::unexpected<Error> malformed(std::string why) const {
    return fail(ErrorKind::invalid, std::move(why), where_,
                tr("a line is {{\"messages\":[{{\"role\":…,\"content\":…}},…]}} or {{\"text\":…}}; for preferences "
                   "{{\"prompt\":[…],\"chosen\":[…],\"rejected\":[…]}} or {{\"prompt\",\"completion\",\"label\"}}"));
  }
  void wrong(std::string why) {
    if (wrong_.empty()) wrong_ = std::move(why);
  }

  std::string text(const Json& json, const char* key) {
    if (!json.is_string()) return wrong(tr("\"{}\" is not a text", key)), std::string();
    auto value = json.get<std::string>();
    if (value.empty()) wrong(tr("\"{}\" is empty", key));
    return value;
  }
  std::vector<models::Message> list(const Json& json, const char* key) {
    std::vector<models::Message> read;
    if (!json.is_array()) return wrong(tr("\"{}\" is not a list of messages", key)), read;
    for (const auto& message : json) {
      if (!message.is_object() || !message.contains("role") || !message["role"].is_string() ||
          !message.contains("content") || !message["content"].is_string())
        return wrong(tr("A message has no text \"role\" and \"content\"")), read;
      read.push_back({message["role"].get<std::string>(), message["content"].get<std::string>()});
    }
    return read;
  }
  void check_end(const std::vector<models::Message>& conversation) {
    if (conversation.size() < 2) return wrong(tr("A conversation needs a question and an answer"));
    if (conversation.back().role != "assistant") return wrong(tr("The last message is not by the assistant"));
    if (conversation.back().content.empty()) wrong(tr("The answer is empty"));
  }
  std::vector<models::Message> messages(const Json& json, const char* key) {
    auto read = list(json, key);
    check_end(read);
    return read;
  }
  /// "prompt" and one answer to it, both lists of messages or both plain text; a text may answer a list.
  Passage answer(const Json& json, const char* key) {
    Passage passage;
    if (!json.contains("prompt") || !json.contains(key)) {
      wrong(tr("The line has no \"{}\"", json.contains("prompt") ? key : "prompt"));
      return passage;
    }
    const auto& prompt = json["prompt"];
    const auto& given = json[key];
    if (prompt.is_string()) {
      passage.prompt = text(prompt, "prompt");
      passage.text = text(given, key);
      return passage;
    }
    passage.messages = list(prompt, "prompt");
    passage.learned_from = passage.messages.size();
    if (given.is_string()) {
      passage.messages.push_back({"assistant", given.get<std::string>()});
    } else {
      for (auto& message : list(given, key)) passage.messages.push_back(std::move(message));
      if (passage.messages.size() == passage.learned_from) wrong(tr("\"{}\" is empty", key));
    }
    check_end(passage.messages);
    return passage;
  }
  bool label(const Json& json) {
    if (!json.is_boolean()) wrong(tr("\"label\" is not true or false"));
    return json.is_boolean() && json.get<bool>();
  }
  static bool equal(const Passage& a, const Passage& b) {
    return a.text == b.text && std::equal(a.messages.begin(), a.messages.end(), b.messages.begin(), b.messages.end(),
                                          [](const models::Message& x, const models::Message& y) {
                                            return x.role == y.role && x.content == y.content;
                                          });
  }

  std::int64_t number_;
  std::string where_, wrong_;
};

Json to_json(const EncodedSample& sample) {
  Json sequences = Json::array();
  for (const auto& sequence : sample.sequences) {
    Json spans = Json::array();
    for (const auto& span : sequence.learned) spans.push_back({span.begin, span.end});
    sequences.push_back({{"ids", sequence.ids}, {"learned", std::move(spans)}});
  }
  return {{"line", sample.line}, {"desirable", sample.desirable}, {"sequences", std::move(sequences)}};
}

EncodedSample sample_from_json(const Json& json) {
  EncodedSample sample{.line = json.at("line"), .sequences = {}, .desirable = json.at("desirable")};
  for (const auto& entry : json.at("sequences")) {
    Sequence sequence{.ids = entry.at("ids").get<std::vector<std::int32_t>>(), .learned = {}};
    for (const auto& span : entry.at("learned")) sequence.learned.push_back({span.at(0), span.at(1)});
    sample.sequences.push_back(std::move(sequence));
  }
  return sample;
}

std::string cache_bytes(const std::vector<EncodedSample>& samples, const std::string& key) {
  std::string bytes = Json{{"key", key}, {"samples", samples.size()}}.dump() + "\n";
  for (const auto& sample : samples) bytes += to_json(sample).dump() + "\n";
  return bytes;
}

std::optional<std::vector<EncodedSample>> read_tokens(const std::filesystem::path& file, const std::string& key) {
  std::ifstream in(file);
  std::string line;
  if (!in || !std::getline(in, line)) return std::nullopt;
  const auto head = Json::parse(line, nullptr, false);
  if (!head.is_object() || head.value("key", "") != key) return std::nullopt;
  std::vector<EncodedSample> samples;
  while (std::getline(in, line)) {
    const auto json = Json::parse(line, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    samples.push_back(sample_from_json(json));
  }
  if (samples.size() != head.value("samples", std::size_t{0})) return std::nullopt;
  return samples;
}

}  // namespace

Result<std::vector<Sample>> read_samples(const std::filesystem::path& file, const SampleLimits& limits) {
  const auto status = disk().stat(file);
  if (!status) return tl::unexpected(status.error());
  if (status->size > limits.max_file_bytes) {
    return fail(ErrorKind::limit, tr("The dataset has {} bytes, more than {}", status->size, limits.max_file_bytes),
                file.string());
  }
  std::ifstream in(file, std::ios::binary);
  std::vector<Sample> samples;
  std::string line;
  for (std::int64_t number = 1; std::getline(in, line); ++number) {
    const auto where = file.string() + ":" + std::to_string(number);
    if (line.size() > limits.max_line_bytes) {
      return fail(ErrorKind::limit, tr("The line has {} bytes, more than {}", line.size(), limits.max_line_bytes),
                  where);
    }
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    auto sample = LineReader(number, where).read(line);
    if (!sample) return tl::unexpected(sample.error());
    samples.push_back(std::move(*sample));
  }
  if (in.bad()) return fail(ErrorKind::io, tr("Reading the dataset failed"), file.string());
  return samples;
}

TokenFacts token_facts(const GgufReader& file) {
  TokenFacts facts;
  const auto embedding = file.shape("token_embd.weight");
  facts.vocabulary = embedding.empty() ? 0 : embedding.front();
  // Absent means yes for SentencePiece models ("llama"), as llama.cpp reads it.
  const bool sentencepiece = file.text("tokenizer.ggml.model").value_or("") == "llama";
  if (file.integer("tokenizer.ggml.add_bos_token").value_or(sentencepiece ? 1 : 0) != 0)
    facts.bos = file.integer("tokenizer.ggml.bos_token_id").value_or(-1);
  facts.end =
      file.integer("tokenizer.ggml.eot_token_id").value_or(file.integer("tokenizer.ggml.eos_token_id").value_or(-1));
  facts.turn_ends = file.tokens({"<|im_end|>", "<end_of_turn>", "<|eot_id|>", "<|end|>", "<|endoftext|>"});
  if (facts.end >= 0) facts.turn_ends.push_back(facts.end);
  return facts;
}

std::int64_t Sequence::loss_tokens() const {
  std::int64_t count = 0;
  for (const auto& span : learned) count += span.end - span.begin;
  return count;
}

std::int64_t EncodedSample::size() const {
  std::int64_t size = 0;
  for (const auto& sequence : sequences) size += sequence.size();
  return size;
}

std::int64_t EncodedSample::longest() const {
  std::int64_t longest = 0;
  for (const auto& sequence : sequences) longest = std::max(longest, sequence.size());
  return longest;
}

std::int64_t EncodedSample::loss_tokens() const {
  std::int64_t count = 0;
  for (const auto& sequence : sequences) count += sequence.loss_tokens();
  return count;
}

Result<std::vector<EncodedSample>> encode_all(
    const std::vector<Sample>& samples, const std::filesystem::path& data, const std::filesystem::path& cache,
    const std::string& key, const std::function<Result<models::Tokenizer*>()>& tokenizer, const TokenFacts& facts,
    const std::function<void(std::int64_t done, std::int64_t total)>& progress) {
  if (auto cached = read_tokens(cache, key); cached && cached->size() == samples.size()) return *cached;
  const auto source = tokenizer();
  if (!source) return tl::unexpected(source.error());
  std::vector<EncodedSample> encoded;
  const auto total = static_cast<std::int64_t>(samples.size());
  for (const auto& sample : samples) {
    auto result = encode(sample, **source, facts);
    if (!result) {
      auto error = result.error();
      error.where = data.string() + ":" + std::to_string(sample.line);
      return tl::unexpected(std::move(error));
    }
    encoded.push_back(std::move(*result));
    const auto done = static_cast<std::int64_t>(encoded.size());
    if (progress && (done % progress_interval == 0 || done == total)) progress(done, total);
  }
  if (auto written = disk().write(cache, cache_bytes(encoded, key)); !written) return tl::unexpected(written.error());
  return encoded;
}

}  // namespace twin::training
