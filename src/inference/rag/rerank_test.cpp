#include "inference/rag/rerank.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

using namespace twin;
using namespace twin::inference;

namespace {

class ScriptedReranker final : public Reranker {
 public:
  using Script = std::function<Result<std::vector<double>>(const std::vector<Passage>&, const std::stop_token&)>;
  ScriptedReranker(std::size_t batch, Script script) : batch_(batch), script_(std::move(script)) {}
  Result<std::vector<double>> score(const std::string&, const std::vector<Passage>& passages,
                                    const std::stop_token& stop) override {
    ++calls;
    return script_(passages, stop);
  }
  std::size_t batch() const override { return batch_; }
  int calls = 0;

 private:
  std::size_t batch_;
  Script script_;
};

/// Texts "0", "1", … in the order of their fused scores n, n - 1, …
std::vector<Passage> numbered(int n) {
  std::vector<Passage> passages;
  for (int i = 0; i < n; ++i) {
    Passage passage;
    passage.text = std::to_string(i);
    passage.fused = passage.score = n - i;
    passages.push_back(passage);
  }
  return passages;
}

std::string order(const std::vector<Passage>& passages) {
  std::string texts;
  for (const Passage& passage : passages) texts += passage.text;
  return texts;
}

/// The number itself: the last comes first.
Result<std::vector<double>> backwards(const std::vector<Passage>& passages, const std::stop_token&) {
  std::vector<double> scores;
  for (const Passage& passage : passages) scores.push_back(std::stod(passage.text));
  return scores;
}

RetrievalConfig config_for(int candidates) {
  RetrievalConfig config;
  config.rerank = "learned";
  config.rerank_candidates = candidates;
  config.rerank_budget_ms = 0;
  return config;
}

bool falls(const std::vector<Passage>& passages) {
  for (std::size_t i = 1; i < passages.size(); ++i) {
    if (passages[i].score > passages[i - 1].score) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("reranking: the best candidates by the new scores, the others behind them as they were") {
  ScriptedReranker reranker(2, backwards);
  auto passages = numbered(7);
  const auto report = rerank_passages(reranker, "q", config_for(5), {}, passages);
  CHECK(order(passages) == "4321056");
  CHECK(falls(passages));
  CHECK(report.judged == 5);
  CHECK(report.candidates == 5);
  CHECK(report.problem.empty());
  CHECK_FALSE(report.out_of_time);
  CHECK(reranker.calls == 3);
  CHECK(passages[0].reranked == 4.0);
  CHECK_FALSE(passages[5].reranked);
  CHECK(to_json(report).at("judged") == 5);
  CHECK(to_text(report).find("5") != std::string::npos);
}

TEST_CASE("reranking: all at once where they are compared; equal scores keep the order") {
  ScriptedReranker reranker(0, [](const std::vector<Passage>& passages, const std::stop_token&) {
    return Result<std::vector<double>>(std::vector<double>(passages.size(), 1.0));
  });
  auto passages = numbered(4);
  (void)rerank_passages(reranker, "q", config_for(30), {}, passages);
  CHECK(reranker.calls == 1);
  CHECK(order(passages) == "0123");
  std::vector<Passage> none;
  CHECK(rerank_passages(reranker, "q", config_for(30), {}, none).judged == 0);
  CHECK(reranker.calls == 1);
}

TEST_CASE("reranking: a share of the fused score keeps the order closer to it") {
  ScriptedReranker reranker(0, [](const std::vector<Passage>&, const std::stop_token&) {
    return Result<std::vector<double>>(std::vector<double>{0, 0, 0, 1});
  });
  auto config = config_for(4);
  config.rerank_weight = 0.2;
  auto passages = numbered(4);
  (void)rerank_passages(reranker, "q", config, {}, passages);
  CHECK(order(passages) == "0123");
  config.rerank_weight = 0.6;
  passages = numbered(4);
  (void)rerank_passages(reranker, "q", config, {}, passages);
  CHECK(order(passages) == "3012");
}

TEST_CASE("reranking: a failure, or scores that are none, change nothing and are told") {
  for (const auto& script : std::vector<ScriptedReranker::Script>{
           [](const auto&passages, const auto&stop) -> Result<std::vector<double>> {
             if (passages[0].text == "2") return fail(ErrorKind::network, "it is gone");
             return backwards(passages, stop);
           },
           [](const auto&, const auto&) { return Result<std::vector<double>>(std::vector<double>{1}); },
           [](const auto&, const auto&) {
             return Result<std::vector<double>>(std::vector<double>{std::nan(""), 1});
           }}) {
    ScriptedReranker reranker(2, script);
    auto passages = numbered(4);
    const auto report = rerank_passages(reranker, "q", config_for(4), {}, passages);
    CHECK(order(passages) == "0123");
    CHECK_FALSE(report.problem.empty());
    CHECK(report.judged == 0);
    CHECK_FALSE(passages[0].reranked);
    CHECK(to_text(report).find(report.problem) != std::string::npos);
  }
}

TEST_CASE("reranking: when the time is up, what was judged counts and the rest keeps its order") {
  // Judges the first batch, then waits for the end of the time.
  ScriptedReranker reranker(
      2, [](const std::vector<Passage>& passages, const std::stop_token& stop) -> Result<std::vector<double>> {
        if (passages[0].text == "0") return backwards(passages, stop);
        while (!stop.stop_requested()) std::this_thread::yield();
        return fail(ErrorKind::cancelled, "stopped");
      });
  auto config = config_for(6);
  config.rerank_budget_ms = 30;
  auto passages = numbered(6);
  const auto report = rerank_passages(reranker, "q", config, {}, passages);
  CHECK(report.out_of_time);
  CHECK(report.problem.empty());
  CHECK(report.judged == 2);
  CHECK(order(passages) == "102345");
  CHECK(falls(passages));
}

TEST_CASE("reranking: a question that was withdrawn stops it") {
  ScriptedReranker reranker(
      1, [](const std::vector<Passage>&, const std::stop_token& stop) -> Result<std::vector<double>> {
        CHECK(stop.stop_requested());
        return fail(ErrorKind::cancelled, "withdrawn");
      });
  std::stop_source source;
  source.request_stop();
  auto passages = numbered(3);
  const auto report = rerank_passages(reranker, "q", config_for(3), source.get_token(), passages);
  CHECK_FALSE(report.out_of_time);
  CHECK(report.judged == 0);
  CHECK(order(passages) == "012");
}
