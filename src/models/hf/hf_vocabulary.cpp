#include "models/hf/hf_vocabulary.h"

#include <gguf.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "core/files.h"
#include "core/i18n.h"
#include "core/json.h"
#include "models/hf/json_file.h"
#include "models/hf/sentencepiece_file.h"
#include "models/hf/tokenizer_json.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr float score_of_added = -1000.0F;  // never the result of a merge
constexpr float score_of_filler = -10'000.0F;

/// A special token is written as its text or as an object around it.
std::string special_text(const Json& json, const char* key) {
  if (!json.is_object() || !json.contains(key)) return {};
  const Json& value = json[key];
  if (value.is_string()) return value.get<std::string>();
  const Json content = value.is_object() ? value.value("content", Json()) : Json();
  return content.is_string() ? content.get<std::string>() : std::string();
}

class VocabularyReader {
 public:
  VocabularyReader(const fs::path& folder, const DecoderConfig& config)
      : folder_(folder), config_(config), settings_(read_json_file(folder / "tokenizer_config.json")) {}

  Result<HfVocabulary> read() {
    if (auto read = read_model(); !read) return tl::unexpected(read.error());
    if (auto good = check_size(); !good) return tl::unexpected(good.error());
    if (auto added = add_tokens(); !added) return tl::unexpected(added.error());
    fill();
    read_special();
    read_template();
    return std::move(result_);
  }

 private:
  [[nodiscard]] std::size_t limit() const { return static_cast<std::size_t>(config_.vocabulary); }

  Result<void> read_model() {
    const fs::path pieces = folder_ / "tokenizer.model", json = folder_ / "tokenizer.json";
    if (disk().exists(pieces)) return read_pieces(pieces, json);
    if (!disk().exists(json)) {
      return fail(ErrorKind::not_found,
                  tr("There is no tokenizer here: neither {} nor {}", "tokenizer.json", "tokenizer.model"),
                  folder_.string(), tr("Fetch the whole folder again"));
    }
    auto tokenizer = read_tokenizer_json(json, config_.vocabulary);
    if (!tokenizer) return tl::unexpected(tokenizer.error());
    result_.kind = tokenizer->kind;
    result_.pre = tokenizer->pre;
    result_.vocabulary = std::move(tokenizer->vocabulary);
    result_.add_space_prefix = tokenizer->add_space_prefix;
    added_ = std::move(tokenizer->added);
    const bool pieces_inside = result_.kind == "llama";
    result_.add_bos = tokenizer->add_bos.value_or(setting("add_bos_token").value_or(pieces_inside));
    result_.add_eos = tokenizer->add_eos.value_or(setting("add_eos_token").value_or(false));
    return {};
  }

  Result<void> read_pieces(const fs::path& file, const fs::path& json) {
    const auto bytes = disk().read(file);
    if (!bytes) return tl::unexpected(bytes.error());
    auto parsed = parse_sentencepiece(*bytes, file.string());
    if (!parsed) return tl::unexpected(parsed.error());
    if (!parsed->byte_pairs) {
      return fail(ErrorKind::invalid, tr("This tokenizer cannot be imported: {}", tr("its model is '{}'", "unigram")),
                  file.string());
    }
    if (parsed->normalizes)
      result_.notes.push_back(tr("tokenizer: SentencePiece's rules of normalization are not carried over"));
    result_.kind = "llama";
    result_.pre = "default";
    result_.vocabulary = std::move(parsed->vocabulary);
    // Gemma's never puts a space before a text, whatever the file says.
    const bool gemma = config_.family->gguf == "gemma3";
    result_.add_space_prefix = !gemma && setting("add_prefix_space").value_or(parsed->options.add_dummy_prefix);
    result_.add_bos = setting("add_bos_token").value_or(true);
    result_.add_eos = setting("add_eos_token").value_or(false);
    const auto id = [](int value) { return value >= 0 ? std::optional<std::int64_t>(value) : std::nullopt; };
    result_.bos = id(parsed->options.bos);
    result_.eos = id(parsed->options.eos);
    result_.unknown = id(parsed->options.unknown);
    result_.pad = id(parsed->options.pad);
    return read_added(json);
  }

