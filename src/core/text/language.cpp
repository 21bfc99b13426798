#include "core/text/language.h"

#include <algorithm>
#include <array>

#include "core/text/scan.h"

namespace twin::text {
namespace {

/// A page says what language it is in within so many bytes.
constexpr std::size_t looked_at = 8192;
/// A third of the letters is enough: Korean technical writing is full of English terms.
constexpr double korean_share = 0.3;
constexpr double kana_share = 0.05;
/// Below these the model guesses: with few letters it must be surer.
constexpr std::size_t few_letters = 40;
constexpr double sure = 0.35, sure_of_few = 0.5;

struct Script {
  char32_t first = 0, last = 0;
  std::string_view language;  // the one language, for our purposes, that is written in it
};
constexpr std::array<Script, 17> kOwnScripts = {{{0x0370, 0x03FF, "el"},
                                                 {0x0530, 0x058F, "hy"},
                                                 {0x0590, 0x05FF, "he"},
                                                 {0x0980, 0x09FF, "bn"},
                                                 {0x0A00, 0x0A7F, "pa"},
                                                 {0x0A80, 0x0AFF, "gu"},
                                                 {0x0B00, 0x0B7F, "or"},
                                                 {0x0B80, 0x0BFF, "ta"},
                                                 {0x0C00, 0x0C7F, "te"},
                                                 {0x0C80, 0x0CFF, "kn"},
                                                 {0x0D00, 0x0D7F, "ml"},
                                                 {0x0D80, 0x0DFF, "si"},
                                                 {0x0E00, 0x0E7F, "th"},
                                                 {0x0E80, 0x0EFF, "lo"},
                                                 {0x0F00, 0x0FFF, "bo"},
                                                 {0x1000, 0x109F, "my"},
                                                 {0x10A0, 0x10FF, "ka"}}};

constexpr std::array<std::string_view, 22> kEnglishWords = {"the", "of",  "and", "to",   "in", "is",   "my", "from",
                                                            "for", "how", "a",   "with", "on", "that", "it", "why",
                                                            "as",  "at",  "are", "no",   "i",  "what"};

bool is_kana(char32_t c) {
  return (c >= 0x3041 && c <= 0x309F) || (c >= 0x30A0 && c <= 0x30FF) || (c >= 0x31F0 && c <= 0x31FF);
}
bool is_latin(char32_t c) {
  return (c < 0x250 && is_letter(c)) || (c >= 0x1E00 && c <= 0x1EFF);
}

struct Letters {
  std::size_t all = 0, hangul = 0, kana = 0, han = 0, latin = 0;
  std::array<std::size_t, kOwnScripts.size()> own{};
};

Letters count(std::string_view utf8) {
  Letters out;
  std::size_t ascii = 0;
  for (std::size_t at = 0; at < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[at]);
    if (lead < 0x80) {
      ascii += scans_letter(lead) ? 1u : 0u;
      ++at;
      continue;
    }
    const Codepoint point = codepoint_at(utf8, at);
    at += point.length;
    const char32_t c = point.value;
    if (!scans_letter(c)) continue;
    ++out.all;
    if (is_hangul(c)) {
      ++out.hangul;
    } else if (is_latin(c)) {
      ++out.latin;
    } else if (is_kana(c)) {
      ++out.kana;
    } else if (is_cjk(c)) {
      ++out.han;
    } else {
      for (std::size_t i = 0; i < kOwnScripts.size(); ++i) {
        out.own[i] += c >= kOwnScripts[i].first && c <= kOwnScripts[i].last ? 1u : 0u;
      }
    }
  }
  out.all += ascii;
  out.latin += ascii;
  return out;
}

/// Words with Hangul against small English words, brackets and quotations left out: "React와 Next.js 정리" is Korean,
/// "my trip to Busan (부산)" is not.
bool reads_korean(std::string_view utf8) {
  int depth = 0;
  std::size_t korean = 0, english = 0;
  bool quoted = false;
  std::string word;
  bool hangul = false;
  const auto finish = [&] {
    if (hangul) {
      ++korean;
    } else if (!word.empty() && std::find(kEnglishWords.begin(), kEnglishWords.end(), word) != kEnglishWords.end()) {
      ++english;
    }
    word.clear();
    hangul = false;
  };
  for (const Codepoint& point : codepoints(utf8)) {
    const char32_t c = point.value;
    if (c == U'(' || c == U'[' || c == U'“') ++depth;
    if (c == U')' || c == U']' || c == U'”') depth = std::max(0, depth - 1);
    if (c == U'"') quoted = !quoted;
    if (!is_letter(c)) {
      finish();
    } else if (depth == 0 && !quoted) {
      if (is_hangul(c)) {
        if (!word.empty() && !hangul) word.clear();
        hangul = true;
      } else if (c < 0x80) {
        word += static_cast<char>(c >= U'A' && c <= U'Z' ? c + 32 : c);
      } else {
        word += '?';
      }
    }
  }
  finish();
  return korean > english;
}

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

LanguageGuess by_script(std::string_view utf8, const Letters& letters) {
  if (letters.all == 0) return {};
  const double hangul = share(letters.hangul, letters.all);
  if (hangul >= korean_share) return {"ko", std::min(1.0, 0.5 + hangul / 2)};
  if (letters.hangul > 0 && letters.kana == 0 && reads_korean(utf8)) return {"ko", 0.5};
  const std::size_t east = letters.kana + letters.han;
  if (share(letters.kana, letters.all) >= kana_share) return {"ja", std::min(1.0, 0.5 + share(east, letters.all) / 2)};
  if (share(letters.han, letters.all) >= korean_share) return {"zh", std::min(1.0, 0.5 + share(east, letters.all) / 2)};
  for (std::size_t i = 0; i < kOwnScripts.size(); ++i) {
    if (2 * letters.own[i] > letters.all)
      return {std::string(kOwnScripts[i].language), share(letters.own[i], letters.all)};
  }
  return {};
}

}  // namespace

LanguageGuess guess_by_script(std::string_view utf8) {
  utf8 = clip(utf8, looked_at);
  return by_script(utf8, count(utf8));
}

LanguageGuess identify_language(std::string_view utf8) {
  utf8 = clip(utf8, looked_at);
  const Letters letters = count(utf8);
  LanguageGuess guess = by_script(utf8, letters);
  if (!guess.code.empty() || letters.all == 0) return guess;
  LanguageGuess otherwise = 2 * letters.latin > letters.all ? LanguageGuess{"en", 0} : LanguageGuess{};
  const auto model = LanguageModel::shared();
  if (!model) return otherwise;
  guess = (*model)->predict(utf8);
  return guess.confidence >= (letters.all < few_letters ? sure_of_few : sure) ? guess : otherwise;
}

}  // namespace twin::text
