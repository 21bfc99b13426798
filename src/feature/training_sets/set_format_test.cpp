#include "feature/training_sets/set_format.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "feature/training_sets/set_reader.h"

namespace twin::feature {
namespace {

Example read_line(const std::string& line, SetFormat format) {
  return value_or_throw(read_example(Json::parse(line), format));
}

std::string why_not(const std::string& line, SetFormat format) {
  const auto example = read_example(Json::parse(line), format);
  return example ? "" : example.error().message;
}

/// Lines of `format` in, the example's own lines of that format out.
void check_round_trip(const std::string& line, SetFormat format) {
  CAPTURE(line);
  const auto written = write_example(read_line(line, format), format);
  REQUIRE(written.has_value());
  REQUIRE(written->size() == 1);
  CHECK(written->front().dump() == Json::parse(line).dump());
  CHECK(guess_set_format(Json::parse(line)) == format);
}

const std::string kTurns =
    R"([{"role":"system","content":"짧게 답한다."},{"role":"user","content":"안녕?"},{"role":"assistant","content":"네."},)"
    R"({"role":"user","content":"뭐 해?"},{"role":"assistant","content":"글을 씁니다."}])";

}  // namespace

TEST_CASE("set formats: each comes back as it was, several turns and Korean included") {
  check_round_trip(R"({"messages":)" + kTurns + "}", SetFormat::openai);
  check_round_trip(
      R"({"conversations":[{"from":"system","value":"s"},{"from":"human","value":"q"},{"from":"gpt","value":"a"},)"
      R"({"from":"human","value":"왜?"},{"from":"gpt","value":"그냥."}]})",
      SetFormat::sharegpt);
  check_round_trip(R"({"instruction":"q","input":"","output":"a"})", SetFormat::alpaca);
  check_round_trip(R"({"instruction":"둘째","input":"","output":"b","system":"s","history":[["첫째","a"]]})",
                   SetFormat::alpaca);
  check_round_trip(R"({"prompt":[{"role":"user","content":"q"}],"chosen":[{"role":"assistant","content":"a"}],)"
                   R"("rejected":[{"role":"assistant","content":"b"}]})",
                   SetFormat::dpo);
  check_round_trip(
      R"({"prompt":[{"role":"user","content":"q"}],"completion":[{"role":"assistant","content":"a"}],"label":false})",
      SetFormat::kto);
  check_round_trip(R"({"text":"글"})", SetFormat::text);
}

TEST_CASE("set formats: what they call alike becomes the same example") {
  const Example openai = read_line(R"({"messages":)" + kTurns + "}", SetFormat::openai);
  REQUIRE(openai.messages.size() == 5);
  for (const SetFormat format : {SetFormat::sharegpt, SetFormat::alpaca}) {
    const auto written = write_example(openai, format);
    REQUIRE(written.has_value());
    const auto back = read_example(written->front(), format);
    REQUIRE(back.has_value());
    CHECK(to_training_json(*back).dump() == to_training_json(openai).dump());
  }
  const Example alpaca = read_line(R"({"instruction":"Translate","input":"책","output":"book"})", SetFormat::alpaca);
  CHECK(alpaca.messages[0].content == "Translate\n\n책");
  CHECK(read_line(
            R"({"messages":[{"role":"developer","content":"s"},{"role":"user","content":[{"type":"text","text":"q"}]},)"
            R"({"role":"assistant","content":"a","weight":1}]})",
            SetFormat::openai)
            .messages[0]
            .role == "system");
}

TEST_CASE("set formats: pairs in the shapes they are published in") {
  const std::string wanted =
      R"({"prompt":[{"role":"user","content":"q"}],"chosen":[{"role":"assistant","content":"a"}],"rejected":[{"role":"assistant","content":"b"}]})";
  for (
      const char* line :
      {R"({"prompt":"q","chosen":"a","rejected":"b"})", R"({"question":"q","chosen":"a","rejected":"b"})",
       R"({"instruction":"q","chosen":"a","rejected":"b"})",
       R"({"prompt":"q","chosen":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"rejected":[{"role":"user","content":"q"},{"role":"assistant","content":"b"}]})",
       R"({"chosen":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"rejected":[{"role":"user","content":"q"},{"role":"assistant","content":"b"}]})",
       R"({"conversations":[{"from":"human","value":"q"}],"chosen":{"from":"gpt","value":"a"},"rejected":{"from":"gpt","value":"b"}})"}) {
    CAPTURE(line);
    CHECK(to_training_json(read_line(line, SetFormat::dpo)).dump() == wanted);
  }
  const auto judged = write_example(read_line(wanted, SetFormat::dpo), SetFormat::kto);
  REQUIRE(judged.has_value());
  REQUIRE(judged->size() == 2);
  CHECK((*judged)[0]["label"] == true);
  CHECK((*judged)[1]["completion"][0]["content"] == "b");
  CHECK((*write_example(read_line(wanted, SetFormat::dpo), SetFormat::openai))[0]["messages"][1]["content"] == "a");
}

TEST_CASE("set formats: what would be lost is refused and named") {
  CHECK(why_not(R"({"messages":[{"role":"user","content":"q"}]})", SetFormat::openai) != "");
  CHECK(why_not(R"({"messages":[{"role":"assistant","content":"a"}]})", SetFormat::openai) != "");
  CHECK(why_not(R"({"messages":[]})", SetFormat::openai) != "");
  CHECK(why_not(R"({"messages":"q"})", SetFormat::openai) != "");
  CHECK(why_not(R"({"messages":[{"role":"user","content":" "},{"role":"assistant","content":"a"}]})", SetFormat::openai)
            .find("content") != std::string::npos);
  CHECK(why_not(R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":null,"tool_calls":[{}]}]})",
                SetFormat::openai)
            .find("tool_calls") != std::string::npos);
  CHECK(why_not(R"({"messages":[{"role":"user","content":[{"type":"image_url"}]},{"role":"assistant","content":"a"}]})",
                SetFormat::openai) != "");
  CHECK(why_not(R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a","weight":0}]})",
                SetFormat::openai)
            .find("weight") != std::string::npos);
  CHECK(
      why_not(R"({"conversations":[{"from":"narrator","value":"q"},{"from":"gpt","value":"a"}]})", SetFormat::sharegpt)
          .find("narrator") != std::string::npos);
  CHECK(why_not(R"({"instruction":"q","output":7})", SetFormat::alpaca).find("output") != std::string::npos);
  CHECK(why_not(R"({"instruction":"q","output":"a","history":[["only one"]]})", SetFormat::alpaca) != "");
  CHECK(why_not(R"({"prompt":"q","chosen":"a","rejected":"a"})", SetFormat::dpo) != "");
  CHECK(why_not(R"({"chosen":"a","rejected":"b"})", SetFormat::dpo).find("prompt") != std::string::npos);
  CHECK(why_not(R"({"prompt":"q","completion":"a","label":1})", SetFormat::kto).find("label") != std::string::npos);
  CHECK(why_not("[1]", SetFormat::text) != "");
  const Example two = read_line(
      R"({"messages":[{"role":"user","content":"q"},{"role":"user","content":"r"},{"role":"assistant","content":"a"}]})",
      SetFormat::openai);
  CHECK_FALSE(write_example(two, SetFormat::alpaca).has_value());
  CHECK_FALSE(write_example(two, SetFormat::dpo).has_value());
  CHECK_FALSE(write_example(two, SetFormat::kto).has_value());
  CHECK_FALSE(write_example(two, SetFormat::text).has_value());
  CHECK_FALSE(
      write_example(read_line(R"({"prompt":"q","completion":"a","label":false})", SetFormat::kto), SetFormat::openai)
          .has_value());
}

TEST_CASE("set reader: lines and arrays, and the place of what is wrong") {
  const TempFolder folder;
  const auto file = folder.path() / "set.jsonl";
  const auto read = [&](const std::string& bytes) {
    std::ofstream(file, std::ios::binary) << bytes;
    std::vector<std::int64_t> numbers;
    const auto result = read_set(file, std::nullopt, [&](Example&&, std::int64_t number) -> Result<void> {
      numbers.push_back(number);
      return {};
    });
    return std::pair(result ? std::string(to_string(*result)) : result.error().where, numbers);
  };
  const std::string a = R"({"instruction":"q","input":"","output":"a"})";
  CHECK(read("\xEF\xBB\xBF" + a + "\r\n\n" + a) == std::pair(std::string("alpaca"), std::vector<std::int64_t>{1, 3}));
  CHECK(read("\xEF\xBB\xBF [\n" + a + ",\n" + a + "]\n") ==
        std::pair(std::string("alpaca"), std::vector<std::int64_t>{1, 2}));
  CHECK(read(a + "\n{\"text\":\"x\"}\n").first.ends_with("set.jsonl:2"));
  CHECK(read(a + "\n" + a + "\n{\n").first.ends_with("set.jsonl:3"));
  CHECK(read("{\"unknown\":1}\n").first.ends_with("set.jsonl:1"));
  CHECK(read("[" + a + ",7]").first.ends_with("set.jsonl:2"));
  CHECK(read("[" + a).first.ends_with("set.jsonl"));
  CHECK(read("\n\n").first.ends_with("set.jsonl"));
  CHECK(!read_set(folder.path() / "none", std::nullopt, [](Example&&, std::int64_t) -> Result<void> { return {}; }));
}

}  // namespace twin::feature
