#include "models/hf/tokenizer_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "core/files.h"
#include "core/i18n.h"
#include "core/json.h"
#include "models/hf/pre_tokenizers.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr const char* space_sign = "▁";  // SentencePiece's word boundary

/// Sorted: the project's Json keeps the order of keys and looks for each new one among all, which is quadratic in a
/// vocabulary.
using SortedJson = nlohmann::json;

/// Whether a step of this type is the object or among the steps of a Sequence.
const SortedJson* find_step(const SortedJson& steps, const std::string& type) {
  if (!steps.is_object()) return nullptr;
  if (steps.value("type", "") == type) return &steps;
  for (const char* list : {"normalizers", "pretokenizers", "processors"}) {
    const auto found = steps.find(list);
    if (found == steps.end() || !found->is_array()) continue;
    for (const SortedJson& step : *found) {
      if (const SortedJson* inner = find_step(step, type)) return inner;
    }
  }
  return nullptr;
}

/// Throws where it is malformed.
std::vector<AddedToken> added_tokens_of(const SortedJson& json) {
  std::vector<AddedToken> added;
  for (const SortedJson& token : json.value("added_tokens", SortedJson::array())) {
    added.push_back(
        {token.at("id").get<std::int64_t>(), token.at("content").get<std::string>(), token.value("special", false)});
  }
  return added;
}

class TokenizerReader {
 public:
  TokenizerReader(const SortedJson& json, std::int64_t limit) : json_(json), model_(json.at("model")), limit_(limit) {}

  TokenizerJson read() {
    if (model_.value("type", "BPE") != "BPE") return refuse(tr("its model is '{}'", model_.value("type", "?")));
    read_tokens();
    if (beyond_ >= 0) return {};
    tokenizer_.added = added_tokens_of(json_);
    if (model_.value("byte_fallback", false)) {
      read_pieces();
    } else {
      read_byte_level();
    }
    read_post_processor();
    return std::move(tokenizer_);
  }
  [[nodiscard]] const std::string& refused() const { return refused_; }
  [[nodiscard]] std::int64_t beyond() const { return beyond_; }

 private:
  TokenizerJson refuse(const std::string& what) {
    if (refused_.empty()) refused_ = what;
    return {};
  }

  /// null when absent.
  [[nodiscard]] const SortedJson& part(const char* name) const {
    static const SortedJson absent;
    const auto found = json_.find(name);
    return found == json_.end() ? absent : *found;
  }

  void read_tokens() {
    const SortedJson& vocab = model_.at("vocab");
    std::int64_t largest = -1;
    for (const auto& [text, id] : vocab.items()) {
      if (id.get<std::int64_t>() < 0) throw std::invalid_argument("vocab: " + text);
      largest = std::max(largest, id.get<std::int64_t>());
    }
    if (largest >= limit_) {
      beyond_ = largest;
      return;
    }
    Vocabulary& vocabulary = tokenizer_.vocabulary;
    vocabulary.tokens.resize(static_cast<std::size_t>(largest + 1));
    vocabulary.types.assign(vocabulary.tokens.size(), TokenType::unused);
    for (const auto& [text, id] : vocab.items()) {
      const auto place = id.get<std::size_t>();
      if (!vocabulary.tokens[place].empty()) throw std::invalid_argument("two tokens have the id " + id.dump());
      vocabulary.tokens[place] = text;
      vocabulary.types[place] = TokenType::normal;
    }
  }

