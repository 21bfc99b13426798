#include "models/merge/hf_tokenizer.h"

#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/json.h"
#include "models/hf/gguf_vocabulary.h"
#include "models/hf/pre_tokenizers.h"
#include "models/hf/sentencepiece.h"

namespace twin::models {
namespace {

class TokenizerWriter {
 public:
  TokenizerWriter(const GgufFile& file, const std::string& chat_template, std::vector<std::string>& notes)
      : file_(file), chat_template_(chat_template), notes_(notes), vocabulary_(read_vocabulary(file)) {}

  std::map<std::string, std::string> write() {
    const auto kind = file_.text("tokenizer.ggml.model").value_or("");
    std::string tokenizer_class = "PreTrainedTokenizerFast";
    if (kind == "gpt2") {
      write_bpe();
    } else if (kind == "llama" && vocabulary_.scores.size() == vocabulary_.tokens.size()) {
      write_sentencepiece();
      const bool gemma = file_.text("general.architecture").value_or("").starts_with("gemma");
      tokenizer_class = gemma ? "GemmaTokenizer" : "LlamaTokenizer";
    } else {
      notes_.push_back(tr("tokenizer: a vocabulary of kind '{}' cannot be written; take the base's own files", kind));
    }
    write_config(tokenizer_class);
    return std::move(files_);
  }

 private:
  void write_bpe() {
    const auto name = file_.text("tokenizer.ggml.pre").value_or("default");
    const PreTokenizer* const pre = find_pre_tokenizer(name);
    if (pre == nullptr) {
      notes_.push_back(
          tr("tokenizer: the rules '{}' are not known; take tokenizer.json from the base's own files", name));
      return;
    }
    Json vocabulary = Json::object();
    auto& entries = vocabulary.get_ref<Json::object_t&>();  // appended: looking for each key first is quadratic
    Json added = Json::array();
    for (std::size_t id = 0; id < vocabulary_.tokens.size(); ++id) {
      const TokenType type = vocabulary_.types[id];
      entries.emplace_back(vocabulary_.tokens[id], id);
      if (type != TokenType::control && type != TokenType::user_defined && type != TokenType::unknown) continue;
      added.push_back({{"id", id},
                       {"content", vocabulary_.tokens[id]},
                       {"single_word", false},
                       {"lstrip", false},
                       {"rstrip", false},
                       {"normalized", false},
                       {"special", type != TokenType::user_defined}});
    }
    const Json json{
        {"version", "1.0"},
        {"truncation", nullptr},
        {"padding", nullptr},
        {"added_tokens", std::move(added)},
        {"normalizer", pre->normalizer},
        {"pre_tokenizer", pre->pieces},
        {"post_processor", post_processor()},
        {"decoder", {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}, {"use_regex", true}}},
        {"model",
         {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", nullptr},
          {"continuing_subword_prefix", nullptr},
          {"end_of_word_suffix", nullptr},
          {"fuse_unk", false},
          {"byte_fallback", false},
          {"ignore_merges", pre->ignore_merges},
          {"vocab", std::move(vocabulary)},
          {"merges", vocabulary_.merges}}}};
    files_["tokenizer.json"] = json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
    notes_.push_back(
        tr("tokenizer: whether special tokens swallow the spaces around them is not in a GGUF; assumed: no"));
  }

  [[nodiscard]] Json post_processor() const {
    const std::string bos = special_token(file_, "tokenizer.ggml.bos_token_id");
    if (!adds_bos_token(file_) || bos.empty()) return byte_level(true);
    const auto id = *file_.number("tokenizer.ggml.bos_token_id");
    const Json begin{{"SpecialToken", {{"id", bos}, {"type_id", 0}}}};
    const auto sequence = [](const char* name, int type) {
      return Json{{"Sequence", {{"id", name}, {"type_id", type}}}};
    };
    return {{"type", "TemplateProcessing"},
            {"single", {begin, sequence("A", 0)}},
            {"pair", {begin, sequence("A", 0), sequence("B", 1)}},
            {"special_tokens", {{bos, {{"id", bos}, {"ids", {id}}, {"tokens", {bos}}}}}}};
  }

  void write_sentencepiece() {
    const auto id = [&](const char* name, int missing) {
      return static_cast<int>(file_.number(name).value_or(missing));
    };
    SentencePieceOptions options;
    options.add_dummy_prefix = file_.number("tokenizer.ggml.add_space_prefix").value_or(1) != 0;
    options.unknown = id("tokenizer.ggml.unknown_token_id", 0);
    options.bos = id("tokenizer.ggml.bos_token_id", 1);
    options.eos = id("tokenizer.ggml.eos_token_id", 2);
    options.pad = id("tokenizer.ggml.padding_token_id", -1);
    files_["tokenizer.model"] = sentencepiece_model(vocabulary_, options);
    notes_.push_back(tr("tokenizer: SentencePiece's own rules of normalization are not in a GGUF; assumed: none"));
  }

  void write_config(const std::string& tokenizer_class) {
    Json special = Json::object();
    for (const auto& [hf, key] : {std::pair{"bos_token", "tokenizer.ggml.bos_token_id"},
                                  {"eos_token", "tokenizer.ggml.eos_token_id"},
                                  {"unk_token", "tokenizer.ggml.unknown_token_id"},
                                  {"pad_token", "tokenizer.ggml.padding_token_id"}}) {
      if (const std::string text = special_token(file_, key); !text.empty()) special[hf] = text;
    }
    files_["special_tokens_map.json"] = special.dump(2) + "\n";
    Json config = std::move(special);
    config["tokenizer_class"] = tokenizer_class;
    config["clean_up_tokenization_spaces"] = false;
    config["add_bos_token"] = adds_bos_token(file_);
    config["add_eos_token"] = file_.number("tokenizer.ggml.add_eos_token").value_or(0) != 0;
    if (tokenizer_class == "LlamaTokenizer") {
      config["add_prefix_space"] = file_.number("tokenizer.ggml.add_space_prefix").value_or(1) != 0;
      config["legacy"] = false;
    }
    if (const auto limit = file_.number(file_.text("general.architecture").value_or("") + ".context_length"))
      config["model_max_length"] = *limit;
    if (!chat_template_.empty()) {
      config["chat_template"] = chat_template_;
      files_["chat_template.jinja"] = chat_template_;
    }
    files_["tokenizer_config.json"] = config.dump(2) + "\n";
  }

  const GgufFile& file_;
  const std::string& chat_template_;
  std::vector<std::string>& notes_;
  Vocabulary vocabulary_;
  std::map<std::string, std::string> files_;
};

}  // namespace

std::map<std::string, std::string> hf_tokenizer(const GgufFile& file, const std::string& chat_template,
                                                std::vector<std::string>& notes) {
  return TokenizerWriter(file, chat_template, notes).write();
}

}  // namespace twin::models
