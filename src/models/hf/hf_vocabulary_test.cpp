#include "models/hf/hf_vocabulary.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/json.h"
#include "models/hf/pre_tokenizers.h"
#include "models/hf/sentencepiece.h"
#include "models/hf/sentencepiece_file.h"

using namespace twin;
using namespace twin::models;

namespace {

/// Llama-type pieces: special ones, a byte, a word of two parts, Korean.
Vocabulary llama_pieces() {
  return {.tokens = {"<unk>", "<s>", "</s>", "<0x0A>", "▁", "a", "b", "ab", "▁ab", "한", "글", "한글"},
          .types = {TokenType::unknown, TokenType::control, TokenType::control, TokenType::byte, TokenType::normal,
                    TokenType::normal, TokenType::normal, TokenType::normal, TokenType::normal, TokenType::normal,
                    TokenType::normal, TokenType::normal},
          .scores = {0, 0, 0, 0, -9, -10, -11, -1, -2, -12, -13, -3},
          .merges = {}};
}

DecoderConfig decoder_of(const char* architecture, std::int64_t vocabulary) {
  DecoderConfig config;
  config.family = find_architecture(architecture);
  config.vocabulary = vocabulary;
  config.bos = 1;
  config.eos = 2;
  return config;
}

void put_file(const std::filesystem::path& file, const std::string& text) {
  REQUIRE(disk().write(file, text).has_value());
}

}  // namespace

TEST_CASE("hf vocabulary: a SentencePiece model is read as it was written") {
  SentencePieceOptions options;
  options.add_dummy_prefix = false;
  options.pad = -1;
  options.eos = 2;
  const auto file = parse_sentencepiece(sentencepiece_model(llama_pieces(), options), "tokenizer.model");
  REQUIRE(file.has_value());
  CHECK(file->vocabulary.tokens == llama_pieces().tokens);
  CHECK(file->vocabulary.types == llama_pieces().types);
  CHECK(file->vocabulary.scores == llama_pieces().scores);
  CHECK(file->byte_pairs);
  CHECK_FALSE(file->normalizes);
  CHECK_FALSE(file->options.add_dummy_prefix);
  CHECK(file->options.pad == -1);
  const std::string bytes = sentencepiece_model(llama_pieces(), options);
  for (const std::string& damaged : {bytes.substr(0, bytes.size() - 1), std::string("\x0b"), std::string()}) {
    const auto refused = parse_sentencepiece(damaged, "tokenizer.model");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().where == "tokenizer.model");
  }
}

TEST_CASE(
    "hf vocabulary: tokenizer.model with added tokens, fillers up to the embedding's rows, ids beyond it left out") {
  const TempFolder folder;
  put_file(folder.path() / "tokenizer.model", sentencepiece_model(llama_pieces(), {}));
  put_file(folder.path() / "added_tokens.json", R"({"<|user|>": 12, "<|far|>": 99})");
  put_file(folder.path() / "tokenizer_config.json",
           R"({"bos_token": {"content": "<s>"}, "eos_token": "</s>", "pad_token": "<|user|>", "add_bos_token": false,
            "chat_template": [{"name": "tool_use", "template": "x"}, {"name": "default", "template": "y"}]})");
  const auto read = read_hf_vocabulary(folder.path(), decoder_of("llama", 15));
  REQUIRE_MESSAGE(read.has_value(), read.error().text());
  CHECK(read->kind == "llama");
  REQUIRE(read->vocabulary.tokens.size() == 15);
  CHECK(read->vocabulary.tokens[12] == "<|user|>");
  CHECK(read->vocabulary.types[12] == TokenType::user_defined);
  CHECK(read->vocabulary.tokens[14] == "[PAD14]");
  CHECK(read->vocabulary.types[14] == TokenType::unused);
  CHECK(read->bos == 1);
  CHECK(read->eos == 2);
  CHECK(read->unknown == 0);
  CHECK(read->pad == 12);
  CHECK_FALSE(read->add_bos);
  CHECK(read->add_space_prefix);
  CHECK(read->chat_template == "y");
  REQUIRE(read->notes.size() == 1);
  CHECK(read->notes.front().find("1 added tokens have no row") != std::string::npos);
  CHECK_FALSE(read_hf_vocabulary(folder.path(), decoder_of("gemma3", 15))->add_space_prefix);
  const auto small = read_hf_vocabulary(folder.path(), decoder_of("llama", 11));
  REQUIRE_FALSE(small.has_value());
  CHECK(small.error().message == "The vocabulary has 12 tokens, the embedding 11 rows");
}

