#include "core/text/korean_endings.h"

#include <algorithm>
#include <array>

#include "core/text/unicode.h"

namespace twin::text {
namespace {

constexpr std::array<std::string_view, 37> kFinal = {
    "니다",   "니까요", "어요",   "아요", "에요",   "예요",   "해요", "세요", "네요", "까요",
    "나요",   "거든요", "잖아요", "군요", "지요",   "죠",     "래요", "대요", "게요", "걸요",
    "라고요", "라구요", "돼요",   "봐요", "와요",   "줘요",   "져요", "워요", "여요", "셔요",
    "십시오", "세용",   "거든",   "잖아", "다니까", "라니까", "구나"};

// Connective endings and particles on which a line may break.
constexpr std::array<std::string_view, 38> kConnective = {
    "고", "며",   "면서", "아서", "어서", "해서", "려고", "는데", "은데", "인데", "지만", "니까", "도",
    "은", "는",   "이",   "가",   "을",   "를",   "의",   "에",   "에서", "로",   "와",   "과",   "만",
    "면", "거나", "든지", "도록", "까지", "부터", "에게", "한테", "보다", "처럼", "하여", "위해"};

constexpr std::array<std::string_view, 12> kJoining = {"라고", "라는", "라며", "라면서",   "라던", "만",
                                                       "하고", "하며", "하면", "하더라도", "싶은", "치고"};

template <std::size_t n>
bool ends_with_any(std::string_view word, const std::array<std::string_view, n>& endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view e) { return word.ends_with(e); });
}

constexpr char32_t first_syllable = 0xAC00, last_syllable = 0xD7A3;
constexpr char32_t finals = 28;                               // final consonants, none included
constexpr char32_t final_l = 8, final_b = 17, final_ss = 20;  // ㄹ, ㅂ, ㅆ

char32_t final_consonant(char32_t syllable) {
  return syllable < first_syllable || syllable > last_syllable ? 0 : (syllable - first_syllable) % finals;
}

/// An open syllable with a vowel of -아요 and -어요, contracted or not: 비싸요, 보내요, 마셔요, 매워요, 와요.
bool is_polite_stem(char32_t syllable) {
  if (syllable < first_syllable || syllable > last_syllable || final_consonant(syllable) != 0) return false;
  constexpr char32_t vowels = 21;
  constexpr std::array<char32_t, 9> wanted = {0, 1, 4, 5, 6, 7, 9, 10, 14};  // ㅏ ㅐ ㅓ ㅔ ㅕ ㅖ ㅘ ㅙ ㅝ
  const char32_t vowel = (syllable - first_syllable) / finals % vowels;
  return std::find(wanted.begin(), wanted.end(), vowel) != wanted.end();
}

}  // namespace

Ending ending_of(std::string_view word) {
  // The endings are a few syllables; the rest of a long token does not matter.
  constexpr std::size_t enough = 12;
  std::size_t from = word.size() > enough ? word.size() - enough : 0;
  while (from < word.size() && (static_cast<unsigned char>(word[from]) & 0xC0u) == 0x80u) ++from;
  const auto points = codepoints(word.substr(from));
  const std::size_t n = points.size();
  if (n == 0 || !is_hangul(points[n - 1].value)) return Ending::none;
  const char32_t last = points[n - 1].value;
  const char32_t before = n > 1 ? points[n - 2].value : U'\0';
  if (n > 1 && ends_with_any(word, kFinal)) return Ending::final;
  if (last == U'요' && n > 1 && is_polite_stem(before) && word != "개요" && !word.ends_with("데요")) {
    return Ending::final;
  }
  if (n > 2 && word.ends_with("니까") && final_consonant(points[n - 3].value) == final_b) return Ending::final;
  if (last == U'게') return final_consonant(before) == final_l ? Ending::final : Ending::connective;  // 할게, 크게
  // Past and conjecture (-ㅆ-) before an ending of speech: 봤어, 하겠네. Not -지: 있지 않다.
  const bool tense = final_consonant(before) == final_ss;
  if (tense && (last == U'어' || last == U'네' || last == U'죠')) return Ending::final;
  if (ends_with_any(word, kConnective)) return Ending::connective;
  if (n == 1) return Ending::none;
  if (last == U'다' || last == U'요' || last == U'까' || last == U'네' || last == U'지' || last == U'야' ||
      last == U'어' || last == U'아') {
    return Ending::plain;
  }
  // Nominal endings of notes: 함, 됨, 있음, 예정임.
  if (last == U'음' || last == U'함' || last == U'됨' || last == U'임') return Ending::plain;
  return Ending::none;
}

bool joins(std::string_view word) {
  return std::any_of(kJoining.begin(), kJoining.end(), [&](std::string_view joining) {
    return word.starts_with(joining) && word.size() <= joining.size() + 3;  // one more syllable: 라고는, 라고도
  });
}

}  // namespace twin::text
