// Questions: templates filled with a document's titles, headings and leading sentences.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "feature/datasets/phrase.h"

namespace twin::feature {

/// What an answer is about.
struct Subject {
  std::string language;  ///< "en", "ko"; any language that the category has templates for
  Phrase title;
  Phrase heading;    ///< innermost heading of the answer's section; Shape::none outside of any
  std::string lead;  ///< the sentence right before the answer, may be empty
  int part = 0;      ///< 0 for the first answer of its section
};

struct Question {
  std::string text;
  std::string template_id;  ///< "en.heading/2": key and number of the variant, counted from 1
};

/// The templates used, by key "<language>.<kind>" or "<language>.<kind>.<shape>"; variants are separated by " | ".
///
///   kind     title, heading   asks for what a title or heading names
///            more             asks for the next part of a section
///            lead             quotes a sentence, asks to go on from there
///   shape    thing: none; else .doing .howto .question .quoted, as Shape; .generic: a heading that needs the title
///   fields   {title} {heading} {lead}; right after an opening quotation mark as the author wrote them, else as they
///            stand inside a sentence ("configuration files")
///
/// A category's `dataset.questions` replaces single keys of the built-in ones or adds a language.
class QuestionTemplates {
 public:
  explicit QuestionTemplates(const std::map<std::string, std::string>& from_category);

  /// Questions for an answer, best kind first; which variant comes first is told by `choice`, any number. Variants
  /// whose fields are empty are left out. A language without templates is asked in English.
  [[nodiscard]] std::vector<Question> ask(const Subject& subject, std::uint64_t choice) const;

 private:
  void add_variants(const std::string& key, const Subject& subject, const Phrase& about, std::uint64_t choice,
                    std::vector<Question>& out) const;
  [[nodiscard]] bool has_language(const std::string& language) const;

  std::map<std::string, std::vector<std::string>> variants_;
};

}  // namespace twin::feature
