#include "feature/datasets/answers.h"

#include <algorithm>

#include "core/text/ascii.h"
#include "core/text/scan.h"
#include "core/text/unicode.h"
#include "feature/chunk/sections.h"

namespace twin::feature {
namespace {

constexpr int longest_lead = 300;  // characters of a sentence that is quoted in a question

constexpr int longest_label = 100;  // characters of a line that is taken for the label of what follows

// Whether a text ends as sentences do, closing quotes and brackets aside.
bool ends_sentence(std::string_view text) {
  for (const std::string_view closing : {"”", "’", "\"", "'", ")", "]", "»", "」", "』"}) {
    if (text.ends_with(closing)) text.remove_suffix(closing.size());
  }
  for (const std::string_view mark : {".", "!", "?", "…", "。", "！", "？"}) {
    if (text.ends_with(mark)) return true;
  }
  return false;
}

// A block, or a sentence of a block that is too long for one answer.
struct Atom {
  text::Span span;
  bool prose = true;
  int length = 0;  // characters
};

class SectionCutter {
 public:
  SectionCutter(const ProseView& prose, const Section& section, const DatasetRules& rules, Answers& out)
      : prose_(prose), section_(section), rules_(rules), out_(out) {}

  void run() {
    collect_atoms();
    target_ = balanced_target();
    std::size_t first = 0;
    while (first < atoms_.size()) {
      if (!usable(atoms_[first])) {
        leave_out(atoms_[first]);
        ++first;
        continue;
      }
      first = cut_one(first);
    }
  }

 private:
  [[nodiscard]] bool usable(const Atom& atom) const {
    return atom.prose && atom.length <= rules_.max_answer_characters;
  }

  void leave_out(const Atom& atom) {
    out_.left_out.push_back({atom.span, atom.prose ? "sentence_too_long" : "code_or_table"});
  }

  void collect_atoms() {
    for (std::size_t i = section_.first; i < section_.last; ++i) {
      const Block& block = prose_.blocks[i];
      const Atom whole = atom_of(block.span, is_prose(block));
      if (whole.length == 0) continue;
      if (!whole.prose || whole.length <= rules_.max_answer_characters) {
        atoms_.push_back(whole);
        continue;
      }
      for (const text::Span& sentence : text::sentences(text_of(prose_, block.span))) {
        atoms_.push_back(atom_of({block.span.start + sentence.start, block.span.start + sentence.end}, true));
      }
    }
  }

  [[nodiscard]] Atom atom_of(text::Span span, bool prose) const {
    const std::string_view text = prose_.text;
    const auto space = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
    while (span.end > span.start && space(text[span.end - 1])) --span.end;
    while (prose && span.start < span.end && space(text[span.start])) ++span.start;
    return {span, prose, characters(text.substr(span.start, span.end - span.start))};
  }

  // Equal parts instead of full ones and a crumb.
  [[nodiscard]] int balanced_target() const {
    int total = 0;
    for (const Atom& atom : atoms_) total += atom.prose ? atom.length : 0;
    const int parts = std::max(1, (total + rules_.max_answer_characters - 1) / rules_.max_answer_characters);
    return std::max(rules_.min_answer_characters, total / parts);
  }

  [[nodiscard]] int length(std::size_t first, std::size_t last) const {
    return characters(text_of(prose_, {atoms_[first].span.start, atoms_[last - 1].span.end}));
  }

  // Takes atoms from `first` on; returns the first atom not taken.
  std::size_t cut_one(std::size_t first) {
    const bool takes_all = length(first, atoms_.size()) <= rules_.max_answer_characters;
    std::size_t last = first + 1;
    int code = 0;
    while (last < atoms_.size() && (takes_all || length(first, last) < target_)) {
      const Atom& next = atoms_[last];
      if (length(first, last + 1) > rules_.max_answer_characters) break;
      if (!next.prose && 2 * (code + next.length) > length(first, last + 1)) break;
      code += next.prose ? 0 : next.length;
      ++last;
    }
    while (last < atoms_.size() && introduces(last - 1) && !atoms_[last].prose &&
           2 * (code + atoms_[last].length) <= length(first, last + 1) &&
           length(first, last + 1) <= rules_.max_answer_characters) {
      code += atoms_[last].length;
      ++last;
    }
    while (last - first > 1 && !atoms_[last - 1].prose && !introduces(last - 2)) --last;
    while (last - first > 1 && last < atoms_.size() && belongs_to_next(last - 1) &&
           length(first, last - 1) >= rules_.min_answer_characters) {
      --last;
    }
    add(first, last);
    return last;
  }

