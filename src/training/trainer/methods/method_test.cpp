// Losses and slopes against values worked out apart from the code, and slopes against finite differences.
#include "training/trainer/methods/method.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/result.h"

using namespace twin;
using namespace twin::training;

namespace {

TrainConfig config_of(const std::string& method) {
  TrainConfig config;
  config.method = method;
  return config;
}

/// Every slope is the derivative of the loss.
void check_slopes(const Method& method, std::vector<AnswerScore> answers, bool desirable, const StepFacts& step) {
  const auto at = method.loss(answers, desirable, step);
  REQUIRE(at.slopes.size() == answers.size());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const double h = 1e-5, kept = answers[i].log_probability;
    answers[i].log_probability = kept + h;
    const double above = method.loss(answers, desirable, step).loss;
    answers[i].log_probability = kept - h;
    const double below = method.loss(answers, desirable, step).loss;
    answers[i].log_probability = kept;
    CHECK((above - below) / (2 * h) == doctest::Approx(at.slopes[i]).epsilon(1e-5));
  }
}

}  // namespace

TEST_CASE("methods: likelihood is a mean over the tokens of the step") {
  for (const char* name : {"text", "sft"}) {
    const auto method = make_method(config_of(name));
    CHECK(method->name() == name);
    const std::vector<AnswerScore> answers = {{.log_probability = -12.0, .tokens = 6}};
    const auto loss = method->loss(answers, true, {.samples = 3, .loss_tokens = 24});
    CHECK(loss.loss == doctest::Approx(0.5));
    CHECK(loss.slopes[0] == doctest::Approx(-1.0 / 24));
    check_slopes(*method, answers, true, {.samples = 3, .loss_tokens = 24});
  }
}

TEST_CASE("methods: DPO, sigmoid") {
  auto config = config_of("dpo");
  config.dpo.beta = 0.1;
  const auto method = make_method(config);
  // h = (−10 + 12) − (−20 + 17) = 5; −log σ(0.5) = log(1 + e^−0.5) = 0.4740769841801067
  const std::vector<AnswerScore> answers = {{-10, 8, -12}, {-20, 9, -17}};
  const StepFacts step{.samples = 1, .loss_tokens = 17};
  const auto loss = method->loss(answers, true, step);
  CHECK(loss.loss == doctest::Approx(0.4740769841801067).epsilon(1e-12));
  // −β·σ(−0.5) = −0.1 · 0.3775406687981454
  CHECK(loss.slopes[0] == doctest::Approx(-0.03775406687981454).epsilon(1e-12));
  CHECK(loss.slopes[1] == doctest::Approx(0.03775406687981454).epsilon(1e-12));
  CHECK(loss.chosen_reward == doctest::Approx(0.2));
  CHECK(loss.rejected_reward == doctest::Approx(-0.3));
  check_slopes(*method, answers, true, step);
  // At the reference every pair costs log 2.
  const std::vector<AnswerScore> same = {{-3, 2, -3}, {-4, 2, -4}};
  CHECK(method->loss(same, true, step).loss == doctest::Approx(std::log(2.0)));
  CHECK(method->loss(same, true, {.samples = 4, .loss_tokens = 9}).loss == doctest::Approx(std::log(2.0) / 4));

  config.dpo.label_smoothing = 0.2;
  // 0.8 · 0.4740769841801067 + 0.2 · 0.9740769841801067
  CHECK(make_method(config)->loss(answers, true, step).loss == doctest::Approx(0.5740769841801067).epsilon(1e-12));
  check_slopes(*make_method(config), answers, true, step);
}

TEST_CASE("methods: DPO, IPO") {
  auto config = config_of("dpo");
  config.dpo.beta = 0.25;
  config.dpo.loss = "ipo";
  const auto method = make_method(config);
  const std::vector<AnswerScore> answers = {{-10, 8, -12}, {-20, 9, -17}};
  const auto loss = method->loss(answers, true, {.samples = 2, .loss_tokens = 17});
  CHECK(loss.loss == doctest::Approx(4.5));  // (5 − 2)² / 2
  CHECK(loss.slopes[0] == doctest::Approx(3.0));
  check_slopes(*method, answers, true, {.samples = 2, .loss_tokens = 17});
}

TEST_CASE("methods: ORPO") {
  auto config = config_of("orpo");
  config.orpo.lambda = 0.5;
  const auto method = make_method(config);
  // Means −0.5 and −1: P = 0.6065306597, 0.3678794412; log odds = 0.4327521295671, −0.5413248546129181;
  // ratio = 0.9740769841801; −log σ = 0.3202997852; loss = 0.5 + 0.5 · 0.3202997852
  const std::vector<AnswerScore> answers = {{-2, 4, 0}, {-5, 5, 0}};
  const auto loss = method->loss(answers, true, {.samples = 1, .loss_tokens = 9});
  const double odds_chosen = std::exp(-0.5) / (1 - std::exp(-0.5)),
               odds_rejected = std::exp(-1.0) / (1 - std::exp(-1.0));
  CHECK(std::log(odds_chosen) == doctest::Approx(0.4327521295671).epsilon(1e-10));
  const double expected = 0.5 + 0.5 * std::log1p(odds_rejected / odds_chosen);
  CHECK(loss.loss == doctest::Approx(expected).epsilon(1e-12));
  CHECK(loss.loss == doctest::Approx(0.6601498926187683).epsilon(1e-10));
  check_slopes(*method, answers, true, {.samples = 3, .loss_tokens = 9});
  // An answer that is certain does not give infinite odds.
  CHECK(std::isfinite(method->loss(std::vector<AnswerScore>{{0, 4, 0}, {-5, 5, 0}}, true, {1, 9, 0}).loss));
}

TEST_CASE("methods: KTO") {
  auto config = config_of("kto");
  config.kto = {.beta = 0.5, .desirable_weight = 1.0, .undesirable_weight = 2.0};
  const auto method = make_method(config);
  const StepFacts step{.samples = 2, .loss_tokens = 10, .kl = 1.0};
  const std::vector<AnswerScore> answers = {{-4, 5, -7}};  // r = 3
  // 1 − σ(0.5 · (3 − 1)) = 1 − 0.7310585786300049
  CHECK(method->loss(answers, true, step).loss == doctest::Approx(0.2689414213699951 / 2).epsilon(1e-12));
  CHECK(method->loss(answers, false, step).loss == doctest::Approx(2 * 0.7310585786300049 / 2).epsilon(1e-12));
  CHECK(method->loss(answers, true, step).slopes[0] < 0);
  CHECK(method->loss(answers, false, step).slopes[0] > 0);
  CHECK(method->loss(answers, true, step).chosen == 1);
  CHECK(method->loss(answers, false, step).rejected_reward == doctest::Approx(1.5));
  check_slopes(*method, answers, true, step);
  check_slopes(*method, answers, false, step);
}

TEST_CASE("methods: large arguments stay finite; unknown names are refused") {
  CHECK(softplus(1000) == doctest::Approx(1000));
  CHECK(softplus(-1000) == 0);
  CHECK(sigmoid(-1000) == 0);
  CHECK(sigmoid(1000) == 1);
  CHECK_THROWS_AS((void)make_method(config_of("ppo")), Fatal);
}
