#include "models/prompts/prompts.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "core/files.h"

using namespace twin;
using namespace twin::models;

TEST_CASE("placeholders are filled once, in one pass") {
  CHECK(fill("{a} and {b}", {{"a", "{b}"}, {"b", "x"}}) == "{b} and x");
  CHECK(fill("{a}{a}", {{"a", "1"}}) == "11");
  CHECK(fill("{unknown} {a", {{"a", "1"}}) == "{unknown} {a");
  CHECK(fill("{ {a} }", {{"a", "1"}}) == "{ 1 }");
  CHECK(fill("", {{"a", "1"}}).empty());
}

TEST_CASE("the prompts that ship are complete") {
  const auto prompts = load_prompts();
  REQUIRE(prompts);
  CHECK_FALSE(prompts->system.empty());
  CHECK(prompts->system.find('{') == std::string::npos);
  CHECK(prompts->user.find("{passages}") != std::string::npos);
  CHECK(prompts->user.find("{question}") != std::string::npos);
  CHECK(prompts->passage.find("{text}") != std::string::npos);
}

TEST_CASE("prompts of $TWIN_SHARE replace them, and a broken one is named") {
  const TempFolder folder;
  for (const char* name : {"twin.system.txt", "rag.user.txt", "rag.passage.txt"}) {
    REQUIRE(disk().write(folder.path() / "prompts" / name, std::string("  own ") + name + "\n"));
  }
  setenv("TWIN_SHARE", folder.path().c_str(), 1);
  const auto own = load_prompts();
  REQUIRE(disk().write(folder.path() / "prompts/rag.user.txt", "\xff"));
  const auto broken = load_prompts();
  unsetenv("TWIN_SHARE");
  REQUIRE(own);
  CHECK(own->system == "own twin.system.txt");
  REQUIRE_FALSE(broken);
  CHECK(broken.error().kind == ErrorKind::invalid);
  CHECK(broken.error().where.ends_with("rag.user.txt"));
}

TEST_CASE("a question with its passages") {
  const Prompts prompts{"system", "{passages}\n\nAnswer: {question}", "[{n}] {title}\n{text}"};
  const std::string first = render_passage(prompts, 1, "설치", "apt", "{question} stays");
  CHECK(first == "[1] 설치 › apt\n{question} stays");
  CHECK(render_question(prompts, {first, "[2] b\nc"}, "{n}?") ==
        "[1] 설치 › apt\n{question} stays\n\n[2] b\nc\n\nAnswer: {n}?");
  CHECK(render_passage(prompts, 2, "설치", "", "c") == "[2] 설치\nc");
  CHECK(render_passage(prompts, 2, "", "apt", "c") == "[2] apt\nc");
  CHECK(render_passage(prompts, 2, "설치", "설치 › apt", "c") == "[2] 설치 › apt\nc");
  CHECK(digest(prompts) == digest(prompts));
  CHECK(digest(prompts) != digest({"system", "{passages}", "[{n}]"}));
}