  // A line that leads on, "NOTE Disk space" or "These are:", is not where an answer ends.
  [[nodiscard]] bool belongs_to_next(std::size_t atom) const {
    const std::string_view text = text_of(prose_, atoms_[atom].span);
    const bool label = atoms_[atom].length <= longest_label && !text.starts_with("- ") && !ends_sentence(text);
    return atoms_[atom].prose && atoms_[atom + 1].prose && (label || introduces(atom));
  }

  // "… as follows:" leads to the code after it.
  [[nodiscard]] bool introduces(std::size_t atom) const {
    return atoms_[atom].prose && prose_.text[atoms_[atom].span.end - 1] == ':';
  }

  void add(std::size_t first, std::size_t last) {
    Answer answer;
    answer.span = {atoms_[first].span.start, atoms_[last - 1].span.end};
    if (length(first, last) < rules_.min_answer_characters && !lengthen(first, answer.span)) {
      for (std::size_t i = first; i < last; ++i) out_.left_out.push_back({atoms_[i].span, "too_short"});
      return;
    }
    answer.headings = section_.headings;
    answer.part = parts_++;
    answer.lead = sentence_before(answer.span.start);
    out_.answers.push_back(std::move(answer));
  }

  // Moves the start back over the sentences before, until the passage is long enough.
  bool lengthen(std::size_t first, text::Span& span) {
    for (std::size_t i = first; i-- > 0;) {
      if (!usable(atoms_[i])) continue;  // code between paragraphs comes along
      const std::vector<text::Span> found = text::sentences(text_of(prose_, atoms_[i].span));
      for (std::size_t s = found.size(); s-- > 0;) {
        const std::size_t start = atoms_[i].span.start + found[s].start;
        const int length = characters(text_of(prose_, {start, span.end}));
        if (length > rules_.max_answer_characters) return false;
        if (length < rules_.min_answer_characters) continue;
        span.start = start;
        return true;
      }
    }
    return false;
  }

  [[nodiscard]] text::Span sentence_before(std::size_t start) const {
    const Block* before = nullptr;
    for (std::size_t i = section_.first; i < section_.last; ++i) {
      if (prose_.blocks[i].span.start < start) before = &prose_.blocks[i];
    }
    if (!before || !is_prose(*before)) return {};
    return last_sentence({before->span.start, std::min(before->span.end, start)});
  }

  [[nodiscard]] text::Span last_sentence(text::Span span) const {
    const std::vector<text::Span> found = text::sentences(text_of(prose_, span));
    if (found.empty()) return {};
    const text::Span last{span.start + found.back().start, span.start + found.back().end};
    const bool fits = characters(text_of(prose_, last)) <= longest_lead && quotable(text_of(prose_, last));
    return fits ? last : text::Span{};
  }

  const ProseView& prose_;
  const Section& section_;
  const DatasetRules& rules_;
  Answers& out_;
  std::vector<Atom> atoms_;
  int target_ = 0;
  int parts_ = 0;
};

}  // namespace

bool quotable(std::string_view text) {
  if (text.empty() || !(ends_sentence(text) || text.ends_with(":"))) return false;
  return text[0] != '-' && !text::is_ascii_lower(text[0]);
}

int characters(std::string_view utf8) {
  return static_cast<int>(text::codepoint_count(utf8));
}

Answers cut_answers(const ProseView& prose, const std::string& title, const DatasetRules& rules) {
  Answers out;
  for (const Section& section : sections(prose, title)) SectionCutter(prose, section, rules, out).run();
  return out;
}

}  // namespace twin::feature
