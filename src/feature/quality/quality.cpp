#include "feature/quality/quality.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_set>

#include "core/split_mix.h"
#include "core/text/ascii.h"
#include "core/text/korean_endings.h"
#include "core/text/scan.h"
#include "feature/chunk/sections.h"
#include "feature/quality/phrases.h"

namespace twin::feature {
namespace {

constexpr std::array<std::string_view, 24> kEnglishFunctionWords = {
    "the", "of", "and",  "to",   "a",   "in", "is",  "that", "it",   "for", "with", "as",
    "be",  "on", "have", "this", "are", "or", "not", "by",   "from", "but", "you",  "i"};
// Particles; endings are asked of core/text/korean_endings.
constexpr std::array<std::string_view, 22> kKoreanParticles = {"은", "는", "이", "가", "을", "를", "의", "에",
                                                               "로", "와", "과", "도", "만", "서", "고", "면",
                                                               "며", "지", "게", "한", "할", "된"};

bool is_pictograph(char32_t c) {
  return (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x2600 && c <= 0x27BF) || c == U'#' || c == U'…';
}

bool is_sentence_end(char32_t c) {
  return c == U'.' || c == U'!' || c == U'?' || c == U'…' || c == U'。' || c == U'！' || c == U'？';
}

bool is_closer(char32_t c) {
  return std::u32string_view(U"\"')]}”’」』》〉）").find(c) != std::u32string_view::npos;
}

text::Codepoint point_at(std::string_view utf8, std::size_t at) {
  const auto lead = static_cast<unsigned char>(utf8[at]);
  return lead < 0x80 ? text::Codepoint{lead, at, 1} : text::codepoint_at(utf8, at);
}

text::Codepoint last_point(std::string_view utf8) {
  std::size_t at = utf8.size() - 1;
  while (at > 0 && text::continues(utf8[at])) --at;
  return point_at(utf8, at);
}

/// Eight bytes at a time. Only compared within one document.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = text.size();
  while (text.size() >= sizeof(std::uint64_t)) {
    std::uint64_t part = 0;
    std::memcpy(&part, text.data(), sizeof part);
    hash = split_mix(hash ^ part);
    text.remove_prefix(sizeof part);
  }
  std::uint64_t rest = 0;
  std::memcpy(&rest, text.data(), text.size());
  return split_mix(hash ^ rest);
}

constexpr std::size_t longest_function_word = 4;  // bytes

/// A word of at most four ASCII bytes as a number, in lower case; 0 when it is none such.
constexpr std::uint32_t short_word(std::string_view word) {
  if (word.size() > longest_function_word) return 0;
  std::uint32_t out = 0;
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) return 0;
    out = out << 8u | (text::is_ascii_upper(c) ? byte + 32u : byte);
  }
  return out;
}

constexpr auto kEnglishShortWords = [] {
  std::array<std::uint32_t, kEnglishFunctionWords.size()> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = short_word(kEnglishFunctionWords[i]);
  return out;
}();

bool is_english_function_word(std::string_view word) {
  if (const std::uint32_t number = short_word(word); number != 0) {
    return std::find(kEnglishShortWords.begin(), kEnglishShortWords.end(), number) != kEnglishShortWords.end();
  }
  // A few letters outside ASCII fold into it.
  const bool ascii = std::none_of(word.begin(), word.end(), [](char c) { return static_cast<signed char>(c) < 0; });
  if (ascii) return false;
  const std::string folded = text::fold(word);
  return std::find(kEnglishFunctionWords.begin(), kEnglishFunctionWords.end(), folded) != kEnglishFunctionWords.end();
}

/// Counts over all lines of running text.
class Measuring {
 public:
  explicit Measuring(bool korean) : korean_(korean) {}

  void line(std::string_view line) {
    const std::string_view trimmed = text::trim(line);
    if (trimmed.empty()) return;
    ++lines_;
    const std::size_t characters = text::codepoint_count(trimmed);
    characters_ += characters;
    if (!seen_.insert(hash_of(trimmed)).second) duplicate_characters_ += characters;
    if (starts_with_bullet(trimmed)) ++bullets_;
    end_of_line(trimmed);
    words_of(trimmed);
  }

  [[nodiscard]] QualityMeasures finish() const {
    QualityMeasures out;
    const std::size_t words = phrases_.size();
    out.words = static_cast<int>(words);
    out.lines = static_cast<int>(lines_);
    if (words == 0) return out;
    const auto share = [](std::size_t part, std::size_t whole) {
      return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
    };
    out.mean_word_length = share(word_characters_, words);
    out.symbol_ratio = share(symbols_, words);
    out.letter_words = share(letter_words_, words);
    out.function_words = share(function_words_, words);
    out.bullet_lines = share(bullets_, lines_);
    out.ellipsis_lines = share(ellipses_, lines_);
    out.ended_lines = share(ended_, lines_);
    out.duplicate_lines = share(duplicate_characters_, characters_);
    const PhraseCounts phrases = phrases_.count();
    out.top_phrase = of_all(phrases.most_frequent);
    out.repeated_phrases = of_all(phrases.repeated);
    return out;
  }

 private:
  static bool starts_with_bullet(std::string_view line) {
    const text::Codepoint first = point_at(line, 0);
    return first.length < line.size() && text::scans_space(point_at(line, first.length).value) &&
           std::u32string_view(U"-*+•·‣◦○●□■▪").find(first.value) != std::u32string_view::npos;
  }

