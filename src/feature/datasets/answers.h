// Answers: the author's own passages, cut at paragraphs or sentences out of one document.
#pragma once

#include <string>
#include <vector>

#include "core/text/sentences.h"
#include "feature/category.h"
#include "feature/clean/clean.h"

namespace twin::feature {

/// A contiguous passage within one section.
struct Answer {
  text::Span span;                    ///< bytes of ProseView::text
  std::vector<std::string> headings;  ///< path of its section
  int part = 0;                       ///< 0 for the first answer of the section, 1 for the next …
  text::Span lead;                    ///< the whole sentence right before it in the section; empty when there is none
};

/// Prose that is in no answer, and why.
struct LeftOut {
  text::Span span;
  std::string reason;  ///< too_short | sentence_too_long | code_or_table
};

struct Answers {
  std::vector<Answer> answers;
  std::vector<LeftOut> left_out;
};

/// Cuts each section into answers of min to max characters, about equal in length. Answers begin with prose; code and
/// tables come along between paragraphs or after a colon, as long as they are the smaller part. A remainder shorter
/// than the minimum is lengthened by the sentences before it, so that every paragraph is in an answer where it can be.
[[nodiscard]] Answers cut_answers(const ProseView& prose, const std::string& title, const DatasetRules& rules);

/// Whether a text reads as a whole sentence when it is quoted alone: no list item, no label, no middle of a sentence.
[[nodiscard]] bool quotable(std::string_view text);
/// Number of code points.
[[nodiscard]] int characters(std::string_view utf8);

}  // namespace twin::feature
