#include "models/registry/wordpiece.h"

#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/i18n.h"
#include "core/json.h"
#include "core/text/unicode.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

const std::map<std::string, std::string>& special_tokens() {
  static const std::map<std::string, std::string> tokens = {
      {"[CLS]", "cls"}, {"[SEP]", "sep"}, {"[UNK]", "unk"}, {"[PAD]", "pad"}, {"[MASK]", "mask"}};
  return tokens;
}

tl::unexpected<Error> unusable(const fs::path& path, const std::string& why) {
  return fail(ErrorKind::invalid, tr("Unusable tokenizer: {}", why), path.string());
}

/// Puts a token at its id; false when the id is out of range or taken by another token.
bool place(WordPieceVocab& vocab, std::int64_t id, const std::string& token, std::int32_t type) {
  if (id < 0 || static_cast<std::size_t>(id) >= vocab.tokens.size()) return false;
  const auto at = static_cast<std::size_t>(id);
  if (!vocab.tokens[at].empty() && vocab.tokens[at] != token) return false;
  vocab.tokens[at] = token;
  vocab.types[at] = type;
  if (const auto special = special_tokens().find(token); special != special_tokens().end()) {
    vocab.special[special->second] = static_cast<std::uint32_t>(at);
    vocab.types[at] = WordPieceVocab::control;
  }
  return true;
}

void read_normalizer(const Json& json, WordPieceVocab& vocab) {
  if (!json.is_object()) return;
  const std::string type = json.value("type", "");
  if (type == "Lowercase") vocab.lowercase = true;
  if (type == "StripAccents") vocab.strip_accents = true;
  if (type == "BertNormalizer") {
    vocab.lowercase = json.value("lowercase", true);
    const auto strip = json.find("strip_accents");  // null: as lowercase
    vocab.strip_accents = strip != json.end() && strip->is_boolean() ? strip->get<bool>() : vocab.lowercase;
  }
  if (type == "Sequence") {
    for (const Json& part : json.value("normalizers", Json::array())) read_normalizer(part, vocab);
  }
}

Result<void> read_tokenizer_json(const fs::path& path, const std::string& text, WordPieceVocab& vocab) {
  try {
    const Json json = Json::parse(text);
    const Json& model = json.at("model");
    const std::string type = model.value("type", "");
    if (type != "WordPiece") return unusable(path, "type " + type + ", only WordPiece encoders can be imported");
    if (model.value("continuing_subword_prefix", "##") != "##") return unusable(path, "continuing_subword_prefix");
    for (const auto& [token, id] : model.at("vocab").items()) {
      if (!place(vocab, id.get<std::int64_t>(), token, WordPieceVocab::normal)) return unusable(path, "id of " + token);
    }
    for (const Json& added : json.value("added_tokens", Json::array())) {
      const auto kind = added.value("special", false) ? WordPieceVocab::control : WordPieceVocab::user_defined;
      const auto token = added.at("content").get<std::string>();
      if (!place(vocab, added.at("id").get<std::int64_t>(), token, kind)) return unusable(path, "id of " + token);
    }
    vocab.lowercase = vocab.strip_accents = false;
    read_normalizer(json.value("normalizer", Json()), vocab);
  } catch (const std::exception& e) {
    return unusable(path, e.what());
  }
  return {};
}

Result<void> read_vocab_txt(const fs::path& path, const std::string& text, WordPieceVocab& vocab) {
  std::int64_t id = 0;
  auto lines = text::split(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  for (std::string_view line : lines) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!place(vocab, id++, std::string(line), WordPieceVocab::normal)) {
      return unusable(path, "line " + std::to_string(id) + " is beyond the embedding matrix");
    }
  }
  const fs::path config = path.parent_path() / "tokenizer_config.json";
  if (const auto bytes = disk().read(config)) {
    const Json json = Json::parse(*bytes, nullptr, false);
    if (json.is_object()) {
      vocab.lowercase = json.value("do_lower_case", true);
      const auto strip = json.find("strip_accents");
      vocab.strip_accents = strip != json.end() && strip->is_boolean() ? strip->get<bool>() : vocab.lowercase;
    }
  }
  return {};
}

/// Fills the gaps and checks what llama.cpp cannot do without.
Result<void> complete(const fs::path& path, WordPieceVocab& vocab) {
  for (std::size_t id = 0; id < vocab.tokens.size(); ++id) {
    if (!vocab.tokens[id].empty()) continue;
    vocab.tokens[id] = "[PAD" + std::to_string(id) + "]";
    vocab.types[id] = WordPieceVocab::unused;
  }
  for (const char* name : {"cls", "sep", "unk", "pad"}) {
    if (!vocab.special.contains(name)) return unusable(path, std::string("no [") + name + "] token");
  }
  return {};
}

}  // namespace

std::string WordPieceVocab::stored_form(std::size_t id) const {
  const std::string& token = tokens[id];
  if (types[id] == control) return token;
  if (token.starts_with("##")) return token.substr(2);
  return "\u2581" + token;
}

Result<WordPieceVocab> read_wordpiece(const fs::path& folder, std::size_t size) {
  WordPieceVocab vocab;
  vocab.tokens.resize(size);
  vocab.types.resize(size, WordPieceVocab::unused);
  fs::path path = folder / "tokenizer.json";
  Result<void> done;
  if (const auto bytes = disk().read(path)) {
    done = read_tokenizer_json(path, *bytes, vocab);
  } else {
    path = folder / "vocab.txt";
    const auto lines = disk().read(path);
    if (!lines) {
      return fail(ErrorKind::not_found, tr("The encoder has neither tokenizer.json nor vocab.txt"), folder.string());
    }
    done = read_vocab_txt(path, *lines, vocab);
  }
  if (done) done = complete(path, vocab);
  if (!done) return tl::unexpected(done.error());
  return vocab;
}

}  // namespace twin::models
