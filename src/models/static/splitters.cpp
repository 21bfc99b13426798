// Pre-tokenizers of a tokenizer.json.
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "models/static/characters.h"
#include "models/static/text_steps.h"

namespace twin::models {
namespace {

/// Where a character goes: nowhere, into a piece of its own, or to its neighbours of the same number.
constexpr int kDropped = -1, kAlone = 0;

std::vector<std::string> split_by(const std::string& text, int (*kind_of)(char32_t)) {
  std::vector<std::string> pieces;
  std::u32string piece;
  int kind = kDropped;
  const auto close = [&] {
    if (!piece.empty()) pieces.push_back(to_utf8(piece));
    piece.clear();
  };
  for (const char32_t c : to_utf32(text)) {
    const int now = kind_of(c);
    if (now != kind || now == kAlone) close();
    kind = now;
    if (now != kDropped) piece += c;
  }
  close();
  return pieces;
}

int bert_kind(char32_t c) {
  if (is_white_space(c)) return kDropped;
  return is_punctuation(c) ? kAlone : 1;
}
int word_kind(char32_t c) {
  if (is_word(c)) return 1;
  return is_white_space(c) ? kDropped : 2;
}
int space_kind(char32_t c) {
  return is_white_space(c) ? kDropped : 1;
}
int punctuation_kind(char32_t c) {
  return is_punctuation(c) ? kAlone : 1;
}
int digits_kind(char32_t c) {
  return is_digit_of_any_script(c) ? 2 : 1;
}
int each_digit_kind(char32_t c) {
  return is_digit_of_any_script(c) ? kAlone : 1;
}

Splitter by(int (*kind_of)(char32_t)) {
  return [=](const std::string& text, bool) { return split_by(text, kind_of); };
}

Splitter metaspace(const Json& json) {
  const std::string mark = json.value("replacement", std::string("\u2581"));
  // Older files say add_prefix_space instead.
  const std::string scheme =
      json.value("prepend_scheme", std::string(json.value("add_prefix_space", true) ? "always" : "never"));
  const bool split = json.value("split", true);
  return [=](const std::string& text, bool first) {
    std::string marked;
    for (const char c : text) {
      if (c == ' ') {
        marked += mark;
      } else {
        marked += c;
      }
    }
    const bool prepend = scheme == "always" || (scheme == "first" && first);
    if (prepend && !marked.empty() && !marked.starts_with(mark)) marked.insert(0, mark);
    if (!split) return std::vector<std::string>{marked};
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < marked.size();) {
      const std::size_t next = std::min(marked.find(mark, at + 1), marked.size());
      pieces.push_back(marked.substr(at, next - at));
      at = next;
    }
    return pieces;
  };
}

Result<Splitter> all_of(const Json& json) {
  std::vector<Splitter> steps;
  for (const Json& part : json.at("pretokenizers")) {
    auto step = make_splitter(part);
    if (!step) return step;
    steps.push_back(std::move(*step));
  }
  return [steps](const std::string& text, bool first) {
    std::vector<std::string> pieces = {text};
    for (const Splitter& step : steps) {
      std::vector<std::string> smaller;
      for (std::size_t i = 0; i < pieces.size(); ++i) {
        for (std::string& piece : step(pieces[i], first && i == 0)) smaller.push_back(std::move(piece));
      }
      pieces = std::move(smaller);
    }
    return pieces;
  };
}

}  // namespace

Result<Splitter> make_splitter(const Json& json) {
  if (json.is_null()) return [](const std::string& text, bool) { return std::vector<std::string>{text}; };
  const auto type = json.at("type").get<std::string>();
  if (type == "Sequence") return all_of(json);
  if (type == "BertPreTokenizer") return by(bert_kind);
  if (type == "Whitespace") return by(word_kind);
  if (type == "WhitespaceSplit") return by(space_kind);
  if (type == "Metaspace") return metaspace(json);
  if (type == "Digits") return by(json.value("individual_digits", false) ? each_digit_kind : digits_kind);
  if (type == "Punctuation" && json.value("behavior", "Isolated") == "Isolated") return by(punctuation_kind);
  return fail(ErrorKind::invalid, tr("A step of the tokenizer is not known here: {}", type), "tokenizer.json");
}

}  // namespace twin::models