  /// What was added to the pieces stands in one of three places.
  Result<void> read_added(const fs::path& json) {
    if (disk().exists(json)) {
      auto added = read_added_tokens(json);
      if (!added) return tl::unexpected(added.error());
      added_ = std::move(*added);
      return {};
    }
    try {
      if (settings_.is_object() && settings_.contains("added_tokens_decoder")) {
        for (const auto& [id, token] : settings_["added_tokens_decoder"].items())
          added_.push_back({std::stoll(id), token.at("content").get<std::string>(), token.value("special", false)});
        return {};
      }
      if (const Json added = read_json_file(folder_ / "added_tokens.json"); added.is_object()) {
        for (const auto& [text, id] : added.items()) added_.push_back({id.get<std::int64_t>(), text, false});
      }
    } catch (const std::exception& e) {
      return fail(ErrorKind::invalid, tr("The tokenizer is not understood: {}", e.what()), folder_.string());
    }
    return {};
  }

  Result<void> check_size() const {
    if (result_.vocabulary.tokens.size() <= limit()) return {};
    return fail(ErrorKind::invalid,
                tr("The vocabulary has {} tokens, the embedding {} rows", result_.vocabulary.tokens.size(), limit()),
                folder_.string(), tr("The tokenizer is of another model than the weights"));
  }

  Result<void> add_tokens() {
    Vocabulary& vocabulary = result_.vocabulary;
    std::size_t beyond = 0;
    for (const AddedToken& token : added_) {
      const auto place = static_cast<std::size_t>(token.id);
      if (token.id < 0 || place >= limit()) {
        ++beyond;
        continue;
      }
      if (place >= vocabulary.tokens.size()) grow(place + 1);
      std::string& text = vocabulary.tokens[place];
      if (!text.empty() && text != token.text) {
        return fail(ErrorKind::invalid, tr("Two tokens have the id {}: '{}' and '{}'", token.id, text, token.text),
                    folder_.string(), tr("The tokenizer's files are of different models"));
      }
      text = token.text;
      TokenType& type = vocabulary.types[place];
      if (type != TokenType::unknown && type != TokenType::byte)
        type = token.special ? TokenType::control : TokenType::user_defined;
    }
    if (beyond > 0)
      result_.notes.push_back(tr("tokenizer: {} added tokens have no row in the embedding and are left out", beyond));
    return {};
  }

  void grow(std::size_t count) {
    Vocabulary& vocabulary = result_.vocabulary;
    vocabulary.tokens.resize(count);
    vocabulary.types.resize(count, TokenType::unused);
    if (result_.kind == "llama") vocabulary.scores.resize(count, score_of_added);
  }

  /// Rows of the embedding without a token: many models have some, to round their number up.
  void fill() {
    Vocabulary& vocabulary = result_.vocabulary;
    grow(limit());
    for (std::size_t i = 0; i < limit(); ++i) {
      if (!vocabulary.tokens[i].empty()) continue;
      vocabulary.tokens[i] = "[PAD" + std::to_string(i) + "]";
      vocabulary.types[i] = TokenType::unused;
      if (result_.kind == "llama") vocabulary.scores[i] = score_of_filler;
    }
  }

  /// By text as tokenizer_config.json and special_tokens_map.json name them, else by id as config.json does.
  void read_special() {
    std::unordered_map<std::string, std::int64_t> places;
    const auto& tokens = result_.vocabulary.tokens;
    for (std::size_t i = tokens.size(); i-- > 0;) places[tokens[i]] = static_cast<std::int64_t>(i);
    const Json map = read_json_file(folder_ / "special_tokens_map.json");
    const auto find = [&](const char* key, std::optional<std::int64_t> by_id, std::optional<std::int64_t>& id) {
      std::string text = special_text(settings_, key);
      if (text.empty()) text = special_text(map, key);
      if (const auto place = places.find(text); !text.empty() && place != places.end()) {
        id = place->second;
      } else if (!id && by_id && *by_id >= 0 && *by_id < config_.vocabulary) {
        id = by_id;
      }
    };
    find("bos_token", config_.bos, result_.bos);
    find("eos_token", config_.eos, result_.eos);
    find("unk_token", std::nullopt, result_.unknown);
    find("pad_token", config_.pad, result_.pad);
    for (const std::int64_t end : config_.ends) {
      if (end != result_.eos && end >= 0 && end < config_.vocabulary) result_.eot = end;
    }
    for (auto* id : {&result_.bos, &result_.eos, &result_.unknown, &result_.pad}) {
      if (*id && **id >= config_.vocabulary) id->reset();
    }
    if (!result_.bos) result_.add_bos = false;
    if (!result_.eos) result_.add_eos = false;
  }

