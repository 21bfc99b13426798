#include "evaluation/topic_words.h"

#include <algorithm>
#include <array>
#include <bit>

#include "core/text/korean_endings.h"
#include "core/text/unicode.h"
#include "evaluation/korean_particles.h"
#include "evaluation/words.h"

namespace twin::evaluation {
namespace {

constexpr std::size_t shortest_latin = 3, longest_word = 60;  // bytes: beyond it is no word, but data

// Words that stand in texts on anything.
constexpr std::array<std::string_view, 44> kCommonKorean = {
    "그리고", "그러나", "하지만", "그래서", "또한", "대한", "대해", "위한", "위해", "통해", "따라",
    "따른",   "관한",   "의한",   "경우",   "때문", "이런", "그런", "저런", "어떤", "모든", "여러",
    "우리",   "저는",   "나는",   "제가",   "내가", "이것", "그것", "저것", "여기", "거기", "지금",
    "오늘",   "다시",   "다른",   "정말",   "매우", "아주", "가장", "모두", "함께", "바로", "이제"};

// How verbs and adjectives end. Endings of one syllable end too many nouns (바다, 분야, 화면) and are left out.
constexpr std::array<std::string_view, 56> kVerbEndings = {
    "한다", "했다", "하다", "된다", "됐다", "되다", "였다", "었다", "았다", "있다", "없다", "는다", "같다", "이다",
    "니다", "니까", "면서", "아서", "어서", "여서", "해서", "하여", "하며", "하고", "되고", "되며", "하면", "되면",
    "려고", "는데", "은데", "인데", "던데", "지만", "거나", "든지", "도록", "하는", "되는", "있는", "없는", "하던",
    "하게", "되게", "하지", "되지", "하기", "되기", "있고", "없고", "있어", "없어", "같은", "많은", "좋은", "새로운"};

bool is_verb_like(std::string_view word) {
  if (text::ending_of(word) == text::Ending::final) return true;
  return std::any_of(kVerbEndings.begin(), kVerbEndings.end(),
                     [&](std::string_view ending) { return word.ends_with(ending); });
}

bool is_korean(std::string_view word) {
  const auto points = text::codepoints(word);
  return std::all_of(points.begin(), points.end(), [](const text::Codepoint& c) { return text::is_hangul(c.value); });
}

bool is_common_korean(std::string_view word) {
  return std::find(kCommonKorean.begin(), kCommonKorean.end(), word) != kCommonKorean.end();
}

}  // namespace

void TopicWords::learn(std::string_view utf8) {
  for (const std::string& word : words(utf8)) {
    if (word.size() > longest_word || !is_korean(word)) continue;
    endings_[word] |= 1;
    // Particles stand in rows (도서관에서는): every way to cut counts.
    std::string_view rest = word;
    for (ParticleWord split = split_particle(rest); !split.particle.empty(); split = split_particle(rest)) {
      endings_[std::string(split.stem)] |= std::uint64_t{1} << particle_number(split.particle);
      rest = split.stem;
    }
  }
}

std::string_view TopicWords::korean_stem(std::string_view word) const {
  const ParticleWord split = split_particle(word);
  if (split.particle.empty()) return word;
  const auto seen = endings_.find(std::string(split.stem));
  return seen != endings_.end() && std::popcount(seen->second) > 1 ? split.stem : word;
}

std::vector<TopicWord> TopicWords::of(std::string_view utf8) const {
  const std::vector<std::string>& function_words = english_function_words();
  std::vector<TopicWord> found;
  for (const std::string& word : words(utf8)) {
    if (word.size() > longest_word || is_number(word)) continue;
    if (is_korean(word)) {
      const std::string_view stem = korean_stem(word);
      const bool syllable = text::codepoints(stem).size() < 2;
      if (!syllable && !is_common_korean(stem) && !is_verb_like(word)) {
        found.push_back({std::string(stem), std::string(stem)});
      }
      continue;
    }
    if (word.size() < shortest_latin || std::binary_search(function_words.begin(), function_words.end(), word)) {
      continue;
    }
    const std::string plain = word.ends_with("'s") ? word.substr(0, word.size() - 2) : word;
    found.push_back({english_stem(plain), plain});
  }
  return found;
}

}  // namespace twin::evaluation
