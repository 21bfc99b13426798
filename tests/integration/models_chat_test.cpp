// The real worker with a small chat model: answers, determinism, cancellation, limits, supervision.
#include <signal.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <fstream>
#include <thread>

#include "core/text/unicode.h"
#include "models_fixture.h"

using namespace twin;
using models::ChatRequest;

namespace {

ChatRequest question(const std::string& text, int max_tokens = 32) {
  ChatRequest request;
  request.messages = {{"user", text}};
  request.max_tokens = max_tokens;
  request.reuse_prefix = false;
  return request;
}

bool wait_for(const std::function<bool()>& condition, int seconds = 30) {
  for (int i = 0; i < seconds * 20; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

}  // namespace

TEST_CASE("chat worker") {
  const auto model = test::test_model("smollm2");
  if (!model) return;
  const TempFolder logs;
  const auto start = std::chrono::steady_clock::now();
  auto started = models::Worker::start(test::worker_spec(*model, logs.path(), false));
  REQUIRE_MESSAGE(started, test::why(started));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  models::Worker& worker = **started;
  MESSAGE("start: " << seconds.count() << " s");
  CHECK(worker.healthy());
  CHECK(worker.context_tokens() == 1024);

  SUBCASE("an answer, streamed and whole alike, with usage") {
    std::string streamed;
    const auto answer = worker.chat(question("What is the capital of France?"), [&](std::string_view delta) {
      streamed += delta;
      return true;
    });
    REQUIRE_MESSAGE(answer, test::why(answer));
    CHECK(answer->text == streamed);
    CHECK_FALSE(answer->text.empty());
    CHECK(answer->usage.prompt_tokens > 5);
    CHECK(answer->usage.completion_tokens > 0);
    CHECK(answer->first_token_ms > 0);
    CHECK(answer->total_ms >= answer->first_token_ms);
  }
  SUBCASE("the same request twice gives the same text, sampled too, whatever was asked between") {
    ChatRequest sampled = question("Write one sentence about the sea.", 40);
    sampled.temperature = 0.9;
    sampled.seed = 42;
    const auto first = worker.chat(sampled);
    REQUIRE(worker.chat(question("Something else entirely, to fill the cache?")));
    const auto second = worker.chat(sampled);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(first->text == second->text);
    sampled.seed = 43;
    CHECK(worker.chat(sampled)->text != first->text);
  }
  SUBCASE("text stays valid UTF-8 wherever it is cut") {
    for (const int tokens : {1, 2, 3, 5, 8, 13}) {
      std::vector<std::string> pieces;
      const auto answer = worker.chat(question("한국어로 '안녕하세요 여러분'을 세 번 반복하고 😀를 쓰세요.", tokens),
                                      [&](std::string_view delta) {
                                        pieces.emplace_back(delta);
                                        return true;
                                      });
      REQUIRE(answer);
      CHECK(answer->finish_reason.size() > 0);
      for (const std::string& piece : pieces) CHECK(text::first_invalid_utf8(piece) == std::string::npos);
    }
  }
  SUBCASE("stop strings and the token limit") {
    ChatRequest counting = question("Count: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10. Continue the list.", 48);
    counting.stop = {"\n"};
    const auto stopped = worker.chat(counting);
    REQUIRE(stopped);
    CHECK(stopped->text.find('\n') == std::string::npos);
    const auto cut = worker.chat(question("Tell me a long story.", 7));
    REQUIRE(cut);
    CHECK(cut->finish_reason == "length");
    CHECK(cut->usage.completion_tokens == 7);
  }
  SUBCASE("cancellation frees the slot at once") {
    std::stop_source stop;
    ChatRequest endless = question("Write a very long story.", 900);
    endless.cancel = stop.get_token();
    const auto cancelled = worker.chat(endless, [&, n = 0](std::string_view) mutable {
      if (++n == 3) stop.request_stop();
      return true;
    });
    REQUIRE_MESSAGE(cancelled, test::why(cancelled));
    CHECK(cancelled->finish_reason == "cancelled");
    CHECK_FALSE(cancelled->text.empty());
    const auto early = worker.chat(question("Write a very long story.", 900), [](std::string_view) { return false; });
    REQUIRE(early);
    CHECK(early->finish_reason == "cancelled");
    // One slot only: the next answer would wait for some 890 tokens if the story were still being written. Measured by
    // the pace of its own tokens, whatever else the machine does.
    const auto next = worker.chat(question("Count to ten.", 12));
    REQUIRE(next);
    REQUIRE(next->usage.completion_tokens > 1);
    const double per_token = (next->total_ms - next->first_token_ms) / (next->usage.completion_tokens - 1);
    CHECK(next->first_token_ms < 300 * per_token);
  }
  SUBCASE("a prompt beyond the context is an error with both sizes") {
    std::string flood;
    for (int i = 0; i < 3'000; ++i) flood += "word ";
    const auto answer = worker.chat(question(flood));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == ErrorKind::limit);
    CHECK(answer.error().message.find("1024") != std::string::npos);
    CHECK(worker.healthy());
  }
  SUBCASE("misuse is refused") {
    ChatRequest tuned = question("Hi");
    tuned.adapter = true;
    CHECK(worker.chat(tuned).error().kind == ErrorKind::usage);
    CHECK(worker.embed({"text"}).error().kind == ErrorKind::usage);
    CHECK(worker.chat(question("\xff")).error().kind == ErrorKind::invalid);
  }
  SUBCASE("the template is the model's own") {
    const std::vector<models::Message> turns = {{"system", "Be brief."}, {"user", "Hi"}, {"assistant", "Hello."}};
    const auto whole = worker.apply_template(turns, false);
    REQUIRE_MESSAGE(whole, test::why(whole));
    CHECK(*whole ==
          "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
          "<|im_start|>assistant\nHello.<|im_end|>\n");
    const auto open = worker.apply_template({turns[0], turns[1]}, true);
    REQUIRE(open);
    CHECK(open->ends_with("<|im_start|>assistant\n"));
    const auto with = worker.tokenize("<|im_start|>hi", true);
    const auto without = worker.tokenize("<|im_start|>hi", false);
    REQUIRE(with);
    REQUIRE(without);
    CHECK(with->front() == 1);
    CHECK(without->size() > with->size());
  }
  SUBCASE("many texts are counted at once as one by one") {
    const std::vector<std::string> texts = {
        "Perilla does not mind the shade.", "", "들깨는 그늘을 가리지 않는다.", "<|im_start|>hi", " ", "a\nb\n\n"};
    for (const bool special : {false, true}) {
      const auto counts = worker.count_tokens(texts, special);
      REQUIRE_MESSAGE(counts, test::why(counts));
      REQUIRE(counts->size() == texts.size());
      for (std::size_t i = 0; i < texts.size(); ++i) {
        CAPTURE(texts[i]);
        CHECK((*counts)[i] == static_cast<int>(worker.tokenize(texts[i], special)->size()));
      }
    }
    CHECK(worker.count_tokens({}, false)->empty());
  }
  SUBCASE("next-token probabilities are of the plain distribution") {
    const auto prompt = worker.tokenize("The capital of France is", false);
    REQUIRE(prompt);
    const auto top = worker.next_token(*prompt, 2'000, false);
    REQUIRE_MESSAGE(top, test::why(top));
    REQUIRE(top->size() == 2'000);
    double sum = 0;
    for (std::size_t i = 0; i < top->size(); ++i) {
      sum += std::exp((*top)[i].logprob);
      if (i > 0) CHECK((*top)[i].logprob <= (*top)[i - 1].logprob);
    }
    CHECK(sum > 0.9);
    CHECK(sum < 1.0001);
    const auto paris = worker.tokenize(" Paris", false);
    REQUIRE(paris);
    CHECK(top->front().token == paris->front());
  }
  SUBCASE("next-token probabilities are there where a part of a character is the likeliest") {
    for (const std::string text : {"안녕하세", "서울은 대한민국의 수", "나는 학교에 갔다. 그리고"}) {
      CAPTURE(text);
      const auto prompt = worker.tokenize(text, false);
      REQUIRE(prompt);
      const auto top = worker.next_token(*prompt, 100, false);
      REQUIRE_MESSAGE(top, test::why(top));
      CHECK(top->size() == 100);
    }
  }
  SUBCASE("a killed process is restarted and serves again") {
    const pid_t before = worker.pid();
    ChatRequest story = question("Write a very long story.", 900);
    std::atomic<bool> running = false;
    Result<models::ChatResult> broken;
    std::jthread asker([&] {
      broken = worker.chat(story, [&](std::string_view) {
        running = true;
        return true;
      });
    });
    REQUIRE(wait_for([&] { return running.load(); }));
    REQUIRE(kill(before, SIGKILL) == 0);
    asker.join();
    REQUIRE_FALSE(broken);
    CHECK(broken.error().kind == ErrorKind::network);
    const auto again = worker.chat(question("Hi", 4));  // waits for the restart
    REQUIRE_MESSAGE(again, test::why(again));
    CHECK(worker.pid() != before);
    CHECK(worker.restarts() == 1);
  }
  SUBCASE("speed") {
    std::string prompt;
    for (int i = 0; i < 90; ++i) prompt += "The quick brown fox jumps. ";
    ChatRequest request = question(prompt + "Write a long story about that fox.", 128);
    const auto answer = worker.chat(request);
    REQUIRE(answer);
    MESSAGE("prompt tokens/s: " << answer->usage.prompt_tokens / (answer->first_token_ms / 1000));
    MESSAGE("generated tokens/s: " << (answer->usage.completion_tokens - 1) /
                                          ((answer->total_ms - answer->first_token_ms) / 1000));
  }
}

TEST_CASE("the worker dies with its object") {
  const auto model = test::test_model("smollm2");
  if (!model) return;
  const TempFolder logs;
  auto started = models::Worker::start(test::worker_spec(*model, logs.path(), false));
  REQUIRE_MESSAGE(started, test::why(started));
  const pid_t pid = (*started)->pid();
  started->reset();
  CHECK(kill(pid, 0) != 0);
}

TEST_CASE("models that cannot be served are refused with the reason") {
  const auto model = test::test_model("smollm2");
  if (!model) return;
  const TempFolder folder;
  const auto broken = folder.path() / "broken.gguf";
  std::filesystem::copy_file(*model, broken);
  SUBCASE("truncated") {
    std::filesystem::resize_file(broken, std::filesystem::file_size(broken) / 2);
    const auto started = models::Worker::start(test::worker_spec(broken, folder.path(), false));
    REQUIRE_FALSE(started);
    CHECK(started.error().kind == ErrorKind::invalid);
    CHECK(started.error().message.find("truncated") != std::string::npos);
  }
  SUBCASE("of an unknown architecture: the worker's own words") {
    std::fstream file(broken, std::ios::in | std::ios::out | std::ios::binary);
    std::string head(4096, '\0');
    file.read(head.data(), 4096);
    const auto at = head.find("llama", head.find("general.architecture") + 20);
    REQUIRE(at != std::string::npos);
    file.seekp(static_cast<std::streamoff>(at));
    file << "zlama";
    file.close();
    const auto started = models::Worker::start(test::worker_spec(broken, folder.path(), false));
    REQUIRE_FALSE(started);
    CHECK(started.error().kind == ErrorKind::invalid);
    CHECK(started.error().message.find("zlama") != std::string::npos);
  }
  SUBCASE("absent") {
    const auto started = models::Worker::start(test::worker_spec(folder.path() / "no.gguf", folder.path(), false));
    REQUIRE_FALSE(started);
    CHECK(started.error().kind == ErrorKind::not_found);
  }
}
