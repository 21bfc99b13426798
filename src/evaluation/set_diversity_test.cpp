#include "evaluation/set_diversity.h"

#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "feature/training_sets/set_stats.h"

using namespace twin;
using namespace twin::evaluation;

namespace {

/// Near the axis of the first of some words that a text holds, a little off by the text's length.
class TopicEmbedder final : public models::EmbeddingEngine {
 public:
  Result<std::vector<std::vector<float>>> embed(const std::vector<std::string>& texts) override {
    std::vector<std::vector<float>> vectors;
    for (const std::string& text : texts) {
      std::vector<float> vector(8, 0.02F);
      vector[4 + text.size() % 4] = 0.15F;
      const char* const words[] = {"bread", "kernel", "기록관"};
      for (std::size_t i = 0; i < 3; ++i) {
        if (text.find(words[i]) != std::string::npos) vector[i] = 1.0F;
      }
      float length = 0;
      for (const float x : vector) length += x * x;
      for (float& x : vector) x /= std::sqrt(length);
      vectors.push_back(std::move(vector));
    }
    return vectors;
  }
  [[nodiscard]] int dimension() const override { return 8; }
  [[nodiscard]] int window_tokens() const override { return 256; }
  [[nodiscard]] std::string model_hash() const override { return "topics"; }
};

std::vector<std::string> some_answers() {
  std::vector<std::string> answers;
  for (int i = 0; i < 40; ++i) {
    const std::string tail = std::string(static_cast<std::size_t>(i % 7), 'x');
    if (i % 4 < 2) answers.push_back("Good bread needs an old oven and bread flour. " + tail);
    if (i % 4 == 2) answers.push_back("The kernel schedules threads, and the kernel maps memory. " + tail);
    if (i % 4 == 3) answers.push_back("대통령 기록관의 기록물을 기록관에서 공개한다. " + tail);
  }
  return answers;
}

feature::SetDiversity measured(const std::vector<std::string>& answers, MapConfig config = {}) {
  TopicEmbedder engine;
  return measure_diversity(config, {}, answers, engine, silent_progress(), {});
}

}  // namespace

TEST_CASE("diversity: groups of alike answers with their names, the share of the largest, the entropy") {
  const auto diversity = measured(some_answers());
  CHECK(diversity.all == 40);
  CHECK(diversity.points.size() == 40);
  REQUIRE(diversity.groups.size() == 3);
  CHECK(diversity.groups[0].samples == 20);
  CHECK(diversity.groups[1].samples == 10);
  CHECK(diversity.groups[0].name.find("bread") != std::string::npos);
  const std::string others = diversity.groups[1].name + " " + diversity.groups[2].name;
  CHECK(others.find("kernel") != std::string::npos);
  CHECK(others.find("기록관") != std::string::npos);
  CHECK(diversity.largest_share() == doctest::Approx(0.5));
  CHECK(diversity.entropy() == doctest::Approx(1.5));
  CHECK(diversity.effective_groups() == doctest::Approx(std::pow(2.0, 1.5)));
  const auto again = measured(some_answers());
  for (std::size_t i = 0; i < 40; ++i) {
    CHECK(again.points[i].x == diversity.points[i].x);
    CHECK(again.points[i].group == diversity.points[i].group);
  }
}

TEST_CASE("diversity: one answer over and over is one group; a sample of many; nothing is an error") {
  const auto same = measured(std::vector<std::string>(30, "Good bread needs an oven."));
  CHECK(same.groups.size() == 1);
  CHECK(same.entropy() == 0.0);
  CHECK(same.largest_share() == 1.0);
  CHECK(measured({"Only one answer."}).groups.size() == 1);
  MapConfig config;
  config.max_points = 12;
  const auto sample = measured(some_answers(), config);
  CHECK(sample.points.size() == 12);
  CHECK(sample.all == 40);
  CHECK_THROWS_AS((void)measured({}), Fatal);
  CHECK_THROWS_AS((void)measured({" ", "\n"}), Fatal);
}

TEST_CASE("diversity: in the statistics as text, JSON and page, without markup of the answers") {
  auto answers = some_answers();
  answers[0] = "<script>alert(1)</script> bread " + answers[0];
  feature::SetStats stats;
  stats.name = "instruct";
  CHECK_FALSE(to_json(stats).contains("diversity"));
  stats.diversity = measured(answers);
  stats.diversity->model = "minilm";
  const Json json = to_json(stats)["diversity"];
  CHECK(json["groups"].size() == 3);
  CHECK(json["largest_share"] == doctest::Approx(0.5));
  CHECK(json["model"] == "minilm");
  CHECK(to_text(stats).find("3 groups; the largest has 50 %") != std::string::npos);
  const std::string page = feature::to_html({stats}, "");
  CHECK(page.find("<script>alert") == std::string::npos);
  std::size_t circles = 0;
  for (std::size_t at = 0; (at = page.find("<circle ", at)) != std::string::npos; ++at) ++circles;
  CHECK(circles == 40);
}