  /// "a b", or ["a", "b"] in newer files.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> merges() const {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const SortedJson& merge : model_.at("merges")) {
      if (merge.is_array() && merge.size() == 2) {
        pairs.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
        continue;
      }
      const auto text = merge.get<std::string>();
      const auto space = text.find(' ', 1);
      if (space == std::string::npos) throw std::invalid_argument("merges: " + text);
      pairs.emplace_back(text.substr(0, space), text.substr(space + 1));
    }
    return pairs;
  }

  void read_byte_level() {
    const SortedJson& pieces = part("pre_tokenizer");
    const PreTokenizer* const known = pre_tokenizer_of(Json(pieces));
    if (known == nullptr) {
      refuse(tr("its rules of cutting a text are not those of gpt-2, smollm, qwen2 or llama-bpe"));
      return;
    }
    const SortedJson& normalizer = part("normalizer");
    if (!normalizer.is_null() && find_step(normalizer, "NFC") == nullptr &&
        !(normalizer.is_object() && normalizer.contains("normalizers") && normalizer["normalizers"].empty())) {
      refuse(tr("it changes the text first: {}", normalizer.value("type", "?")));
      return;
    }
    tokenizer_.kind = "gpt2";
    tokenizer_.pre = known->name;
    for (const auto& [left, right] : merges()) tokenizer_.vocabulary.merges.push_back(left + " " + right);
  }

  /// The order of merges gives the scores that SentencePiece merges by: the earlier the better.
  void read_pieces() {
    Vocabulary& vocabulary = tokenizer_.vocabulary;
    std::unordered_map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) places.emplace(vocabulary.tokens[i], i);
    const auto lowest = -static_cast<float>(vocabulary.tokens.size());
    vocabulary.scores.assign(vocabulary.tokens.size(), lowest);
    float score = 0;
    for (const auto& [left, right] : merges()) {
      const auto place = places.find(left + right);
      if (place == places.end()) throw std::invalid_argument("merges: " + left + " " + right);
      float& own = vocabulary.scores[place->second];
      if (own == lowest) own = score--;
    }
    for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
      const std::string& text = vocabulary.tokens[i];
      if (text.size() == 6 && text.starts_with("<0x") && text.ends_with('>')) vocabulary.types[i] = TokenType::byte;
    }
    const auto unknown = model_.value("unk_token", SortedJson());
    if (unknown.is_string() && places.contains(unknown.get<std::string>()))
      vocabulary.types[places[unknown.get<std::string>()]] = TokenType::unknown;
    tokenizer_.kind = "llama";
    tokenizer_.add_space_prefix = adds_space();
  }

  [[nodiscard]] bool adds_space() const {
    if (const SortedJson* prepend = find_step(part("normalizer"), "Prepend"))
      return prepend->value("prepend", "") == space_sign;
    const SortedJson& pieces = part("pre_tokenizer");
    if (const SortedJson* metaspace = find_step(pieces, "Metaspace"))
      return metaspace->value("prepend_scheme", "always") != "never" && metaspace->value("add_prefix_space", true);
    return false;
  }

  /// The tokens that its template puts around a text.
  void read_post_processor() {
    const SortedJson* const around = find_step(part("post_processor"), "TemplateProcessing");
    if (around == nullptr) {
      if (tokenizer_.kind == "gpt2") tokenizer_.add_bos = tokenizer_.add_eos = false;
      return;
    }
    const SortedJson single = around->value("single", SortedJson::array());
    const auto special = [](const SortedJson& part) { return part.is_object() && part.contains("SpecialToken"); };
    if (!single.is_array() || single.empty()) return;
    tokenizer_.add_bos = special(single.front());
    tokenizer_.add_eos = special(single.back());
  }

  const SortedJson& json_;
  const SortedJson& model_;
  std::int64_t limit_;
  std::int64_t beyond_ = -1;
  TokenizerJson tokenizer_;
  std::string refused_;
};

}  // namespace

Result<std::vector<AddedToken>> read_added_tokens(const fs::path& file) {
  const auto bytes = disk().read(file);
  if (!bytes) return tl::unexpected(bytes.error());
  try {
    return added_tokens_of(SortedJson::parse(*bytes));
  } catch (const std::exception& e) {
    return fail(ErrorKind::invalid, tr("The tokenizer is not understood: {}", e.what()), file.string());
  }
}

Result<TokenizerJson> read_tokenizer_json(const fs::path& file, std::int64_t limit) {
  const auto bytes = disk().read(file);
  if (!bytes) return tl::unexpected(bytes.error());
  try {
    const SortedJson json = SortedJson::parse(*bytes);
    TokenizerReader reader(json, limit);
    TokenizerJson tokenizer = reader.read();
    if (reader.beyond() >= 0) {
      return fail(ErrorKind::invalid,
                  tr("The vocabulary has a token of id {}, the embedding {} rows", reader.beyond(), limit),
                  file.string(), tr("The tokenizer is of another model than the weights"));
    }
    if (!reader.refused().empty()) {
      return fail(ErrorKind::invalid, tr("This tokenizer cannot be imported: {}", reader.refused()), file.string(),
                  tr("Convert the model to GGUF with llama.cpp's own converter, or add tokenizer.model"));
    }
    return tokenizer;
  } catch (const std::exception& e) {
    return fail(ErrorKind::invalid, tr("The tokenizer is not understood: {}", e.what()), file.string());
  }
}

}  // namespace twin::models
