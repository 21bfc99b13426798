#include "evaluation/preference/server_letters.h"

#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

using namespace twin;
using namespace twin::evaluation;

namespace {

std::string completion(const std::vector<std::pair<std::string, double>>& alternatives) {
  Json top = Json::array();
  for (const auto& [token, logprob] : alternatives) top.push_back({{"token", token}, {"logprob", logprob}});
  Json content = Json::array();
  content.push_back({{"token", "A"}, {"logprob", -0.1}, {"top_logprobs", std::move(top)}});
  Json choices = Json::array();
  choices.push_back({{"message", {{"content", "A"}}}, {"logprobs", {{"content", std::move(content)}}}});
  return Json{{"choices", std::move(choices)}}.dump();
}

struct AskedServer {
  std::shared_ptr<FakeHttp> http = std::make_shared<FakeHttp>();
  int replies = 0;
  AskLetter ask(models::RemoteConfig config = {}) {
    config.url = "http://server/v1/";
    config.model = "wise";
    return letter_by_server(config, http,
                            [this](const std::string&) -> Result<double> {
                              ++replies;
                              return -1.0;
                            },
                            {});
  }
  void answer(int status, std::string body) {
    HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    http->pages["http://server/v1/chat/completions"] = std::move(response);
  }
};

}  // namespace

TEST_CASE("the odds of the first token, all spellings of a letter together") {
  CHECK(odds_in(completion({{"A", std::log(0.3)}, {" A", std::log(0.3)}, {"B", std::log(0.2)}})).value() ==
        doctest::Approx(std::log(3)));
  CHECK(odds_in(completion({{"B", -0.1}, {"The", -4}})).value() == doctest::Approx(-4 + 0.1));
  CHECK_FALSE(odds_in(completion({{"The", -0.1}, {"a", -2}})));
  for (const char* body :
       {"", "[]", "null", "{}", R"({"choices":[]})", R"({"choices":[{"logprobs":null}]})",
        R"({"choices":[{"logprobs":{"content":[{"top_logprobs":[{"token":1,"logprob":"x"}]}]}}]})"}) {
    CAPTURE(body);
    CHECK_FALSE(odds_in(body));
  }
}

TEST_CASE("a server with log-probabilities is asked once for each reading") {
  AskedServer server;
  server.answer(200, completion({{"A", -0.2}, {"B", -2.2}}));
  const AskLetter ask = server.ask();
  CHECK(ask("Which?").value() == doctest::Approx(2));
  CHECK(server.replies == 0);
  const Json body = Json::parse(server.http->requests.back().body);
  CHECK(body["model"] == "wise");
  CHECK(body["top_logprobs"] == 20);
  CHECK(body["stream"] == false);
  CHECK(body["temperature"] == 0.0);
}

TEST_CASE("a server that gives none is asked for a reply, and for them no more") {
  for (const int status : {400, 422, 200}) {
    AskedServer server;
    server.answer(status, R"({"choices":[{"message":{"content":"A"}}]})");
    const AskLetter ask = server.ask();
    CHECK(ask("Which?").value() == -1);
    CHECK(ask("Which?").value() == -1);
    CHECK(server.replies == 2);
    CHECK(server.http->requests.size() == 1);
  }
}

TEST_CASE("a busy server is left to the way of asking that waits") {
  AskedServer server;
  server.answer(429, "later");
  const AskLetter ask = server.ask();
  CHECK(ask("Which?").value() == -1);
  server.answer(200, completion({{"A", -0.2}, {"B", -2.2}}));
  CHECK(ask("Which?").value() == doctest::Approx(2));
  CHECK(server.replies == 1);
}
