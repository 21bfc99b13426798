// Phrases: titles and headings made fit to stand inside a question.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "feature/clean/clean.h"

namespace twin::feature {

/// How often the author writes each word in lower case, and capitalized within a sentence, in running text.
class Vocabulary {
 public:
  void add(const ProseView& prose);
  /// Whether "Packages" in a heading is the plain word "packages", and not a name as "Debian" is.
  [[nodiscard]] bool is_plain_word(std::string_view capitalized) const;

 private:
  struct Uses {
    int lower = 0, capitalized = 0;
  };
  std::unordered_map<std::string, Uses> uses_;  // by lower-case word
};

/// What kind of question fits a heading.
enum class Shape {
  none,      ///< empty
  thing,     ///< "Configuration files": can follow "about"
  doing,     ///< "Installing packages"
  howto,     ///< "How to install packages", "Install the package"
  question,  ///< "Why this book?"
  quoted,    ///< anything else: statements, long headings; fits only between quotation marks
};

struct Phrase {
  Shape shape = Shape::none;
  std::string plain;   ///< without numbering, as the author wrote it
  std::string inside;  ///< as it stands inside a sentence: "installing packages", "install the package"
};

/// "5.2.1. Foo", "Chapter 3: Foo", "제3장 Foo" → "Foo".
[[nodiscard]] std::string without_numbering(std::string_view heading);
[[nodiscard]] Phrase make_phrase(std::string_view heading, const std::string& language, const Vocabulary& vocabulary);
/// Whether a heading says nothing without the title: "Introduction", "요약".
[[nodiscard]] bool is_generic(const Phrase& phrase);

}  // namespace twin::feature