  /// A file of its own, or in tokenizer_config.json: one template, or several by name.
  void read_template() {
    if (const auto text = disk().read(folder_ / "chat_template.jinja")) {
      result_.chat_template = *text;
      return;
    }
    const Json chat = settings_.is_object() ? settings_.value("chat_template", Json()) : Json();
    if (chat.is_string()) result_.chat_template = chat.get<std::string>();
    if (!chat.is_array()) return;
    for (const Json& named : chat) {
      if (named.is_object() && named.value("name", "") == "default")
        result_.chat_template = named.value("template", "");
    }
  }

  [[nodiscard]] std::optional<bool> setting(const char* key) const {
    if (!settings_.is_object() || !settings_.contains(key) || !settings_[key].is_boolean()) return std::nullopt;
    return settings_[key].get<bool>();
  }

  const fs::path& folder_;
  const DecoderConfig& config_;
  Json settings_;
  std::vector<AddedToken> added_;
  HfVocabulary result_;
};

void set_texts(gguf_context* out, const char* key, const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  pointers.reserve(texts.size());
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  gguf_set_arr_str(out, key, pointers.data(), pointers.size());
}

}  // namespace

Result<HfVocabulary> read_hf_vocabulary(const fs::path& folder, const DecoderConfig& config) {
  auto result = VocabularyReader(folder, config).read();
  if (!result) return result;
  const auto& tokens = result->vocabulary.tokens;
  // A GGUF's texts end at the first zero byte.
  if (std::any_of(tokens.begin(), tokens.end(),
                  [](const std::string& token) { return token.find('\0') != std::string::npos; }))
    return fail(ErrorKind::invalid, tr("The tokenizer is not understood: {}", "NUL"), folder.string());
  return result;
}

void set_vocabulary_metadata(gguf_context* out, const HfVocabulary& v) {
  gguf_set_val_str(out, "tokenizer.ggml.model", v.kind.c_str());
  gguf_set_val_str(out, "tokenizer.ggml.pre", v.pre.empty() ? "default" : v.pre.c_str());
  set_texts(out, "tokenizer.ggml.tokens", v.vocabulary.tokens);
  std::vector<std::int32_t> types;
  types.reserve(v.vocabulary.types.size());
  for (const TokenType type : v.vocabulary.types) types.push_back(static_cast<std::int32_t>(type));
  gguf_set_arr_data(out, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types.data(), types.size());
  if (v.kind == "llama") {
    gguf_set_arr_data(out, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, v.vocabulary.scores.data(),
                      v.vocabulary.scores.size());
    gguf_set_val_bool(out, "tokenizer.ggml.add_space_prefix", v.add_space_prefix);
  } else {
    set_texts(out, "tokenizer.ggml.merges", v.vocabulary.merges);
  }
  for (const auto& [key, id] : {std::pair{"tokenizer.ggml.bos_token_id", v.bos},
                                {"tokenizer.ggml.eos_token_id", v.eos},
                                {"tokenizer.ggml.eot_token_id", v.eot},
                                {"tokenizer.ggml.unknown_token_id", v.unknown},
                                {"tokenizer.ggml.padding_token_id", v.pad}}) {
    if (id) gguf_set_val_u32(out, key, static_cast<std::uint32_t>(*id));
  }
  gguf_set_val_bool(out, "tokenizer.ggml.add_bos_token", v.add_bos);
  gguf_set_val_bool(out, "tokenizer.ggml.add_eos_token", v.add_eos);
  if (!v.chat_template.empty()) gguf_set_val_str(out, "tokenizer.chat_template", v.chat_template.c_str());
}

}  // namespace twin::models
