#include "feature/quality/phrases.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>

using namespace twin::feature;

namespace {

/// By the definition, with the words themselves.
PhraseCounts counted(const std::vector<std::string>& words) {
  PhraseCounts out;
  const auto phrase = [&](std::size_t i, std::size_t n) {
    return std::vector<std::string>(words.begin() + static_cast<std::ptrdiff_t>(i),
                                    words.begin() + static_cast<std::ptrdiff_t>(i + n));
  };
  for (const std::size_t n : {2u, 3u, 4u}) {
    std::map<std::vector<std::string>, std::size_t> times;
    for (std::size_t i = 0; i + n <= words.size(); ++i) ++times[phrase(i, n)];
    for (const auto& [text, count] : times) {
      std::size_t characters = 0;
      for (const auto& word : text) characters += word.size();
      if (count > 1) out.most_frequent = std::max(out.most_frequent, count * characters);
    }
  }
  for (const std::size_t n : {5u, 7u, 10u}) {
    std::set<std::vector<std::string>> seen;
    std::vector<bool> covered(words.size());
    for (std::size_t i = 0; i + n <= words.size(); ++i) {
      if (seen.insert(phrase(i, n)).second) continue;
      for (std::size_t k = i; k < i + n; ++k) covered[k] = true;
    }
    std::size_t characters = 0;
    for (std::size_t i = 0; i < words.size(); ++i) characters += covered[i] ? words[i].size() : 0;
    out.repeated = std::max(out.repeated, characters);
  }
  return out;
}

}  // namespace

TEST_CASE("phrases: counts are those of the definition") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    // Few words: much repeats. Sometimes a passage is copied.
    std::vector<std::string> words;
    words.reserve(static_cast<std::size_t>(round));
    const int vocabulary = 1 + round % 9;
    for (int i = 0; i < round; ++i) words.emplace_back(static_cast<std::size_t>(1 + random() % vocabulary), 'w');
    if (round % 3 == 0)
      words.insert(words.end(), words.begin(), words.begin() + static_cast<std::ptrdiff_t>(words.size() / 2));
    Phrases phrases;
    for (const auto& word : words) phrases.add(std::hash<std::string>()(word), word.size());
    const PhraseCounts expected = counted(words), found = phrases.count();
    CAPTURE(round);
    CHECK(found.most_frequent == expected.most_frequent);
    CHECK(found.repeated == expected.repeated);
  }
}
