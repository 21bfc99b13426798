#include "core/text/korean_endings.h"

#include <algorithm>
#include <array>
#include <cstdint>

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

struct Tail {
  std::array<char32_t, 3> last{};  ///< the last code points, last first
  std::size_t size = 0;            ///< how many there are, at most three
};

/// Of valid UTF-8.
Tail tail_of(std::string_view word) {
  Tail out;
  for (std::size_t end = word.size(); end > 0 && out.size < out.last.size();) {
    std::size_t from = end - 1;
    while (from > 0 && end - from < 4 && (static_cast<unsigned char>(word[from]) & 0xC0u) == 0x80u) --from;
    char32_t value = static_cast<unsigned char>(word[from]);
    if (value >= 0x80) {
      value &= 0xFFu >> (end - from + 1);
      for (std::size_t i = from + 1; i < end; ++i) value = value << 6u | (static_cast<unsigned char>(word[i]) & 0x3Fu);
    }
    out.last[out.size++] = value;
    end = from;
  }
  return out;
}

/// Endings as code points, with a sieve of the last ones: most words are turned away without comparing.
template <std::size_t n>
class Endings {
 public:
  constexpr explicit Endings(const std::array<std::string_view, n>& endings) {
    for (std::size_t i = 0; i < n; ++i) {
      const std::string_view ending = endings[i];
      auto& [last, size] = endings_[i];
      for (std::size_t end = ending.size(); end > 0; end -= syllable_bytes) {
        const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(ending[end - syllable_bytes + k]); };
        last.at(size++) = (byte(0) & 0x0Fu) << 12u | (byte(1) & 0x3Fu) << 6u | (byte(2) & 0x3Fu);
      }
      sieve_ |= bit(last[0]);
    }
  }
  [[nodiscard]] bool end(const Tail& word) const {
    if ((sieve_ & bit(word.last[0])) == 0) return false;
    for (const Tail& ending : endings_) {
      if (ending.last[0] != word.last[0] || ending.size > word.size) continue;
      if ((ending.size < 2 || ending.last[1] == word.last[1]) && (ending.size < 3 || ending.last[2] == word.last[2])) {
        return true;
      }
    }
    return false;
  }

 private:
  static constexpr std::size_t syllable_bytes = 3;
  static constexpr std::uint64_t bit(char32_t last) { return std::uint64_t{1} << ((last ^ last >> 6u) & 63u); }

  std::array<Tail, n> endings_{};
  std::uint64_t sieve_ = 0;
};
constexpr Endings kFinals(kFinal);
constexpr Endings kConnectives(kConnective);

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
  const Tail tail = tail_of(word);
  const std::size_t n = tail.size;
  if (n == 0 || !is_hangul(tail.last[0])) return Ending::none;
  const char32_t last = tail.last[0];
  const char32_t before = tail.last[1];
  if (n > 1 && kFinals.end(tail)) return Ending::final;
  if (last == U'요' && n > 1 && is_polite_stem(before) && word != "개요" && !word.ends_with("데요")) {
    return Ending::final;
  }
  if (n > 2 && word.ends_with("니까") && final_consonant(tail.last[2]) == final_b) return Ending::final;
  if (last == U'게') return final_consonant(before) == final_l ? Ending::final : Ending::connective;  // 할게, 크게
  // Past and conjecture (-ㅆ-) before an ending of speech: 봤어, 하겠네. Not -지: 있지 않다.
  const bool tense = final_consonant(before) == final_ss;
  if (tense && (last == U'어' || last == U'네' || last == U'죠')) return Ending::final;
  if (kConnectives.end(tail)) return Ending::connective;
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
