// Normalizers of a tokenizer.json.
#include <bit>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base64.h"
#include "core/i18n.h"
#include "core/text/graphemes.h"
#include "models/static/characters.h"
#include "models/static/text_steps.h"

namespace twin::models {
namespace {

static_assert(std::endian::native == std::endian::little, "the table is read as it is stored");

constexpr std::size_t kLongestGrapheme = 6;  // bytes; of longer ones each character is looked up alone

tl::unexpected<Error> unknown_step(const std::string& type) {
  return fail(ErrorKind::invalid, tr("A step of the tokenizer is not known here: {}", type), "tokenizer.json");
}

/// SentencePiece's table of replacements: a trie as an XOR-compressed double array (S. Yata's Darts-clone), then the
/// replacements, each ended by NUL.
class Charsmap {
 public:
  static std::optional<Charsmap> parse(const std::string& bytes) {
    std::uint32_t size = 0;
    if (bytes.size() < sizeof size) return std::nullopt;
    std::memcpy(&size, bytes.data(), sizeof size);
    if (size % sizeof(std::uint32_t) != 0 || size > bytes.size() - sizeof size) return std::nullopt;
    Charsmap map;
    map.units_.resize(size / sizeof(std::uint32_t));
    if (size > 0) std::memcpy(map.units_.data(), bytes.data() + sizeof size, size);
    map.replacements_ = bytes.substr(sizeof size + size);
    return map;
  }

  /// The replacement of the shortest beginning of the text that has one, as the original takes it.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view text) const {
    if (units_.empty()) return std::nullopt;
    std::size_t at = offset(units_[0]);
    for (const char c : text) {
      const auto label = static_cast<std::uint8_t>(c);
      if (label == 0) return std::nullopt;
      at ^= label;
      if (at >= units_.size()) return std::nullopt;
      const std::uint32_t unit = units_[at];
      if ((unit & 0x800000FFU) != label) return std::nullopt;
      at ^= offset(unit);
      if ((unit >> 8 & 1U) == 0) continue;
      if (at >= units_.size()) return std::nullopt;
      const std::size_t value = units_[at] & 0x7FFFFFFFU;
      if (value >= replacements_.size()) return std::nullopt;
      return std::string_view(replacements_.c_str() + value);
    }
    return std::nullopt;
  }

 private:
  static std::size_t offset(std::uint32_t unit) { return (unit >> 10) << ((unit & (1U << 9)) >> 6); }
  std::vector<std::uint32_t> units_;
  std::string replacements_;
};

std::string apply(const Charsmap& map, const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text::grapheme_end(text, at);
    const std::string_view grapheme = std::string_view(text).substr(at, end - at);
    at = end;
    if (grapheme.size() < kLongestGrapheme) {
      if (const auto found = map.find(grapheme)) {
        out += *found;
        continue;
      }
    }
    for (std::size_t i = 0; i < grapheme.size();) {
      const std::string_view one = grapheme.substr(i, utf8_length(grapheme[i]));
      out += map.find(one).value_or(one);
      i += one.size();
    }
  }
  return out;
}

Normalizer bert(const Json& json) {
  const bool clean = json.value("clean_text", true), ideographs = json.value("handle_chinese_chars", true);
  const bool lower = json.value("lowercase", true);
  const auto strip = json.find("strip_accents");  // null: as lowercase
  const bool accents = strip != json.end() && strip->is_boolean() ? strip->get<bool>() : lower;
  return [=](const std::string& text) {
    std::u32string kept;
    for (const char32_t c : to_utf32(text)) {
      if (clean && (c == 0 || c == 0xFFFD || is_control(c))) continue;
      if (ideographs && is_bert_ideograph(c)) {
        kept += {U' ', c, U' '};
      } else {
        kept += clean && is_white_space(c) ? U' ' : c;
      }
    }
    std::string out = to_utf8(kept);
    if (accents) out = without_marks(normalized(out, NormalForm::d));
    return lower ? lower_case(out) : out;
  };
}

