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

Result<Sample> parse_line(const std::string& line, std::int64_t number, const std::string& where) {
  const auto malformed = [&](std::string why) {
    return fail(ErrorKind::invalid, std::move(why), where,
                tr("a line is {{\"messages\":[{{\"role\":…,\"content\":…}},…]}} or {{\"text\":…}}"));
  };
  const auto json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return malformed(tr("The line is not a JSON object"));
  Sample sample{.line = number, .messages = {}, .text = {}};
  if (const auto text = json.find("text"); text != json.end()) {
    if (!text->is_string()) return malformed(tr("\"text\" is not a text"));
    sample.text = text->get<std::string>();
    if (sample.text.empty()) return malformed(tr("The sample is empty"));
    return sample;
  }
  const auto messages = json.find("messages");
  if (messages == json.end() || !messages->is_array()) return malformed(tr("The line has no \"messages\" or \"text\""));
  for (const auto& message : *messages) {
    if (!message.is_object() || !message.contains("role") || !message["role"].is_string() ||
        !message.contains("content") || !message["content"].is_string())
      return malformed(tr("A message has no text \"role\" and \"content\""));
    sample.messages.push_back({message["role"].get<std::string>(), message["content"].get<std::string>()});
  }
  if (sample.messages.size() < 2) return malformed(tr("A conversation needs a question and an answer"));
  if (sample.messages.back().role != "assistant") return malformed(tr("The last message is not by the assistant"));
  if (sample.messages.back().content.empty()) return malformed(tr("The sample is empty"));
  return sample;
}

Result<void> check_ids(const std::vector<int>& ids, const TokenFacts& facts, std::int64_t line) {
  if (ids.empty()) return fail(ErrorKind::invalid, tr("The sample has no tokens"), tr("line {}", line));
  const auto bad = std::find_if(ids.begin(), ids.end(), [&](int id) { return id < 0 || id >= facts.vocabulary; });
  if (bad == ids.end()) return {};
  return fail(ErrorKind::invalid, tr("Token {} is not in the model's vocabulary of {}", *bad, facts.vocabulary),
              tr("line {}", line), tr("the tokenizer and the model do not belong together"));
}

Result<EncodedSample> encode_text(const Sample& sample, models::Tokenizer& tokenizer, const TokenFacts& facts) {
  auto ids = tokenizer.tokenize(sample.text, /*special=*/false);
  if (!ids) return tl::unexpected(ids.error());
  if (facts.bos >= 0) ids->insert(ids->begin(), static_cast<int>(facts.bos));
  if (auto checked = check_ids(*ids, facts, sample.line); !checked) return tl::unexpected(checked.error());
  return EncodedSample{.line = sample.line, .ids = {ids->begin(), ids->end()}, .loss_from = 1};
}

Result<EncodedSample> encode_chat(const Sample& sample, models::Tokenizer& tokenizer, const TokenFacts& facts) {
  const std::vector<models::Message> question(sample.messages.begin(), sample.messages.end() - 1);
  const auto prompt = tokenizer.apply_template(question, /*generation_prompt=*/true);
  if (!prompt) return tl::unexpected(prompt.error());
  const auto whole = tokenizer.apply_template(sample.messages, /*generation_prompt=*/false);
  if (!whole) return tl::unexpected(whole.error());
  if (!whole->starts_with(*prompt)) {
    return fail(ErrorKind::invalid,
                tr("The model's chat template does not put the answer right behind the prompt, so its part of the text "
                   "cannot be told"),
                tr("line {}", sample.line), tr("give the model a chat template that only appends"));
  }
  const auto prompt_ids = tokenizer.tokenize(*prompt, /*special=*/true);
  if (!prompt_ids) return tl::unexpected(prompt_ids.error());
  auto ids = tokenizer.tokenize(*whole, /*special=*/true);
  if (!ids) return tl::unexpected(ids.error());
  if (auto checked = check_ids(*ids, facts, sample.line); !checked) return tl::unexpected(checked.error());

  // A token that spans the border holds a part of the answer and is learned.
  const auto border = std::mismatch(prompt_ids->begin(), prompt_ids->end(), ids->begin(), ids->end()).second;
  const auto loss_from = std::max<std::int64_t>(1, border - ids->begin());
  const auto last_end = std::find(ids->rbegin(), ids->rend() - loss_from, static_cast<int>(facts.end));
  if (last_end != ids->rend() - loss_from) ids->erase(last_end.base(), ids->end());
  return EncodedSample{.line = sample.line, .ids = {ids->begin(), ids->end()}, .loss_from = loss_from};
}

std::string cache_bytes(const std::vector<EncodedSample>& samples, const std::string& key) {
  std::string bytes = Json{{"key", key}, {"samples", samples.size()}}.dump() + "\n";
  for (const auto& sample : samples) {
    bytes += Json{{"line", sample.line}, {"loss_from", sample.loss_from}, {"ids", sample.ids}}.dump();
    bytes += '\n';
  }
  return bytes;
}

std::optional<std::vector<EncodedSample>> read_cache(const std::filesystem::path& file, const std::string& key) {
  std::ifstream in(file);
  std::string line;
  if (!in || !std::getline(in, line)) return std::nullopt;
  const auto head = Json::parse(line, nullptr, false);
  if (!head.is_object() || head.value("key", "") != key) return std::nullopt;
  std::vector<EncodedSample> samples;
  while (std::getline(in, line)) {
    const auto json = Json::parse(line, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    samples.push_back({.line = json.at("line").get<std::int64_t>(),
                       .ids = json.at("ids").get<std::vector<std::int32_t>>(),
                       .loss_from = json.at("loss_from").get<std::int64_t>()});
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
    auto sample = parse_line(line, number, where);
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
  return facts;
}

Result<EncodedSample> encode(const Sample& sample, models::Tokenizer& tokenizer, const TokenFacts& facts) {
  return sample.messages.empty() ? encode_text(sample, tokenizer, facts) : encode_chat(sample, tokenizer, facts);
}

Result<std::vector<EncodedSample>> encode_all(
    const std::vector<Sample>& samples, const std::filesystem::path& cache, const std::string& key,
    const std::function<Result<models::Tokenizer*>()>& tokenizer, const TokenFacts& facts,
    const std::function<void(std::int64_t done, std::int64_t total)>& progress) {
  if (auto cached = read_cache(cache, key); cached && cached->size() == samples.size()) return *cached;
  const auto source = tokenizer();
  if (!source) return tl::unexpected(source.error());
  std::vector<EncodedSample> encoded;
  const auto total = static_cast<std::int64_t>(samples.size());
  for (const auto& sample : samples) {
    auto result = encode(sample, **source, facts);
    if (!result) return tl::unexpected(result.error());
    encoded.push_back(std::move(*result));
    const auto done = static_cast<std::int64_t>(encoded.size());
    if (progress && (done % progress_interval == 0 || done == total)) progress(done, total);
  }
  if (auto written = disk().write(cache, cache_bytes(encoded, key)); !written) return tl::unexpected(written.error());
  return encoded;
}

}  // namespace twin::training
