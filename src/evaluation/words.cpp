#include "evaluation/words.h"

#include <libstemmer.h>

#include <algorithm>
#include <memory>

#include "core/result.h"
#include "core/text/ascii.h"
#include "core/text/unicode.h"

namespace twin::evaluation {

namespace {

bool is_word_part(char32_t c) {
  return text::is_letter(c) || text::is_digit(c);
}
bool is_apostrophe(char32_t c) {
  return c == U'\'' || c == U'’';
}

/// Byte ranges of words, in order.
template <class Visit>
void each_word(std::string_view utf8, const Visit& visit) {
  const auto points = text::codepoints(utf8);
  std::size_t i = 0;
  while (i < points.size()) {
    if (!is_word_part(points[i].value)) {
      ++i;
      continue;
    }
    const std::size_t start = points[i].offset;
    std::size_t end = start;
    while (i < points.size()) {
      const bool inner = is_apostrophe(points[i].value) && i + 1 < points.size() && is_word_part(points[i + 1].value);
      // 3.14 and 1,000 are one number
      const bool decimal = (points[i].value == U'.' || points[i].value == U',') &&
                           text::is_digit(points[i - 1].value) && i + 1 < points.size() &&
                           text::is_digit(points[i + 1].value);
      if (!is_word_part(points[i].value) && !inner && !decimal) break;
      end = points[i].offset + points[i].length;
      ++i;
    }
    if (!visit(start, end)) return;
  }
}

/// Porter2, the stemmer that search uses too.
class Stemmer {
 public:
  Stemmer() : stemmer_(sb_stemmer_new("english", nullptr), &sb_stemmer_delete) {
    if (!stemmer_) throw Fatal(ErrorKind::internal, "no English stemmer");
  }
  std::string operator()(const std::string& word) {
    const auto* stem =
        sb_stemmer_stem(stemmer_.get(), reinterpret_cast<const sb_symbol*>(word.data()), static_cast<int>(word.size()));
    if (stem == nullptr) return word;
    return {reinterpret_cast<const char*>(stem), static_cast<std::size_t>(sb_stemmer_length(stemmer_.get()))};
  }

 private:
  std::unique_ptr<sb_stemmer, decltype(&sb_stemmer_delete)> stemmer_;
};

bool has_syllables(std::string_view word) {
  const auto points = text::codepoints(word);
  return std::any_of(points.begin(), points.end(),
                     [](const text::Codepoint& c) { return text::is_hangul(c.value) || text::is_cjk(c.value); });
}

void add_syllable_pairs(std::string_view word, std::vector<std::string>& units) {
  word.remove_suffix(korean_ending(word).size());
  const auto points = text::codepoints(word);
  if (points.size() == 1) units.emplace_back(word);
  for (std::size_t i = 0; i + 1 < points.size(); ++i) {
    units.emplace_back(word.substr(points[i].offset, points[i].length + points[i + 1].length));
  }
}

}  // namespace

std::string without_marks(std::string_view given) {
  const std::string repaired = text::repair_utf8(given);
  std::string clean;
  for (std::size_t i = 0; i < repaired.size(); ++i) {
    if (repaired[i] == '[') {
      const std::size_t end = repaired.find_first_not_of("0123456789, ", i + 1);
      if (end != std::string::npos && repaired[end] == ']' && end > i + 1) {
        while (!clean.empty() && clean.back() == ' ') clean.pop_back();
        i = end;
        continue;
      }
    }
    clean += repaired[i];
  }
  return clean;
}

std::vector<std::string> words(std::string_view utf8) {
  std::vector<std::string> found;
  each_word(utf8, [&](std::size_t start, std::size_t end) {
    std::string word = text::fold(utf8.substr(start, end - start));
    for (std::size_t at = 0; (at = word.find("’", at)) != std::string::npos;) word.replace(at, 3, "'");
    found.push_back(std::move(word));
    return true;
  });
  return found;
}

std::string_view first_words(std::string_view utf8, std::size_t count) {
  std::size_t end = 0;
  each_word(utf8, [&](std::size_t, std::size_t word_end) {
    if (count == 0) return false;
    end = word_end;
    return --count > 0;
  });
  return utf8.substr(0, end);
}

std::string_view korean_ending(std::string_view word) {
  for (const std::string& ending : korean_endings()) {
    if (word.size() > ending.size() && word.ends_with(ending)) return word.substr(word.size() - ending.size());
  }
  return {};
}

bool is_number(std::string_view unit) {
  return !unit.empty() && text::is_ascii_digit(unit.front());
}

std::string english_stem(const std::string& word) {
  thread_local Stemmer stem;
  return stem(word);
}

std::vector<std::string> content_units(std::string_view utf8) {
  static const std::vector<std::string>& function_words = english_function_words();
  std::vector<std::string> units;
  for (const std::string& word : words(utf8)) {
    if (std::binary_search(function_words.begin(), function_words.end(), word)) continue;
    if (has_syllables(word)) {
      add_syllable_pairs(word, units);
    } else if (is_number(word) || word.size() > 1) {
      units.push_back(is_number(word) ? word
                                      : english_stem(word.ends_with("'s") ? word.substr(0, word.size() - 2) : word));
    }
  }
  return units;
}

}  // namespace twin::evaluation
