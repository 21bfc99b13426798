#include "feature/collect/webdriver_answer.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace twin;
using namespace twin::feature::webdriver;

TEST_CASE("a value, and the errors of the driver") {
  const auto page = read_answer(200, R"({"value": "<html></html>"})", 30);
  REQUIRE(page);
  CHECK(*page == "<html></html>");
  CHECK(read_answer(200, R"({"value": null})", 30)->is_null());

  const auto slow = read_answer(500, R"({"value": {"error": "timeout", "message": "timeout: 30s\nstack"}})", 30);
  REQUIRE(!slow);
  CHECK(slow.error().kind == ErrorKind::limit);
  CHECK(slow.error().message.find("30 seconds") != std::string::npos);

  const auto refused =
      read_answer(404, R"({"value": {"error": "no such window", "message": "no such window: gone\n#0 0x55"}})", 30);
  REQUIRE(!refused);
  CHECK(refused.error().kind == ErrorKind::network);
  CHECK(refused.error().message.find("no such window: gone") != std::string::npos);
  CHECK(refused.error().message.find("0x55") == std::string::npos);
}

TEST_CASE("answers that are not of the protocol are errors, whatever their members are") {
  for (const char* body : {"", "<html>", "[]", "{}", "7", R"({"value")", R"({"values": 1})"}) {
    CAPTURE(body);
    const auto answer = read_answer(200, body, 30);
    REQUIRE(!answer);
    CHECK(answer.error().kind == ErrorKind::io);
  }
  const auto deep = read_answer(200, R"({"value": )" + std::string(100'000, '['), 30);
  REQUIRE(!deep);
  CHECK(deep.error().kind == ErrorKind::io);
  // Members of another type than the protocol's.
  for (const char* body : {R"({"value": {"error": 7, "message": [1]}})", R"({"value": [7]})", R"({"value": null})"}) {
    CAPTURE(body);
    const auto answer = read_answer(500, body, 30);
    REQUIRE(!answer);
    CHECK(answer.error().kind == ErrorKind::network);
    CHECK(answer.error().message.find("status 500") != std::string::npos);
  }
}

TEST_CASE("the id of a session can stand in a path") {
  CHECK(session_id(Json::parse(R"({"sessionId": "0a-1B_2"})")) == "0a-1B_2");
  for (const char* value : {R"({"sessionId": "../x"})", R"({"sessionId": "a?b"})", R"({"sessionId": "a b"})",
                            R"({"sessionId": 7})", "[]", "null", "{}", R"("a")"}) {
    CAPTURE(value);
    CHECK(session_id(Json::parse(value)).empty());
  }
}