  void end_of_line(std::string_view line) {
    text::Codepoint end;
    do {
      if (line.empty()) return;
      end = last_point(line);
      line = line.substr(0, end.offset);
    } while (is_closer(end.value));
    line = {line.data(), end.offset + end.length};
    if (end.value == U'…' || line.ends_with("...")) ++ellipses_;
    if (is_sentence_end(end.value)) {
      ++ended_;
    } else if (korean_) {
      const text::Ending ending = text::ending_of(line.substr(line.find_last_of(' ') + 1));
      if (ending == text::Ending::final || ending == text::Ending::plain) ++ended_;
    }
  }

  void words_of(std::string_view line) {
    for (std::size_t at = 0; at < line.size();) {
      text::Codepoint c = point_at(line, at);
      if (text::scans_space(c.value)) {
        at += c.length;
        continue;
      }
      const std::size_t from = at;
      std::size_t characters = 0, letters_end = 0;
      do {
        ++characters;
        at += c.length;
        if (is_pictograph(c.value)) ++symbols_;
        if (text::scans_letter(c.value)) letters_end = at;
        if (at >= line.size()) break;
        c = point_at(line, at);
      } while (!text::scans_space(c.value));
      const std::string_view word = line.substr(from, at - from);
      if (word.find("...") != std::string_view::npos) ++symbols_;
      word_characters_ += characters;
      if (letters_end > 0) {
        ++letter_words_;
        if (is_function_word(line.substr(from, letters_end - from))) ++function_words_;
      }
      phrases_.add(hash_of(word), characters);
    }
  }

  /// `word` without what follows its last letter.
  [[nodiscard]] bool is_function_word(std::string_view word) const {
    if (!korean_) return is_english_function_word(word);
    if (text::ending_of(word) != text::Ending::none) return true;
    constexpr std::size_t syllable = 3;
    return word.size() > syllable &&
           std::any_of(kKoreanParticles.begin(), kKoreanParticles.end(), [&](std::string_view p) {
             const char* end = word.data() + word.size() - syllable;
             return end[2] == p[2] && end[1] == p[1] && end[0] == p[0];
           });
  }

  [[nodiscard]] double of_all(std::size_t characters) const {
    return word_characters_ == 0
               ? 0
               : std::min(1.0, static_cast<double>(characters) / static_cast<double>(word_characters_));
  }

  bool korean_;
  Phrases phrases_;
  std::unordered_set<std::uint64_t> seen_;
  std::size_t lines_ = 0, characters_ = 0, duplicate_characters_ = 0, bullets_ = 0, ellipses_ = 0, ended_ = 0;
  std::size_t word_characters_ = 0, letter_words_ = 0, function_words_ = 0, symbols_ = 0;
};

bool is_language(const std::string& language, std::string_view primary) {
  return language == primary || (language.size() > 2 && language.starts_with(primary) && language[2] == '-');
}

}  // namespace

QualityMeasures measure_quality(const ProseView& prose, const std::string& language) {
  Measuring measuring(is_language(language, "ko"));
  for (const Block& block : prose.blocks) {
    if (!is_prose(block)) continue;
    for (const std::string_view line : text::split(text_of(prose, block.span), '\n')) measuring.line(line);
  }
  return measuring.finish();
}

std::vector<QualityFlag> judge(const QualityMeasures& m, const std::string& language, const QualityRules& rules) {
  std::vector<QualityFlag> flags;
  if (!rules.enabled || m.words < rules.min_words) return flags;
  const bool korean = is_language(language, "ko");
  const bool known = korean || is_language(language, "en");
  const QualityLimits& limits = korean ? rules.ko : rules.en;
  const auto least = [&](const char* rule, double measured, double limit) {
    if (measured < limit) flags.push_back({rule, measured, limit});
  };
  const auto most = [&](const char* rule, double measured, double limit) {
    if (measured > limit) flags.push_back({rule, measured, limit});
  };
  if (known) {
    least("min_mean_word", m.mean_word_length, limits.min_mean_word);
    most("max_mean_word", m.mean_word_length, limits.max_mean_word);
    least("min_function_words", m.function_words, limits.min_function_words);
  }
  const bool lines = m.lines >= judged_lines;
  if (known && lines) least("min_ended_lines", m.ended_lines, limits.min_ended_lines);
  most("max_symbol_ratio", m.symbol_ratio, limits.max_symbol_ratio);
  least("min_letter_words", m.letter_words, limits.min_letter_words);
  if (lines) {
    most("max_bullet_lines", m.bullet_lines, limits.max_bullet_lines);
    most("max_ellipsis_lines", m.ellipsis_lines, limits.max_ellipsis_lines);
  }
  most("max_duplicate_lines", m.duplicate_lines, limits.max_duplicate_lines);
  most("max_top_phrase", m.top_phrase, limits.max_top_phrase);
  most("max_repeated_phrases", m.repeated_phrases, limits.max_repeated_phrases);
  return flags;
}

std::vector<QualityFlag> judge(const ProseView& prose, const std::string& language, const QualityRules& rules) {
  if (!rules.enabled) return {};
  return judge(measure_quality(prose, language), language, rules);
}

std::string describe(const std::vector<QualityFlag>& flags) {
  std::string out;
  for (const QualityFlag& flag : flags) {
    out += fmt::format("{}{} {:.2f} (limit {:.2f})", out.empty() ? "" : ", ", flag.rule, flag.measured, flag.limit);
  }
  return out;
}

}  // namespace twin::feature
