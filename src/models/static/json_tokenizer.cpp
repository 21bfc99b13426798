#include "models/static/json_tokenizer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/unicode.h"

namespace twin::models {
namespace {

using Added = std::map<std::string, std::uint32_t, std::less<>>;

/// Calls plain(text) and token(id) for the parts of a text, in order; of several tokens at one place the longest
/// counts.
template <class Plain, class Token>
void each_part(const Added& added, std::string_view text, Plain&& plain, Token&& token) {
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size() && !added.empty();) {
    const std::string* longest = nullptr;
    std::uint32_t id = 0;
    for (const auto& [content, number] : added) {
      const bool longer = longest == nullptr || content.size() > longest->size();
      if (longer && text.substr(at).starts_with(content)) {
        longest = &content;
        id = number;
      }
    }
    if (longest == nullptr) {
      ++at;
      continue;
    }
    if (at > begin) plain(text.substr(begin, at - begin));
    token(id);
    at += longest->size();
    begin = at;
  }
  if (begin < text.size()) plain(text.substr(begin));
}

}  // namespace

Result<JsonTokenizer> JsonTokenizer::parse(const std::string& json) {
  try {
    const Json root = Json::parse(json);
    JsonTokenizer tokenizer;
    auto normalizer = make_normalizer(root.value("normalizer", Json()));
    if (!normalizer) return tl::unexpected(std::move(normalizer.error()));
    auto splitter = make_splitter(root.value("pre_tokenizer", Json()));
    if (!splitter) return tl::unexpected(std::move(splitter.error()));
    auto pieces = make_piece_model(root.at("model"));
    if (!pieces) return tl::unexpected(std::move(pieces.error()));
    tokenizer.normalize_ = std::move(*normalizer);
    tokenizer.split_ = std::move(*splitter);
    tokenizer.pieces_ = std::move(*pieces);
    tokenizer.size_ = tokenizer.pieces_->size();
    for (const Json& added : root.value("added_tokens", Json::array())) {
      const auto content = added.at("content").get<std::string>();
      const auto id = added.at("id").get<std::uint32_t>();
      tokenizer.size_ = std::max(tokenizer.size_, std::size_t{id} + 1);
      if (content.empty()) continue;
      const bool normalized = added.value("normalized", !added.value("special", false));
      (normalized ? tokenizer.in_normalized_ : tokenizer.raw_)[content] = id;
    }
    return tokenizer;
  } catch (const Json::exception& exception) {
    return fail(ErrorKind::invalid, tr("Unusable tokenizer: {}", exception.what()), "tokenizer.json");
  }
}

void JsonTokenizer::encode_plain(std::string_view text, bool first, std::vector<std::uint32_t>& ids) const {
  const std::string normal = normalize_(std::string(text));
  each_part(
      in_normalized_, normal,
      [&](std::string_view plain) {
        const bool beginning = first && plain.data() == normal.data();
        for (const std::string& piece : split_(std::string(plain), beginning)) pieces_->encode(piece, ids);
      },
      [&](std::uint32_t id) { ids.push_back(id); });
}

std::vector<std::uint32_t> JsonTokenizer::encode(std::string_view text) const {
  std::vector<std::uint32_t> ids;
  const std::string clean = text::repair_utf8(text);
  each_part(
      raw_, clean, [&](std::string_view plain) { encode_plain(plain, plain.data() == clean.data(), ids); },
      [&](std::uint32_t id) { ids.push_back(id); });
  return ids;
}

}  // namespace twin::models
