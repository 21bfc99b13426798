#include "feature/datasets/answer_log.h"

#include <doctest/doctest.h>

#include <filesystem>

namespace twin::feature {
namespace {

TEST_CASE("answers are there after a restart, torn and strange lines do no harm") {
  const TempFolder folder;
  stores::Objects objects(disk(), folder.path() / "objects");
  const auto file = folder.path() / "new" / "answers.jsonl";
  {
    auto log = AnswerLog::open(file, objects);
    REQUIRE(log.has_value());
    CHECK(!log->find("a").has_value());
    REQUIRE(log->add("a", {"첫 답", true}).has_value());
    REQUIRE(log->add("b", {""}).has_value());
  }
  const std::string whole = *disk().read(file);
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {  // killed at any byte
    REQUIRE(disk().write(file, whole.substr(0, cut)).has_value());
    auto log = AnswerLog::open(file, objects);
    REQUIRE(log.has_value());
    REQUIRE(log->add("c", {"later"}).has_value());
    auto again = AnswerLog::open(file, objects);
    CHECK(again->find("c")->text == "later");
    if (cut == whole.size()) CHECK(again->find("a")->text == "첫 답");
    if (cut == whole.size()) CHECK(again->find("b")->text.empty());
  }
  REQUIRE(disk().write(file, "nonsense\n[]\n{\"key\":1}\n" + whole).has_value());
  const auto last = AnswerLog::open(file, objects);
  CHECK(last->find("a")->text == "첫 답");
  CHECK(last->find("a")->cut);
  CHECK(!last->find("b")->cut);
}

TEST_CASE("an answer whose object is gone is generated again") {
  const TempFolder folder;
  stores::Objects objects(disk(), folder.path() / "objects");
  auto log = AnswerLog::open(folder.path() / "answers.jsonl", objects);
  REQUIRE(log->add("a", {"text"}).has_value());
  std::filesystem::remove_all(folder.path() / "objects");
  CHECK(!log->find("a").has_value());
}

}  // namespace
}  // namespace twin::feature
