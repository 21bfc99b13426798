#include "core/text/sentences.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/text/enclosures.h"
#include "core/text/korean_endings.h"
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
constexpr std::array<std::string_view, 16> kQuoteParticles = {
    "라고", "이라고", "라는",   "이라는",  "라며", "이라며", "라면서", "하고",
    "하며", "라던",   "이라던", "라 했다", "했다", "했는데", "하더니", "하는"};
// Marks that begin an item of a list or a section where a line begins.
constexpr std::u32string_view kItemMarks = U"-*+•·‣⁃◦○●□■▪▫◇◆▶▷►☞※★☆✓✔✅ㆍ";
/// A line of Korean text that is narrower than this ends where its writer wanted it to, not where an editor wrapped it.
constexpr std::size_t kWrappedColumns = 56;
/// What is left of a line after an ending without a full stop must be longer, else it belongs to it: "그랬죠 뭐".
constexpr std::size_t kShortRest = 3;

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

/// ㅋㅋ, ㅠㅠ, ^^, ~, emoji: what stands behind a sentence and belongs to it.
bool is_emoticon(char32_t c) {
  return (c >= 0x3131 && c <= 0x318E) || one_of(c, U"~^;♡♥♪☆★ㆍ〜～") || (c >= 0x1F300 && c <= 0x1FAFF) ||
         (c >= 0x2600 && c <= 0x27BF) || c == 0xFE0F || c == 0x200D;
}

/// One pass over the code points, from sentence end to sentence end.
class Splitter {
 public:
  Splitter(std::string_view utf8, bool lines_only)
      : text_(utf8), lines_only_(lines_only), points_(codepoints(utf8)), closed_at_(enclosures(points_)) {
    std::size_t hangul = 0;
    for (const Codepoint& point : points_) hangul += is_hangul(point.value) ? 1u : 0u;
    korean_ = hangul * 5 >= points_.size() && hangul > 0;
  }

