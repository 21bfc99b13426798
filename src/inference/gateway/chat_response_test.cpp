#include "inference/gateway/chat_response.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace twin;
using namespace twin::inference;

namespace {

Answer answer() {
  Answer a;
  a.text = "Yes. [1]";
  a.model = "twin";
  a.finish_reason = "stop";
  a.usage = {5, 2};
  a.trace_id = "t";
  a.total_ms = 12;
  a.citations.push_back({1, "doc", "https://example.org", "T", 0, 4, "Yes."});
  Passage p;
  p.rank = 1;
  p.text = "Yes.";
  a.passages.push_back(p);
  return a;
}

Json data_of(const std::string& event) {
  REQUIRE(event.starts_with("data: "));
  REQUIRE(event.ends_with("\n\n"));
  REQUIRE(event.find('\n') == event.size() - 2);  // one line of data
  return Json::parse(event.substr(6));
}

const CompletionHead head{"chatcmpl-1", "twin", 1700000000, false};
const CompletionHead head_with_usage{"chatcmpl-1", "twin", 1700000000, true};

}  // namespace

TEST_CASE("chat.completion") {
  const Json json = Json::parse(completion_json(head, answer()));
  CHECK(json["id"] == "chatcmpl-1");
  CHECK(json["object"] == "chat.completion");
  CHECK(json["created"] == 1700000000);
  CHECK(json["choices"].size() == 1);
  const Json& choice = json["choices"][0];
  CHECK(choice["index"] == 0);
  CHECK(choice["finish_reason"] == "stop");
  CHECK(choice["logprobs"].is_null());
  CHECK(choice["message"]["role"] == "assistant");
  CHECK(choice["message"]["content"] == "Yes. [1]");
  CHECK(choice["message"]["citations"][0]["n"] == 1);
  CHECK(choice["message"]["passages"][0]["text"] == "Yes.");
  CHECK(json["usage"] == Json{{"prompt_tokens", 5}, {"completion_tokens", 2}, {"total_tokens", 7}});
}

TEST_CASE("chat.completion.chunk: role, text, end, usage, done") {
  const Json role = data_of(role_event(head));
  CHECK(role["object"] == "chat.completion.chunk");
  CHECK(role["choices"][0]["delta"] == Json{{"role", "assistant"}, {"content", ""}});
  CHECK(role["choices"][0]["finish_reason"].is_null());
  CHECK_FALSE(role.contains("usage"));
  CHECK(data_of(role_event(head_with_usage))["usage"].is_null());
  CHECK(data_of(text_event(head, "a\nb"))["choices"][0]["delta"] == Json{{"content", "a\nb"}});

  const Json last = data_of(final_event(head, answer()));
  CHECK(last["choices"][0]["finish_reason"] == "stop");
  CHECK_FALSE(last["choices"][0]["delta"].contains("content"));
  CHECK(last["choices"][0]["delta"]["annotated"] == "Yes. [1]");
  CHECK(last["choices"][0]["delta"]["citations"][0]["url"] == "https://example.org");
  CHECK(last["timing_ms"]["total"] == 12);

  const Json usage = data_of(usage_event(head_with_usage, {5, 2}));
  CHECK(usage["choices"] == Json::array());
  CHECK(usage["usage"]["total_tokens"] == 7);
  CHECK(done_event() == "data: [DONE]\n\n");
}

TEST_CASE("finish reasons are OpenAI's") {
  auto cut = answer();
  cut.finish_reason = "length";
  CHECK(Json::parse(completion_json(head, cut))["choices"][0]["finish_reason"] == "length");
  cut.finish_reason = "cancelled";
  CHECK(Json::parse(completion_json(head, cut))["choices"][0]["finish_reason"] == "stop");
}

TEST_CASE("each completion has an id of its own") {
  CHECK(completion_head("twin", false).id != completion_head("twin", false).id);
  CHECK(completion_head("twin", false).id.starts_with("chatcmpl-"));
}

TEST_CASE("code points are never cut, wherever the tokens are") {
  const std::string text = "가나 é 🙂 z";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    Utf8Pieces pieces;
    std::string all;
    for (std::size_t at = 0; at < text.size(); at += size) {
      const std::string piece = pieces.feed(text.substr(at, size));
      CHECK_NOTHROW((void)Json(piece).dump());  // throws on invalid UTF-8
      all += piece;
    }
    CHECK(all == text);
  }
  Utf8Pieces broken;
  CHECK(broken.feed("\x80\x80\x80\x80\x80").size() == 5);  // not a beginning of anything: passed on, replaced later
  CHECK_NOTHROW((void)text_event(head, "\xff"));
}
