#include "feature/datasets/questions.h"

#include <doctest/doctest.h>

#include "feature/chunk/prose_for_test.h"

namespace twin::feature {
namespace {

const ProseView kBody = testing::prose_of(
    {{"p",
      "The packages of Debian hold configuration files and scripts. You install packages, and the system is "
      "configured. Debian is free. The installing of packages by APT needs files."}});

Phrase phrase(const std::string& heading, const std::string& language = "en") {
  Vocabulary vocabulary;
  vocabulary.add(kBody);
  return make_phrase(heading, language, vocabulary);
}

TEST_CASE("numbers of chapters and sections are taken off") {
  CHECK(without_numbering("5.2.1. Configuration Scripts") == "Configuration Scripts");
  CHECK(without_numbering("5.2 Configuration") == "Configuration");
  CHECK(without_numbering("1. Start") == "Start");
  CHECK(without_numbering("B.1.  Shell") == "Shell");
  CHECK(without_numbering("Chapter 5. Packaging System: Tools") == "Packaging System: Tools");
  CHECK(without_numbering("Chapter IV: End") == "End");
  CHECK(without_numbering("제3장 설치") == "설치");
  CHECK(without_numbering("3장. 설치") == "설치");
  CHECK(without_numbering("Options:") == "Options");
  CHECK(without_numbering("10 reasons to write") == "10 reasons to write");
  CHECK(without_numbering("Section headings") == "Section headings");
  CHECK(without_numbering("3.14") == "3.14");
  CHECK(without_numbering(std::string(1'000'000, '1')).size() <= 400);
}

TEST_CASE("plain words become lower case inside a sentence, names stay") {
  CHECK(phrase("5.1. Configuration Files").inside == "configuration files");
  CHECK(phrase("Debian Packages").inside == "Debian packages");
  CHECK(phrase("The Role of APT").inside == "the Role of APT");
}

TEST_CASE("the shape of a heading decides how it can be asked for") {
  CHECK(phrase("Configuration Files").shape == Shape::thing);
  CHECK(phrase("Installing Packages").shape == Shape::doing);
  CHECK(phrase("Installing Packages").inside == "installing packages");
  CHECK(phrase("How to Install Packages").inside == "install packages");
  CHECK(phrase("Install the Packages").shape == Shape::howto);
  CHECK(phrase("Why this Book?").shape == Shape::question);
  CHECK(phrase("Debian is free").shape == Shape::quoted);
  CHECK(phrase("Behind the scenes").shape == Shape::quoted);
  CHECK(phrase("Existing files").shape == Shape::thing);
  CHECK(phrase("설치 방법", "ko").shape == Shape::thing);
  CHECK(phrase("왜 데비안인가?", "ko").shape == Shape::question);
  CHECK(phrase("오늘 책을 다 썼다", "ko").shape == Shape::quoted);
  CHECK(phrase("").shape == Shape::none);
}

Subject subject(const std::string& title, const std::string& heading, const std::string& language = "en", int part = 0,
                const std::string& lead = "") {
  return {language, phrase(title, language), heading.empty() ? Phrase{} : phrase(heading, language), lead, part};
}

TEST_CASE("questions read naturally in both languages") {
  const QuestionTemplates templates{std::map<std::string, std::string>{}};
  const auto first = [&](const Subject& s) { return templates.ask(s, 0).front().text; };
  CHECK(first(subject("Guide", "5.1. Configuration Files")) == "What should I know about configuration files?");
  CHECK(first(subject("Guide", "Installing Packages")) == "How do you go about installing packages?");
  CHECK(first(subject("Guide", "Why this Book?")) == "Why this Book?");
  CHECK(first(subject("Guide", "Introduction")) == "What do you say under “Introduction” in “Guide”?");
  CHECK(first(subject("Chapter 1. Debian Packages", "")) == "Could you write about Debian packages?");
  CHECK(first(subject("안내서", "설치 방법", "ko")) == "설치 방법에 대해 알려 주세요.");
  CHECK(first(subject("나의 첫 책", "", "ko")) == "나의 첫 책에 대해 글을 써 주세요.");
}

TEST_CASE("later parts ask for more, or go on from the sentence before") {
  const QuestionTemplates templates{std::map<std::string, std::string>{}};
  CHECK(templates.ask(subject("G", "Configuration Files", "en", 1, "So it ends."), 0).front().text ==
        "What else should I know about configuration files?");
  CHECK(templates.ask(subject("G", "Configuration Files", "en", 1, "So it ends."), 1).front().text ==
        "You wrote: “So it ends.” How does it go on?");
  for (const Question& question : templates.ask(subject("G", "Files", "en", 2), 1)) {
    CHECK(question.text.find("“”") == std::string::npos);
    CHECK(question.template_id.find("lead") == std::string::npos);
  }
  CHECK(templates.ask(subject("", ""), 3).empty());
}

TEST_CASE("a category's templates replace the built-in ones, and add languages") {
  const QuestionTemplates templates(
      {{"en.heading", "Explain {heading}! | And {unknown}?"}, {"fr.heading", "Que dire de {heading} ?"}});
  const auto english = templates.ask(subject("Guide", "Configuration Files"), 0);
  CHECK(english.front().text == "Explain configuration files!");
  CHECK(english.front().template_id == "en.heading/1");
  CHECK(english.size() == 1);
  CHECK(templates.ask(subject("Guide", "Les fichiers", "fr"), 0).front().text == "Que dire de Les fichiers ?");
  CHECK(templates.ask(subject("Guide", "Die Dateien", "de"), 0).front().text == "What do you say under “Die Dateien”?");
}

TEST_CASE("between quotation marks a heading stays as the author wrote it") {
  const QuestionTemplates templates{std::map<std::string, std::string>{{"en.heading", "What of \"{heading}\"?"},
                                                                       {"ko.heading", "“{heading}”은 무엇인가요?"}}};
  CHECK(templates.ask(subject("Guide", "5.1. Configuration Files"), 0).front().text ==
        "What of \"Configuration Files\"?");
  CHECK(templates.ask(subject("안내", "설치 방법", "ko"), 0).front().text == "“설치 방법”은 무엇인가요?");
}

TEST_CASE("fields are filled once: braces of the author's text stay as they are") {
  const QuestionTemplates templates{std::map<std::string, std::string>{{"en.lead", "{lead} - and then?"}}};
  CHECK(templates.ask(subject("", "", "en", 0, "Write {title} | {x}"), 0).front().text ==
        "Write {title} | {x} - and then?");
}

}  // namespace
}  // namespace twin::feature
