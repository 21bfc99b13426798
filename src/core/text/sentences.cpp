#include "core/text/sentences.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/text/unicode.h"

namespace twin::text {

namespace {

template <std::size_t n>
bool any_of(const std::array<std::string_view, n>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Abbreviations, lower case, without their last full stop.
// The same sentence always goes on after these:
constexpr std::array<std::string_view, 31> kNeverLast = {"mr",   "mrs",  "ms",   "dr",  "prof", "st",   "rev",    "hon",
                                                         "gen",  "col",  "capt", "lt",  "sgt",  "maj",  "messrs", "e.g",
                                                         "eg",   "i.e",  "ie",   "cf",  "vs",   "viz",  "approx", "ca",
                                                         "resp", "incl", "excl", "esp", "dept", "univ", "gov"};
// Before a number these are abbreviations (No. 5, Fig. 2, Jan. 3), otherwise words:
constexpr std::array<std::string_view, 26> kBeforeNumber = {
    "no", "nos", "art", "par", "fig", "figs", "eq",  "eqs", "sec", "ch",  "chap", "vol", "pp",
    "p",  "ver", "jan", "feb", "mar", "apr",  "jun", "jul", "aug", "sep", "sept", "oct", "nov"};
// These may end a sentence; they do when a word follows that usually begins one:
constexpr std::array<std::string_view, 14> kMaybeLast = {"inc", "ltd", "co",   "corp", "al",  "a.m",  "p.m",
                                                         "jr",  "sr",  "ph.d", "min",  "max", "bros", "dec"};
constexpr std::array<std::string_view, 44> kStarters = {
    "the", "a",   "an",  "this", "that",  "these", "those", "it",   "he",   "she",     "they",
    "we",  "you", "i",   "in",   "on",    "at",    "for",   "to",   "from", "but",     "and",
    "or",  "so",  "if",  "when", "while", "as",    "there", "here", "then", "however", "what",
    "why", "how", "who", "our",  "his",   "her",   "their", "my",   "its",  "after",   "before"};
// What follows a quotation of speech in Korean: the sentence goes on.
constexpr std::array<std::string_view, 14> kQuoteParticles = {"라고",   "이라고",  "라는",   "이라는", "라며",
                                                              "이라며", "라면서",  "하고",   "하며",   "라던",
                                                              "이라던", "라 했다", "라고는", "라고도"};
// Endings that close a Korean clause, for texts that leave the full stop out.
constexpr std::array<std::string_view, 6> kKoreanEndings = {"다", "요", "죠", "까", "음", "함"};

bool one_of(char32_t c, std::u32string_view set) {
  return set.find(c) != std::u32string_view::npos;
}
bool is_strong_end(char32_t c) {
  return one_of(c, U"!?。！？‼⁇⁈⁉｡");
}
bool is_end(char32_t c) {
  return c == U'.' || c == U'…' || is_strong_end(c);
}
/// Quotes, brackets and Markdown marks that close after the full stop and belong to the sentence.
bool is_closer(char32_t c) {
  return one_of(c, U"\"')]}*_`”’»」』〉》）】");
}
bool is_opener(char32_t c) {
  return one_of(c, U"\"'([{*_`“‘«「『〈《（【");
}

/// One pass over the code points, from sentence end to sentence end.
class Splitter {
 public:
  explicit Splitter(std::string_view utf8) : text_(utf8), points_(codepoints(utf8)) {}

  std::vector<Span> run() {
    std::size_t i = skip_space(0);
    start_ = i;
    while (i < points_.size()) {
      if (at(i) == U'\n' && breaks_at_newline(i)) {
        i = finish(i);
      } else if (is_end(at(i))) {
        const std::size_t stop = end_of_run(i);
        const std::size_t after = end_of_closers(stop);
        i = ends_sentence(i, stop, after) ? finish(after) : stop;
      } else {
        ++i;
      }
    }
    if (start_ < points_.size()) finish(points_.size());
    return std::move(spans_);
  }

 private:
  [[nodiscard]] char32_t at(std::size_t i) const { return i < points_.size() ? points_[i].value : U'\0'; }
  [[nodiscard]] std::size_t offset(std::size_t i) const {
    return i < points_.size() ? points_[i].offset : text_.size();
  }
  [[nodiscard]] std::string_view bytes(std::size_t from, std::size_t to) const {
    return text_.substr(offset(from), offset(to) - offset(from));
  }
  [[nodiscard]] std::size_t skip_space(std::size_t i) const {
    while (i < points_.size() && is_space(at(i))) ++i;
    return i;
  }

  /// Records the sentence up to `end` and returns where the next one begins.
  std::size_t finish(std::size_t end) {
    std::size_t last = end;
    while (last > start_ && is_space(at(last - 1))) --last;
    if (last > start_) spans_.push_back({offset(start_), offset(last)});
    start_ = skip_space(end);
    return start_;
  }

  /// "...", "?!", "!!": one end.
  [[nodiscard]] std::size_t end_of_run(std::size_t i) const {
    while (i < points_.size() && is_end(at(i))) ++i;
    return i;
  }

  /// Closing quotes and brackets, and reference marks such as [12].
  [[nodiscard]] std::size_t end_of_closers(std::size_t i) const {
    while (i < points_.size()) {
      std::size_t mark = i + 1;
      while (at(i) == U'[' && is_digit(at(mark))) ++mark;
      if (at(i) == U'[' && mark > i + 1 && at(mark) == U']') {
        i = mark + 1;
      } else if (is_closer(at(i))) {
        ++i;
      } else {
        break;
      }
    }
    return i;
  }

  /// The word before position i: from the last space, without what opens it.
  [[nodiscard]] std::size_t word_start(std::size_t i) const {
    std::size_t from = i;
    while (from > start_ && !is_space(at(from - 1))) --from;
    while (from < i && is_opener(at(from))) ++from;
    return from;
  }

  /// The word from position i, in lower case.
  [[nodiscard]] std::string word_at(std::size_t i) const {
    std::size_t to = i;
    while (to < points_.size() && (is_letter(at(to)) || at(to) == U'\'')) ++to;
    return fold(bytes(i, to));
  }

  // --- line ends ---

  [[nodiscard]] bool breaks_at_newline(std::size_t i) const {
    std::size_t next = i + 1;
    while (next < points_.size() && at(next) != U'\n' && is_space(at(next))) ++next;
    if (at(next) == U'\n') return true;   // a blank line ends the paragraph
    if (at(start_) == U'#') return true;  // a heading is one line
    return starts_block(next) || ends_like_korean(i);
  }

  /// "- item", "* item", "3. item", "3) item", "# heading", "> quote", "| table".
  [[nodiscard]] bool starts_block(std::size_t i) const {
    if (one_of(at(i), U"-*+•·") && is_space(at(i + 1))) return true;
    if (one_of(at(i), U"#>|")) return true;
    std::size_t digits = i;
    while (is_digit(at(digits))) ++digits;
    return digits > i && digits - i <= 3 && one_of(at(digits), U".)") && is_space(at(digits + 1));
  }

  /// A line that closes with a Korean ending and no full stop, as in many posts. One syllable alone proves nothing.
  [[nodiscard]] bool ends_like_korean(std::size_t i) const {
    std::size_t last = i;
    while (last > start_ && is_space(at(last - 1))) --last;
    if (last < start_ + 2 || !is_hangul(at(last - 2))) return false;
    return any_of(kKoreanEndings, bytes(last - 1, last));
  }

  // --- punctuation ---

  /// The run of ends is [i, stop), its closers reach to `after`.
  [[nodiscard]] bool ends_sentence(std::size_t i, std::size_t stop, std::size_t after) const {
    const std::size_t next = skip_space(after);
    if (next == points_.size()) return true;
    const bool spaced = next > after;
    const char32_t before = i > start_ ? at(i - 1) : U'\0';
    if (!spaced) return ends_without_space(i, stop, after, before);
    if (after > stop && quotation_goes_on(after, next)) return false;
    const bool dots = at(i) == U'…' || (at(i) == U'.' && stop > i + 1 && at(i + 1) == U'.');
    if (dots && !has_strong_end(i, stop)) return ellipsis_ends(i, next);
    if (at(i) == U'.') return full_stop_ends(i, next, before);
    return !is_lower(first_letter(next));
  }

  [[nodiscard]] bool has_strong_end(std::size_t i, std::size_t stop) const {
    while (i < stop && !is_strong_end(at(i))) ++i;
    return i < stop;
  }

  [[nodiscard]] char32_t first_letter(std::size_t i) const {
    while (i < points_.size() && is_opener(at(i))) ++i;
    return at(i);
  }

  /// Full-width ends need no space; Korean writers leave it out now and then ("했다.그리고"). Not: 3.14, a.md, ?q=1.
  [[nodiscard]] bool ends_without_space(std::size_t i, std::size_t stop, std::size_t after, char32_t before) const {
    if (one_of(at(stop - 1), U"。！？｡")) return after == stop || !quotation_goes_on(after, after);
    const bool korean = is_hangul(before) && is_hangul(at(after));
    return korean && after == stop && at(i) != U'…' && stop == i + 1;
  }

  /// After a closing quote: "Really?" he asked. / "정말?"이라고 물었다.
  [[nodiscard]] bool quotation_goes_on(std::size_t after, std::size_t next) const {
    if (!one_of(at(after - 1), U"\"'”’」』")) return false;
    if (is_lower(first_letter(next))) return true;
    const std::string_view rest = text_.substr(offset(next));
    return std::any_of(kQuoteParticles.begin(), kQuoteParticles.end(),
                       [&](std::string_view particle) { return rest.starts_with(particle); });
  }

  [[nodiscard]] bool ellipsis_ends(std::size_t i, std::size_t next) const {
    if (i > start_ && is_hangul(at(i - 1))) return any_of(kKoreanEndings, bytes(i - 1, i));
    return is_upper(first_letter(next));
  }

  [[nodiscard]] bool full_stop_ends(std::size_t i, std::size_t next, char32_t before) const {
    const std::size_t from = word_start(i);
    const bool alone = from <= start_ || skip_space(start_) == from;
    const std::size_t length = i - from;
    if (is_digit(before)) return number_ends(from, i, next, alone);
    if (is_hangul(before)) return !(alone && length == 1);  // "가. 첫째": a list mark
    const std::string word = fold(bytes(from, i));
    const char32_t follows = first_letter(next);
    if (length == 1 && alone && is_letter(before)) return false;  // "a. first"
    if (any_of(kNeverLast, word)) return false;
    if (any_of(kBeforeNumber, word) && is_digit(follows)) return false;
    if (any_of(kMaybeLast, word) || is_initials(from, i)) {
      return !is_digit(follows) && any_of(kStarters, word_at(next));
    }
    if (is_lower(follows)) return looks_like_word(from, i);
    return true;
  }

  /// Numbers: list marks ("1. Install"), Korean dates ("2026. 11. 24."), otherwise the end ("in 1999. The").
  [[nodiscard]] bool number_ends(std::size_t from, std::size_t i, std::size_t next, bool alone) const {
    for (std::size_t k = from; k < i; ++k) {
      if (!is_digit(at(k))) return !is_lower(first_letter(next));  // "v2.0. Then"
    }
    if (alone && i - from <= 3) return false;
    if (is_digit(at(next))) return false;
    std::size_t previous = from;
    while (previous > start_ && is_space(at(previous - 1))) --previous;
    const bool date =
        previous > start_ + 1 && previous < from && at(previous - 1) == U'.' && is_digit(at(previous - 2));
    return !date && !is_lower(first_letter(next));
  }

  /// "J", "U.S", "D.C": single capitals between full stops. "I" is a word.
  [[nodiscard]] bool is_initials(std::size_t from, std::size_t i) const {
    if (i == from || (i == from + 1 && at(from) == U'I')) return false;
    for (std::size_t k = from; k < i; ++k) {
      if ((k - from) % 2 == 0 ? !is_upper(at(k)) : at(k) != U'.') return false;
    }
    return (i - from) % 2 == 1;
  }

  /// Names of programs begin sentences in lower case ("… the system. dpkg then …"): believe the full stop after an
  /// ordinary word, not after what may be an abbreviation.
  [[nodiscard]] bool looks_like_word(std::size_t from, std::size_t i) const {
    constexpr std::size_t kMinLetters = 4;
    if (i - from < kMinLetters) return false;
    for (std::size_t k = from; k < i; ++k) {
      if (!is_lower(at(k))) return false;
    }
    return true;
  }

  std::string_view text_;
  std::vector<Codepoint> points_;
  std::vector<Span> spans_;
  std::size_t start_ = 0;
};

}  // namespace

std::vector<Span> sentences(std::string_view utf8) {
  return Splitter(utf8).run();
}

}  // namespace twin::text