  std::vector<Span> run() {
    std::size_t i = skip_space(0);
    start_ = i;
    while (i < points_.size()) {
      if (at(i) == U'\n' && breaks_at_newline(i)) {
        i = finish(i);
      } else if (!lines_only_ && is_end(at(i))) {
        const std::size_t stop = end_of_run(i);
        const std::size_t after = end_of_closers(stop);
        i = !encloses(i, after) && ends_sentence(i, stop, after) ? finish(end_of_emoticons(after)) : stop;
      } else if (!lines_only_ && korean_ && is_space(at(i)) && at(i) != U'\n' && ends_without_mark(i)) {
        i = finish(end_of_emoticons(i));
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

  /// Whether a quotation or bracket around position i keeps a sentence from ending there: until it is closed, and,
  /// where a bracket is part of a sentence ("값은 (단위는 원.) 다음과 같다"), also then.
  [[nodiscard]] bool encloses(std::size_t i, std::size_t after) const {
    const std::size_t closed = closed_at_[i];
    if (closed == 0) return false;
    return after <= closed || (one_of(at(closed), U")]）") && !one_of(at(start_), U"([（"));
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

  /// Emoticons behind the end, on the same line, as words of their own or attached to it.
  [[nodiscard]] std::size_t end_of_emoticons(std::size_t i) const {
    std::size_t end = i;
    while (true) {
      std::size_t from = end;
      while (from < points_.size() && at(from) != U'\n' && is_space(at(from))) ++from;
      std::size_t to = from;
      while (is_emoticon(at(to))) ++to;
      const bool face = to == from && one_of(at(from), U":;=") && one_of(at(from + 1), U")(DPp-");
      if (face) {
        to = from + 2;
        if (one_of(at(to), U")(DPp")) ++to;
      }
      const bool whole_word = to >= points_.size() || is_space(at(to));
      if (to == from || !whole_word) return end;
      end = to;
    }
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
    if (starts_block(next)) return true;
    return korean_ && korean_line_ends(i);
  }

  /// "- item", "3. item", "3) item", "(3) item", "① item", "가. item", "# heading", "> quote", "| table".
  [[nodiscard]] bool starts_block(std::size_t i) const {
    if (one_of(at(i), kItemMarks) && is_space(at(i + 1))) return true;
    if (one_of(at(i), U"#>|") || (at(i) >= U'①' && at(i) <= U'⑳')) return true;
    if (is_list_syllable(at(i)) && one_of(at(i + 1), U".)") && is_space(at(i + 2))) return true;
    const std::size_t first = at(i) == U'(' ? i + 1 : i;
    std::size_t digits = first;
    while (is_digit(at(digits))) ++digits;
    return digits > first && digits - first <= 3 && one_of(at(digits), U".)") && is_space(at(digits + 1));
  }

  /// 가, 나, 다 …: marks of Korean lists.
  [[nodiscard]] static bool is_list_syllable(char32_t c) { return one_of(c, U"가나다라마바사아자차카타파하"); }

  /// A line of a Korean text without a full stop: an ending ends it; so does its shortness, unless its last word goes
  /// on.
  [[nodiscard]] bool korean_line_ends(std::size_t i) const {
    std::size_t last = i;
    while (last > start_ && is_space(at(last - 1))) --last;
    if (last == start_) return false;
    if (is_end(at(last - 1)) || is_emoticon(at(last - 1))) return true;
    if (one_of(at(last - 1), U",，、")) return false;
    const Ending ending = ending_of(bytes(word_start(last), last));
    if (ending == Ending::final || ending == Ending::plain) return true;
    if (ending == Ending::connective && !starts_block(start_)) return false;
    std::size_t line = last;
    while (line > 0 && at(line - 1) != U'\n') --line;
    std::size_t width = 0;
    for (std::size_t k = line; k < last && width < kWrappedColumns; ++k) {
      width += is_hangul(at(k)) || is_cjk(at(k)) ? 2 : 1;
    }
    return width < kWrappedColumns;
  }

  // --- endings without a mark ---

  /// At the white space i, on a line: "…알려 드릴게요 일단 …". A plain -다 counts only where the writer leaves full
  /// stops out.
  [[nodiscard]] bool ends_without_mark(std::size_t i) {
    if (i == start_ || closed_at_[i] != 0) return false;
    std::size_t last = i;
    while (last > start_ && is_emoticon(at(last - 1))) --last;
    const bool emoticon = last < i;
    if (last < start_ + 2 || !is_hangul(at(last - 1))) return false;
    const Ending ending = ending_of(bytes(word_start(last), last));
    if (ending == Ending::none || ending == Ending::connective) return false;
    const std::size_t next = skip_space(end_of_emoticons(i));
    const std::size_t line = line_end(next);
    if (next >= line || line - next <= kShortRest) return false;
    if (is_end(at(next)) || is_closer(at(next)) || joins(word_at(next))) return false;
    if (emoticon) return true;
    return ending == Ending::final || (ending == Ending::plain && plain_end(last) && !line_marked_);
  }

  /// Of the plain endings only past and future -다 may end a sentence within a line: 먹었다, 하겠다.
  [[nodiscard]] bool plain_end(std::size_t last) const {
    return at(last - 1) == U'다' && ending_of(std::string(bytes(last - 2, last - 1)) + "어") == Ending::final;
  }

  /// Where the line of position i ends. Sets line_marked_: whether it closes with a full stop or the like. Asked for
  /// positions in ascending order, so that each line is looked at once.
  std::size_t line_end(std::size_t i) {
    if (i < line_end_) return line_end_;
    line_end_ = i;
    while (line_end_ < points_.size() && at(line_end_) != U'\n') ++line_end_;
    std::size_t last = line_end_;
    while (last > i && (is_space(at(last - 1)) || is_closer(at(last - 1)) || is_emoticon(at(last - 1)))) --last;
    line_marked_ = last > i && is_end(at(last - 1));
    return line_end_;
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
    for (std::size_t k = i; k < next; ++k) {
      if (at(k) == U'\n') return true;
    }
    if (i > start_ && is_hangul(at(i - 1))) {
      const Ending ending = ending_of(bytes(word_start(i), i));
      return ending == Ending::final || ending == Ending::plain;
    }
    return is_upper(first_letter(next));
  }

  [[nodiscard]] bool full_stop_ends(std::size_t i, std::size_t next, char32_t before) const {
    const std::size_t from = word_start(i);
    const bool alone = from <= start_ || skip_space(start_) == from;
    const std::size_t length = i - from;
    if (is_digit(before)) return number_ends(from, i, next, alone);
    if (is_hangul(before)) return !(alone && length == 1 && is_list_syllable(before));  // "가. 첫째"
    if (korean_ && is_closer(before)) return true;  // "…않습니다(아래 참조). valgrind로"
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
  bool lines_only_;
  std::vector<Codepoint> points_;
  std::vector<std::size_t> closed_at_;  ///< see enclosures()
  bool korean_ = false;
  std::vector<Span> spans_;
  std::size_t start_ = 0;
  std::size_t line_end_ = 0;
  bool line_marked_ = false;
};

}  // namespace

std::vector<Span> sentences(std::string_view utf8) {
  return Splitter(utf8, false).run();
}

std::vector<Span> line_spans(std::string_view utf8) {
  return Splitter(utf8, true).run();
}

}  // namespace twin::text