TEST_CASE("hf vocabulary: pieces in tokenizer.json get scores in the order of their merges") {
  const TempFolder folder;
  Json vocab = Json::object();
  for (std::size_t i = 0; i < llama_pieces().tokens.size(); ++i) vocab[llama_pieces().tokens[i]] = i;
  Json tokenizer{
      {"added_tokens",
       {{{"id", 1}, {"content", "<s>"}, {"special", true}}, {{"id", 2}, {"content", "</s>"}, {"special", true}}}},
      {"normalizer",
       {{"type", "Sequence"},
        {"normalizers",
         {{{"type", "Prepend"}, {"prepend", "▁"}},
          {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "▁"}}}}}},
      {"pre_tokenizer", nullptr},
      {"post_processor",
       {{"type", "TemplateProcessing"},
        {"single",
         {{{"SpecialToken", {{"id", "<s>"}, {"type_id", 0}}}}, {{"Sequence", {{"id", "A"}, {"type_id", 0}}}}}}}},
      {"model",
       {{"type", "BPE"},
        {"byte_fallback", true},
        {"unk_token", "<unk>"},
        {"vocab", vocab},
        {"merges", Json::array({Json::array({"a", "b"}), Json::array({"▁", "ab"}), Json::array({"한", "글"})})}}}};
  put_file(folder.path() / "tokenizer.json", tokenizer.dump());
  const auto read = read_hf_vocabulary(folder.path(), decoder_of("llama", 12));
  REQUIRE_MESSAGE(read.has_value(), read.error().text());
  CHECK(read->kind == "llama");
  const auto& scores = read->vocabulary.scores;
  CHECK(scores[7] > scores[8]);
  CHECK(scores[8] > scores[11]);
  CHECK(scores[11] > scores[5]);
  CHECK(read->vocabulary.types == llama_pieces().types);
  CHECK(read->add_space_prefix);
  CHECK(read->add_bos);
  CHECK_FALSE(read->add_eos);

  tokenizer["normalizer"] = {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "▁"}};
  tokenizer["model"]["merges"] = {"a b", "▁ ab", "한 글"};
  put_file(folder.path() / "tokenizer.json", tokenizer.dump());
  const auto older = read_hf_vocabulary(folder.path(), decoder_of("gemma3", 12));
  REQUIRE(older.has_value());
  CHECK(older->vocabulary.scores == scores);
  CHECK_FALSE(older->add_space_prefix);
  tokenizer["model"]["merges"] = {"a 한"};
  put_file(folder.path() / "tokenizer.json", tokenizer.dump());
  CHECK_FALSE(read_hf_vocabulary(folder.path(), decoder_of("llama", 12)).has_value());
}

TEST_CASE("hf vocabulary: rules of cutting are known by what they do, not by how they are written") {
  for (const auto& [text, name] :
       {std::pair{R"({"use_regex": true, "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false})",
                  "gpt-2"},
        {R"({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true})", "gpt-2"},
        {R"({"pretokenizers": [{"individual_digits": true, "type": "Digits"},
             {"type": "ByteLevel", "add_prefix_space": false}], "type": "Sequence"})",
         "smollm"}}) {
    const PreTokenizer* const found = pre_tokenizer_of(Json::parse(text));
    REQUIRE(found != nullptr);
    CHECK(found->name == name);
  }
  CHECK(pre_tokenizer_of(Json::parse(R"({"type": "ByteLevel", "add_prefix_space": true})")) == nullptr);
  CHECK(pre_tokenizer_of(nullptr) == nullptr);
  for (const PreTokenizer& each : pre_tokenizers()) CHECK(pre_tokenizer_of(each.pieces) == &each);
}