std::string stripped(const std::string& text, bool left, bool right) {
  const std::u32string all = to_utf32(text);
  std::size_t begin = 0, end = all.size();
  while (left && begin < end && is_white_space(all[begin])) ++begin;
  while (right && end > begin && is_white_space(all[end - 1])) --end;
  return to_utf8(std::u32string_view(all).substr(begin, end - begin));
}

std::string replace_all(const std::string& text, const std::string& from, const std::string& to) {
  std::string out;
  std::size_t at = 0;
  for (std::size_t found = text.find(from); found != std::string::npos; found = text.find(from, at)) {
    out.append(text, at, found - at).append(to);
    at = found + from.size();
  }
  return out.append(text, at, std::string::npos);
}

/// Runs of at least `least` characters of a kind become `to`.
std::string replace_runs(const std::string& text, bool (*of_kind)(char32_t), std::size_t least, const std::string& to) {
  const std::u32string all = to_utf32(text);
  std::string out;
  for (std::size_t at = 0; at < all.size();) {
    std::size_t end = at;
    while (end < all.size() && of_kind(all[end])) ++end;
    if (end - at >= least) {
      out += to;
      at = end;
    } else {
      end = std::max(end, at + 1);
      out += to_utf8(std::u32string_view(all).substr(at, end - at));
      at = end;
    }
  }
  return out;
}

Result<Normalizer> replace(const Json& json) {
  const Json& pattern = json.at("pattern");
  const auto to = json.at("content").get<std::string>();
  if (pattern.contains("String")) {
    const auto from = pattern.at("String").get<std::string>();
    if (from.empty()) return unknown_step("Replace \"\"");
    return [=](const std::string& text) { return replace_all(text, from, to); };
  }
  const auto regex = pattern.at("Regex").get<std::string>();
  if (regex == "\\s+") return [=](const std::string& text) { return replace_runs(text, is_white_space, 1, to); };
  if (regex == " {2,}") {
    return [=](const std::string& text) {
      return replace_runs(
          text, [](char32_t c) { return c == U' '; }, 2, to);
    };
  }
  return unknown_step("Replace " + regex);
}

Result<Normalizer> sequence(const Json& json) {
  std::vector<Normalizer> steps;
  for (const Json& part : json.at("normalizers")) {
    auto step = make_normalizer(part);
    if (!step) return step;
    steps.push_back(std::move(*step));
  }
  return [steps](std::string text) {
    for (const Normalizer& step : steps) text = step(std::move(text));
    return text;
  };
}

Result<Normalizer> precompiled(const Json& json) {
  const auto bytes = base64_decode(json.at("precompiled_charsmap").get<std::string>());
  auto map = bytes ? Charsmap::parse(*bytes) : std::nullopt;
  if (!map) {
    return fail(ErrorKind::invalid, tr("The tokenizer's table of replacements is damaged"), "tokenizer.json");
  }
  return [map = std::move(*map)](const std::string& text) { return apply(map, text); };
}

}  // namespace

Result<Normalizer> make_normalizer(const Json& json) {
  if (json.is_null()) return [](std::string text) { return text; };
  const auto type = json.at("type").get<std::string>();
  if (type == "Sequence") return sequence(json);
  if (type == "BertNormalizer") return bert(json);
  if (type == "Precompiled") return precompiled(json);
  if (type == "NFC") return [](const std::string& text) { return normalized(text, NormalForm::c); };
  if (type == "NFD") return [](const std::string& text) { return normalized(text, NormalForm::d); };
  if (type == "NFKC") return [](const std::string& text) { return normalized(text, NormalForm::kc); };
  if (type == "NFKD") return [](const std::string& text) { return normalized(text, NormalForm::kd); };
  if (type == "Lowercase") return [](const std::string& text) { return lower_case(text); };
  if (type == "StripAccents") return [](const std::string& text) { return without_marks(text); };
  if (type == "Replace") return replace(json);
  if (type == "Strip") {
    const bool left = json.value("strip_left", true), right = json.value("strip_right", true);
    return [=](const std::string& text) { return stripped(text, left, right); };
  }
  if (type == "Prepend") {
    const auto before = json.at("prepend").get<std::string>();
    return [=](std::string text) { return text.empty() ? text : before + text; };
  }
  return unknown_step(type);
}

}  // namespace twin::models
