#include "feature/datasets/answers.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "feature/chunk/prose_for_test.h"
#include "feature/chunk/sections.h"

namespace twin::feature {
namespace {

using testing::prose_of;

std::string sentence(int words) {
  std::string out = "Here";
  for (int i = 1; i < words; ++i) out += " word";
  return out + ".";
}
std::string paragraph(int sentences) {
  std::string out;
  for (int i = 0; i < sentences; ++i) out += (i ? " " : "") + sentence(9);
  return out;
}
const DatasetRules kRules{.min_answer_characters = 100, .max_answer_characters = 400};

TEST_CASE("an answer lies in one section and knows its headings, its place and the sentence before it") {
  const auto prose = prose_of({{"p", paragraph(4)},
                               {"##", "Setup"},
                               {"p", paragraph(6)},
                               {"p", "A sentence right before. " + paragraph(1)},
                               {"p", paragraph(6)}});
  const Answers cut = cut_answers(prose, "Title", kRules);
  REQUIRE(cut.answers.size() == 3);
  CHECK(cut.answers[0].headings.empty());
  CHECK(cut.answers[1].headings == std::vector<std::string>{"Setup"});
  CHECK(cut.answers[1].part == 0);
  CHECK(cut.answers[1].lead.start == cut.answers[1].lead.end);
  CHECK(cut.answers[2].part == 1);
  CHECK(text_of(prose, cut.answers[2].lead) == sentence(9));
  CHECK(cut.left_out.empty());
}

TEST_CASE("a long paragraph is cut between sentences, a sentence never") {
  const auto prose = prose_of({{"p", paragraph(40)}, {"p", sentence(200)}, {"p", paragraph(5)}});
  const Answers cut = cut_answers(prose, "", kRules);
  CHECK(cut.answers.size() >= 5);
  for (const Answer& answer : cut.answers) {
    const auto text = text_of(prose, answer.span);
    CHECK(text.back() == '.');
    CHECK(text.substr(0, 4) == "Here");
  }
  REQUIRE(cut.left_out.size() == 1);
  CHECK(cut.left_out[0].reason == "sentence_too_long");
}

TEST_CASE("a short remainder is lengthened by the sentences before it") {
  const auto prose = prose_of({{"p", paragraph(7)}, {"p", sentence(12)}});
  const Answers cut = cut_answers(prose, "", kRules);
  REQUIRE(!cut.answers.empty());
  CHECK(cut.answers.back().span.end == prose.text.size());
  CHECK(characters(text_of(prose, cut.answers.back().span)) >= 100);
  CHECK(cut.left_out.empty());
}

TEST_CASE("a section that is too short is left out with the reason") {
  const auto prose = prose_of({{"##", "A"}, {"p", "Short."}, {"##", "B"}, {"p", paragraph(5)}});
  const Answers cut = cut_answers(prose, "", kRules);
  CHECK(cut.answers.size() == 1);
  REQUIRE(cut.left_out.size() == 1);
  CHECK(cut.left_out[0].reason == "too_short");
  CHECK(text_of(prose, cut.left_out[0].span) == "Short.");
}

TEST_CASE("code alone is no answer; between paragraphs and after a colon it comes along") {
  const auto alone = prose_of({{"code", std::string(300, 'x')}, {"table", std::string(300, 'y')}});
  CHECK(cut_answers(alone, "", kRules).answers.empty());
  CHECK(cut_answers(alone, "", kRules).left_out.size() == 2);

  const auto between = prose_of({{"p", paragraph(2)}, {"code", "run --now"}, {"p", paragraph(2)}});
  REQUIRE(cut_answers(between, "", kRules).answers.size() == 1);
  CHECK(text_of(between, cut_answers(between, "", kRules).answers[0].span) == between.text);

  const auto introduced = prose_of({{"p", paragraph(3) + " Run this:"}, {"code", "run --now"}});
  CHECK(text_of(introduced, cut_answers(introduced, "", kRules).answers[0].span).ends_with("run --now"));
  const auto trailing = prose_of({{"p", paragraph(3)}, {"code", "run --now"}});
  CHECK(text_of(trailing, cut_answers(trailing, "", kRules).answers[0].span).ends_with("word."));
}

TEST_CASE("labels go with what follows them, and are not quoted") {
  const auto prose = prose_of({{"p", paragraph(7)}, {"quote", "NOTE Disk space"}, {"quote", paragraph(6)}});
  const Answers cut = cut_answers(prose, "", kRules);
  REQUIRE(cut.answers.size() == 2);
  CHECK(text_of(prose, cut.answers[1].span).substr(0, 4) == "NOTE");
  CHECK(text_of(prose, cut.answers[1].lead) == sentence(9));

  const auto items = prose_of({{"p", paragraph(7)}, {"li", "- one thing, another;"}, {"li", "- " + paragraph(6)}});
  for (const Answer& answer : cut_answers(items, "", kRules).answers) {
    CHECK(text_of(items, answer.lead).find("one thing") == std::string::npos);
  }
}

TEST_CASE("characters are counted, not bytes") {
  CHECK(characters("한글 a🙂") == 5);
  std::string korean;
  for (int i = 0; i < 12; ++i) korean += "이 문장은 열 글자를 조금 넘는다. ";
  const Answers cut =
      cut_answers(prose_of({{"p", korean}}), "", {.min_answer_characters = 50, .max_answer_characters = 240});
  REQUIRE(cut.answers.size() == 1);
}

TEST_CASE("every prose byte is in an answer or left out with a reason, lengths are kept") {
  std::mt19937 random(5);
  const auto pick = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
  for (int round = 0; round < 200; ++round) {
    ProseView prose;
    for (int b = pick(12); b > 0; --b) {
      const auto kind = static_cast<Block::Kind>(pick(6));
      const std::string text =
          kind == Block::Kind::heading ? "Heading" : (pick(4) == 0 ? sentence(pick(120) + 1) : paragraph(pick(15) + 1));
      testing::append(prose, kind, text, pick(4) + 1);
    }
    const Answers cut = cut_answers(prose, "T", kRules);
    std::vector<bool> seen(prose.text.size(), false);
    for (const Answer& answer : cut.answers) {
      const int length = characters(text_of(prose, answer.span));
      CHECK(length >= kRules.min_answer_characters);
      CHECK(length <= kRules.max_answer_characters);
      std::fill(seen.begin() + static_cast<long>(answer.span.start), seen.begin() + static_cast<long>(answer.span.end),
                true);
    }
    for (const LeftOut& left : cut.left_out) {
      std::fill(seen.begin() + static_cast<long>(left.span.start), seen.begin() + static_cast<long>(left.span.end),
                true);
    }
    std::size_t lost = 0;
    for (const Block& block : prose.blocks) {
      if (!is_prose(block)) continue;
      for (std::size_t i = block.span.start; i < block.span.end; ++i)
        lost += !seen[i] && prose.text[i] != ' ' ? 1u : 0u;
    }
    CAPTURE(round);
    CHECK(lost == 0);
  }
}

}  // namespace
}  // namespace twin::feature
