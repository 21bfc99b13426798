#include "evaluation/retrieval_sets/spoiled.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/text/unicode.h"
#include "evaluation/korean_particles.h"
#include "evaluation/random.h"

namespace twin::evaluation {
namespace {

constexpr std::size_t kLongWord = 4;   // letters, from which a word is mistyped
constexpr std::size_t kMistyped = 2;   // words of a text
constexpr std::size_t kSplitWord = 4;  // syllables, from which a blank may come inside
constexpr std::array<std::string_view, 3> kRows = {"qwertyuiop", "asdfghjkl", "zxcvbnm"};

bool ends_in_hangul(std::string_view word) {
  const auto points = text::codepoints(word);
  return !points.empty() && text::is_hangul(points.back().value);
}

std::string joined_with_blanks(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) {
    if (word.empty()) continue;
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out;
}

std::vector<std::string> blank_separated(std::string_view text) {
  std::vector<std::string> words;
  for (const std::string_view word : text::split(text, ' ')) {
    if (!word.empty()) words.emplace_back(word);
  }
  return words;
}

/// A key beside the letter; the letter itself where it is none of a keyboard.
char beside(char letter, std::mt19937_64& random) {
  for (const std::string_view row : kRows) {
    const std::size_t at = row.find(letter);
    if (at == std::string_view::npos) continue;
    const bool right = at == 0 || (at + 1 < row.size() && draw(random, 2) == 1);
    return row[right ? at + 1 : at - 1];
  }
  return letter;
}

bool is_ascii_word(std::string_view word) {
  return std::all_of(word.begin(), word.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

std::string mistyped(std::string word, std::mt19937_64& random) {
  const std::size_t at = 1 + draw(random, word.size() - 2);
  switch (draw(random, 4)) {
    case 0:
      if (word[at] != word[at + 1]) {
        std::swap(word[at], word[at + 1]);
        return word;
      }
      [[fallthrough]];
    case 1:
      return word.erase(at, 1);
    case 2:
      return word.insert(at, 1, word[at]);
    default:
      const char other = beside(word[at], random);
      return other == word[at] ? word.erase(at, 1) : word.replace(at, 1, 1, other);
  }
}

}  // namespace

std::string spoil_particles(std::string_view korean, std::mt19937_64& random) {
  auto words = blank_separated(korean);
  std::vector<std::size_t> with_particle;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (ends_in_hangul(words[i]) && !split_particle(words[i]).particle.empty()) with_particle.push_back(i);
  }
  if (with_particle.empty()) return {};
  const std::size_t sure = draw(random, with_particle.size());  // at least this one
  for (std::size_t i = 0; i < with_particle.size(); ++i) {
    if (draw(random, 4) == 0 && i != sure) continue;
    std::string& word = words[with_particle[i]];
    const ParticleWord split = split_particle(word);
    const std::string other = draw(random, 3) == 0 ? confused_particle(split) : std::string();
    word = std::string(split.stem) + other;
  }
  return joined_with_blanks(words);
}

std::string spoil_spacing(std::string_view korean, std::mt19937_64& random) {
  const auto words = blank_separated(korean);
  std::vector<std::size_t> gaps, long_words;  // gap i: before word i
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto points = text::codepoints(words[i]);
    const bool hangul =
        std::all_of(points.begin(), points.end(), [](const auto& c) { return text::is_hangul(c.value); });
    if (i > 0 && ends_in_hangul(words[i - 1]) && hangul) gaps.push_back(i);
    if (hangul && points.size() >= kSplitWord) long_words.push_back(i);
  }
  if (gaps.empty() && long_words.empty()) return {};
  const std::size_t choices = gaps.size() + long_words.size();
  const std::size_t sure = draw(random, choices);
  std::string out;
  std::size_t choice = 0;
  const auto chosen = [&] {
    const bool other = draw(random, 3) == 0;
    return choice++ == sure || other;
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool may_join = std::binary_search(gaps.begin(), gaps.end(), i);
    if (i > 0 && !(may_join && chosen())) out += ' ';
    if (std::binary_search(long_words.begin(), long_words.end(), i) && chosen()) {
      const auto points = text::codepoints(words[i]);
      const std::size_t at = points[2 + draw(random, points.size() - 3)].offset;
      out.append(words[i], 0, at).append(" ").append(words[i], at);
    } else {
      out += words[i];
    }
  }
  return out;
}

std::string spoil_letters(std::string_view english, std::mt19937_64& random) {
  auto words = blank_separated(english);
  std::vector<std::size_t> long_words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].size() >= kLongWord && is_ascii_word(words[i])) long_words.push_back(i);
  }
  if (long_words.empty()) return {};
  for (std::size_t n = 0; n < kMistyped && !long_words.empty(); ++n) {
    const std::size_t pick = draw(random, long_words.size());
    words[long_words[pick]] = mistyped(words[long_words[pick]], random);
    long_words.erase(long_words.begin() + static_cast<std::ptrdiff_t>(pick));
  }
  return joined_with_blanks(words);
}

}  // namespace twin::evaluation
