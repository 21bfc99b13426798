#include "inference/rag/content_terms.h"

#include <libstemmer.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>

#include "core/text/unicode.h"

namespace twin::inference {
namespace {

const std::set<std::string_view>& stop_words() {
  static const std::set<std::string_view> words = {
      "a", "about", "above", "after", "again", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be",
      "because", "been", "being", "both", "but", "by", "can", "could", "did", "do", "does", "doing", "each", "few",
      "for", "from", "had", "has", "have", "having", "he", "her", "here", "his", "how", "however", "i", "if", "in",
      "into", "is", "it", "its", "just", "may", "me", "might", "more", "most", "must", "my", "no", "nor", "not", "of",
      "off", "on", "only", "or", "other", "our", "out", "over", "own", "s", "same", "shall", "she", "should", "so",
      "some", "such", "t", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those",
      "through", "to", "too", "under", "until", "up", "very", "was", "we", "were", "what", "when", "where", "which",
      "while", "who", "whom", "why", "will", "with", "would", "yes", "you", "your", "us", "etc", "e", "g",
      // Hangul, after particles and endings are gone
      "그", "이", "저", "것", "수", "등", "및", "때", "더", "그리고", "그러나", "하지만", "또한", "또는", "즉", "있",
      "없", "하", "되", "같", "않", "대해", "위해", "통해", "여기", "거기", "우리", "때문", "경우"};
  return words;
}

/// Endings stripped from an eojeol, longest first; at least one syllable stays.
constexpr std::array<std::string_view, 66> hangul_endings = {
    "하였습니다", "되었습니다", "했습니다", "됐습니다", "하십시오", "에서부터", "으로부터", "합니다", "됩니다",
    "입니다",     "습니다",     "에서는",   "에서도",   "으로는",   "으로써",   "으로서",   "이라는", "이라고",
    "에게서",     "하려면",     "하세요",   "하면서",   "까지의",   "에서의",   "하였다",   "되었다", "했다",
    "됐다",       "한다",       "된다",     "하는",     "되는",     "하여",     "되어",     "하고",   "되고",
    "하면",       "되면",       "하기",     "되기",     "에서",     "에게",     "으로",     "까지",   "부터",
    "처럼",       "보다",       "마다",     "이나",     "라는",     "라고",     "에는",     "에도",   "와의",
    "과의",       "은",         "는",       "이",       "가",       "을",       "를",       "의",     "에",
    "도",         "로",         "와"};

std::string_view strip_endings(std::string_view word) {
  constexpr std::size_t syllable = 3;  // bytes of a Hangul syllable in UTF-8
  for (const std::string_view ending : hangul_endings) {
    if (word.size() >= ending.size() + syllable && word.ends_with(ending)) {
      return word.substr(0, word.size() - ending.size());
    }
  }
  if (word.size() > syllable && (word.ends_with("과") || word.ends_with("만"))) word.remove_suffix(syllable);
  return word;
}

void add_bigrams(std::string_view word, std::vector<std::string>& terms) {
  const auto syllables = text::codepoints(word);
  if (syllables.size() == 1) {
    terms.emplace_back(word);
    return;
  }
  for (std::size_t i = 0; i + 1 < syllables.size(); ++i) {
    const std::size_t length = syllables[i].length + syllables[i + 1].length;
    terms.emplace_back(word.substr(syllables[i].offset, length));
  }
}

class Stemmer {
 public:
  Stemmer() : stemmer_(sb_stemmer_new("english", "UTF_8"), sb_stemmer_delete) {}
  std::string operator()(std::string_view word) const {
    if (!stemmer_) return std::string(word);
    const auto* symbols = reinterpret_cast<const sb_symbol*>(word.data());
    const sb_symbol* stem = sb_stemmer_stem(stemmer_.get(), symbols, static_cast<int>(word.size()));
    if (stem == nullptr) return std::string(word);
    return {reinterpret_cast<const char*>(stem), static_cast<std::size_t>(sb_stemmer_length(stemmer_.get()))};
  }

 private:
  std::unique_ptr<sb_stemmer, decltype(&sb_stemmer_delete)> stemmer_;
};

enum class Script { none, hangul, other };

Script script_of(char32_t c) {
  if (text::is_hangul(c)) return Script::hangul;
  return text::is_letter(c) || text::is_digit(c) ? Script::other : Script::none;
}

/// Calls visit(word, whether it is Hangul) for each word that is no stop word.
template <class Visit>
void each_content_word(std::string_view utf8, Visit&& visit) {
  const std::string folded = text::fold(text::repair_utf8(utf8));
  const auto points = text::codepoints(folded);
  for (std::size_t i = 0; i < points.size();) {
    const Script script = script_of(points[i].value);
    std::size_t last = i + 1;
    while (last < points.size() && script_of(points[last].value) == script) ++last;
    const std::size_t end = last < points.size() ? points[last].offset : folded.size();
    std::string_view word = std::string_view(folded).substr(points[i].offset, end - points[i].offset);
    if (script == Script::hangul) word = strip_endings(word);
    if (script != Script::none && !stop_words().contains(word)) visit(word, script == Script::hangul);
    i = last;
  }
}

}  // namespace

std::vector<std::string> content_terms(std::string_view utf8) {
  thread_local const Stemmer stem;
  std::vector<std::string> terms;
  each_content_word(utf8, [&](std::string_view word, bool hangul) {
    hangul ? add_bigrams(word, terms) : terms.push_back(stem(word));
  });
  return terms;
}

std::string content_words(std::string_view utf8) {
  std::string words;
  each_content_word(utf8, [&](std::string_view word, bool) {
    if (!words.empty()) words += ' ';
    words += word;
  });
  return words;
}

}  // namespace twin::inference
