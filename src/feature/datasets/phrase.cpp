#include "feature/datasets/phrase.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <regex>
#include <vector>

#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "feature/chunk/sections.h"

namespace twin::feature {
namespace {

constexpr std::size_t longest_inside = 100;   // bytes of a heading that is built into a sentence
constexpr std::size_t longest_heading = 400;  // bytes looked at

using Words = std::vector<std::string_view>;

template <std::size_t N>
bool one_of(std::string_view word, const std::array<std::string_view, N>& list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// Function words are never names.
constexpr std::array<std::string_view, 34> function_words = {
    "a",    "an",   "the",   "and",     "or",      "of",    "in",   "on",  "to",    "for",  "with", "by",
    "from", "at",   "as",    "is",      "are",     "its",   "your", "our", "their", "this", "that", "these",
    "into", "over", "under", "between", "without", "about", "not",  "it",  "how",   "why"};
// Openings after which "about …" would not be a sentence.
constexpr std::array<std::string_view, 32> loose_openings = {
    "in",     "on",      "behind", "from",  "before",  "after", "with", "for",    "at",    "about", "beyond",
    "and",    "or",      "but",    "when",  "where",   "who",   "what", "why",    "how",   "which", "if",
    "inside", "outside", "under",  "while", "because", "as",    "by",   "toward", "until", "to"};
constexpr std::array<std::string_view, 14> verbs = {"is",   "are", "was",  "were", "has",    "have",  "can",
                                                    "does", "do",  "will", "must", "should", "needs", "makes"};
constexpr std::array<std::string_view, 5> determiners = {"the", "a", "an", "your", "our"};
// Words in -ing that name or describe something.
constexpr std::array<std::string_view, 22> not_doing = {
    "during",     "string",      "thing",   "king",     "ring",      "spring",     "nothing", "something",
    "everything", "anything",    "being",   "existing", "remaining", "following",  "missing", "working",
    "pending",    "interesting", "leading", "morning",  "according", "outstanding"};
constexpr std::array<std::string_view, 29> generic_headings = {
    "introduction", "conclusion", "conclusions", "overview", "summary",      "example",      "examples", "notes",
    "note",         "background", "motivation",  "usage",    "installation", "requirements", "preface",  "foreword",
    "details",      "results",    "소개",        "개요",     "결론",         "요약",         "예제",     "참고",
    "마치며",       "들어가며",   "배경",        "서론",     "정리"};

bool is_capitalized(std::string_view word) {
  return !word.empty() && text::is_ascii_upper(word[0]) &&
         std::all_of(word.begin() + 1, word.end(), text::is_ascii_lower);
}

// Calls visit(offset, length) for each run of ASCII letters.
template <class Visit>
void each_word(std::string_view text, const Visit& visit) {
  for (std::size_t at = 0; at < text.size();) {
    if (!text::is_ascii_letter(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && text::is_ascii_letter(text[end])) ++end;
    visit(at, end - at);
    at = end;
  }
}

// A capital after a word and one space is the word's own, not that of a sentence's beginning.
bool follows_a_word(std::string_view text, std::size_t at) {
  return at > 1 && text[at - 1] == ' ' && (text::is_ascii_letter(text[at - 2]) || text[at - 2] == ',');
}

std::string sentence_case(const std::string& heading, const Vocabulary& vocabulary) {
  std::string out = heading;
  each_word(heading, [&](std::size_t at, std::size_t length) {
    const std::string_view word = std::string_view(heading).substr(at, length);
    if (is_capitalized(word) && vocabulary.is_plain_word(word)) out[at] = static_cast<char>(std::tolower(word[0]));
  });
  return out;
}

Words words_of(std::string_view text) {
  Words out;
  for (const std::string_view word : text::split(text, ' ')) {
    if (!word.empty()) out.push_back(word);
  }
  return out;
}

bool ends_with_question_mark(std::string_view text) {
  return text.ends_with("?") || text.ends_with("？");
}

Shape english_shape(const std::string& heading) {
  const Words words = words_of(heading);
  const std::string first = text::ascii_lower(words.front());
  const std::string second = words.size() > 1 ? text::ascii_lower(words[1]) : std::string();
  if (first == "how" && second == "to" && words.size() > 2) return Shape::howto;
  if (heading.size() > longest_inside || heading.ends_with("!") || heading.ends_with(".")) return Shape::quoted;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (one_of(words[i], verbs)) return Shape::quoted;
  }
  if (words.size() > 1 && one_of(first, loose_openings)) return Shape::quoted;
  const bool in_ing = first.size() > 4 && first.ends_with("ing") && !one_of(first, not_doing);
  if (in_ing && words.size() > 1) return Shape::doing;
  if (one_of(second, determiners) && is_capitalized(words.front()) && !in_ing) return Shape::howto;
  return Shape::thing;
}

Shape korean_shape(const std::string& heading) {
  const bool several_words = heading.find(' ') != std::string::npos;
  const bool statement = several_words && (heading.ends_with("다") || heading.ends_with("요"));
  const bool sentence = heading.ends_with(".") || heading.ends_with("!");
  return statement || sentence || heading.size() > 2 * longest_inside ? Shape::quoted : Shape::thing;
}

}  // namespace

void Vocabulary::add(const ProseView& prose) {
  for (const Block& block : prose.blocks) {
    if (!is_prose(block)) continue;
    const std::string_view text = text_of(prose, block.span);
    each_word(text, [&](std::size_t at, std::size_t length) {
      const std::string_view word = text.substr(at, length);
      if (is_capitalized(word) && follows_a_word(text, at)) ++uses_[text::ascii_lower(word)].capitalized;
      if (text::is_ascii_lower(word[0])) ++uses_[std::string(word)].lower;
    });
  }
}

bool Vocabulary::is_plain_word(std::string_view capitalized) const {
  const std::string word = text::ascii_lower(capitalized);
  if (one_of(word, function_words)) return true;
  const auto it = uses_.find(word);
  return it != uses_.end() && it->second.lower > it->second.capitalized;
}

std::string without_numbering(std::string_view heading) {
  static const std::regex english_label(
      R"(^(chapter|section|part|appendix|step)\s+([0-9]+|[ivxlc]+|[a-z])\s*[.:)\-]\s*)",
      std::regex::icase | std::regex::optimize);
  static const std::regex korean_label(R"(^(제\s*)?[0-9]+\s*(장|절|부|편)[.:]?\s+)", std::regex::optimize);
  static const std::regex numbers(R"(^([A-Z]\.)?[0-9]+(\.[0-9]+)*[.)]\s+|^([A-Z]\.)?[0-9]+(\.[0-9]+)+\s+)",
                                  std::regex::optimize);
  std::string text = collapse_space(text::clip(heading, longest_heading));
  for (const std::regex* pattern : {&english_label, &korean_label, &numbers}) {
    const std::string rest = std::regex_replace(text, *pattern, "", std::regex_constants::format_first_only);
    if (!rest.empty()) text = rest;
  }
  while (!text.empty() && (text.back() == ':' || text.back() == ' ')) text.pop_back();
  return text;
}

Phrase make_phrase(std::string_view heading, const std::string& language, const Vocabulary& vocabulary) {
  Phrase phrase;
  phrase.plain = without_numbering(heading);
  phrase.inside = phrase.plain;
  if (phrase.plain.empty()) return phrase;
  if (ends_with_question_mark(phrase.plain)) {
    phrase.shape = Shape::question;
  } else if (language == "ko") {
    phrase.shape = korean_shape(phrase.plain);
  } else if (language != "en") {
    phrase.shape = Shape::thing;
  } else {
    phrase.shape = english_shape(phrase.plain);
    phrase.inside = sentence_case(phrase.plain, vocabulary);
    if (phrase.shape == Shape::howto) {
      if (text::ascii_lower(phrase.inside).starts_with("how to ")) phrase.inside.erase(0, 7);
      if (text::is_ascii_letter(phrase.inside[0])) phrase.inside[0] = static_cast<char>(std::tolower(phrase.inside[0]));
    }
    if (phrase.shape == Shape::doing) phrase.inside[0] = static_cast<char>(std::tolower(phrase.inside[0]));
  }
  return phrase;
}

bool is_generic(const Phrase& phrase) {
  return one_of(text::ascii_lower(phrase.plain), generic_headings);
}

}  // namespace twin::feature
