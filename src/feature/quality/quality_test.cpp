#include "feature/quality/quality.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace twin::feature {
namespace {

std::vector<std::string> fails(const std::string& markdown, const std::string& language) {
  std::vector<std::string> rules;
  for (const QualityFlag& flag : judge(prose_view(markdown), language, QualityRules{})) rules.push_back(flag.rule);
  return rules;
}

bool has(const std::vector<std::string>& rules, const char* rule) {
  return std::find(rules.begin(), rules.end(), rule) != rules.end();
}

const std::string english =
    "The oven was still warm when I came home, so I put the dough in without waiting for it to heat up again. It rose "
    "more slowly than the recipe says. That was not a bad thing.\n\n"
    "I have made this bread for three years now, and the only thing that I am sure of is that the weather matters more "
    "than the flour. On a wet day you need less water; on a dry one you will want a spoon more.\n\n"
    "- Use a scale, not a cup.\n- Do not hurry.\n\n```\nx = 1\nx = 1\nx = 1\n```\n";
const std::string korean_writing =
    "집에 돌아왔을 때 오븐이 아직 따뜻해서, 다시 달궈지기를 기다리지 않고 반죽을 넣었다. 책에 적힌 것보다 천천히 "
    "부풀었다. 나쁜 일은 아니었다.\n\n이 빵을 구운 지 삼 년이 되었지만, 확실히 아는 것은 밀가루보다 날씨가 더 "
    "중요하다는 "
    "사실뿐이다. 비 오는 날에는 물을 적게 넣고, 마른 날에는 한 숟가락을 더 넣는다. 서두르면 반드시 망친다는 것도 "
    "배웠다.\n\n- 컵 말고 저울을 쓴다\n- 소금은 나중에 넣는다\n";

TEST_CASE("ordinary writing passes, in both languages") {
  CHECK(fails(english, "en").empty());
  CHECK(fails(english, "en-GB").empty());
  CHECK(fails(korean_writing, "ko").empty());
  const QualityMeasures m = measure_quality(prose_view(korean_writing), "ko");
  CHECK(m.words > 50);
  CHECK(m.mean_word_length > 2);
  CHECK(m.function_words > 0.5);
  CHECK(m.ended_lines > 0.9);
  CHECK(m.duplicate_lines == 0);
  CHECK(m.repeated_phrases == 0);
}

TEST_CASE("each rule catches its kind") {
  std::string tags, words, dots, bullets, same, numbers, phrases;
  for (int i = 0; i < 60; ++i) {
    const std::string n = std::to_string(i);
    tags += "#tag" + n + " the #other" + n + " and ";
    words += "supercalifragilistic" + n + " ";
    dots += "And then it was line " + n + " of the...\n\n";
    bullets += "- the link number " + n + " of the page\n";
    same += "Subscribe to the newsletter and be the first to know.\n\n";
    numbers += n + " " + n + ".5 the " + n + "% ";
    phrases += "buy the best bread now " + n + " and ";
  }
  CHECK(has(fails(tags, "en"), "max_symbol_ratio"));
  CHECK(has(fails(words, "en"), "max_mean_word"));
  CHECK(has(fails(words, "en"), "min_function_words"));
  CHECK(has(fails(dots, "en"), "max_ellipsis_lines"));
  CHECK(has(fails(bullets, "en"), "max_bullet_lines"));
  CHECK(has(fails(bullets, "en"), "min_ended_lines"));
  CHECK(has(fails(same, "en"), "max_duplicate_lines"));
  CHECK(has(fails(same, "en"), "max_repeated_phrases"));
  CHECK(has(fails(numbers, "en"), "min_letter_words"));
  CHECK(has(fails(phrases, "en"), "max_top_phrase"));
}

TEST_CASE("Korean has limits of its own") {
  std::string tags, list;
  for (int i = 0; i < 60; ++i) {
    tags += "#맛집" + std::to_string(i) + " #여행" + std::to_string(i) + " ";
    list += "- 서울 부산 대구 광주 " + std::to_string(i) + "\n";
  }
  CHECK(has(fails(tags, "ko"), "max_symbol_ratio"));
  CHECK(has(fails(tags, "ko"), "min_function_words"));
  CHECK(has(fails(list, "ko"), "max_bullet_lines"));
  // Short words are normal in Korean: the English floor does not hold.
  std::string shorts;
  for (int i = 0; i < 30; ++i) shorts += "이 책은 " + std::to_string(i) + "년 전에 산 것입니다. ";
  CHECK(!has(fails(shorts, "ko"), "min_mean_word"));
  CHECK(has(fails(shorts, "en"), "min_mean_word"));
}

TEST_CASE("short documents and other languages are judged by what applies to them") {
  CHECK(fails("#a #b #c #d", "en").empty());
  std::string one_item = "- ";
  for (int i = 0; i < 12; ++i) one_item += "and this is the part " + std::to_string(i) + " of a long sentence, ";
  CHECK(!has(fails(one_item, "en"), "max_bullet_lines"));
  std::string japanese;
  for (int i = 0; i < 60; ++i)
    japanese += "今日は雨が降ったので家で本を読んで過ごしました。" + std::to_string(i) + "。 ";
  CHECK(fails(japanese, "ja").empty());
  QualityRules off;
  off.enabled = false;
  CHECK(judge(prose_view("#a #b " + english), "en", off).empty());
  CHECK(describe({{"max_symbol_ratio", 0.312, 0.1}, {"min_words", 1, 2}}) ==
        "max_symbol_ratio 0.31 (limit 0.10), min_words 1.00 (limit 2.00)");
}

}  // namespace
}  // namespace twin::feature
