#include "training/sweep/sweep_config.h"

#include <doctest/doctest.h>

#include "core/files.h"
#include "training/sweep/trials.h"

using namespace twin;
using namespace twin::training;

namespace {

SweepConfig sweep_of(const std::string& yaml) {
  const TempFolder folder;
  const auto file = folder.path() / "sweep.yaml";
  REQUIRE(disk().write(file, yaml).has_value());
  return read_sweep(file.string());
}

std::string refusal_of(const std::string& argument, bool yaml = true) {
  try {
    yaml ? (void)sweep_of(argument) : (void)read_sweep(argument);
  } catch (const Fatal& fatal) {
    CHECK(fatal.error().kind == ErrorKind::usage);
    return fatal.error().text();
  }
  FAIL("it was not refused");
  return {};
}

std::vector<std::string> texts(const std::vector<Settings>& trials) {
  std::vector<std::string> all;
  all.reserve(trials.size());
  for (const Settings& trial : trials) all.push_back(to_string(trial));
  return all;
}

double value_of(const Settings& settings, std::size_t at) {
  return std::stod(settings[at].second);
}

}  // namespace

TEST_CASE("sweep: a grid has every combination, the last parameter changing fastest") {
  const auto trials =
      make_trials(sweep_of("parameters:\n"
                           "  - {key: lr, choice: [1e-4, 5e-4]}\n"
                           "  - {key: lora.r, choice: [8, 16]}\n"));
  CHECK(texts(trials) ==
        std::vector<std::string>{"lr=1e-4 lora.r=8", "lr=1e-4 lora.r=16", "lr=5e-4 lora.r=8", "lr=5e-4 lora.r=16"});
  CHECK(make_trials(read_sweep("lr=1e-4,5e-4 lora.r=8,16")) == trials);
  const auto config = configure({}, trials[3]);
  REQUIRE(config.has_value());
  CHECK(config->lr == 5e-4);
  CHECK(config->lora.r == 16);
}

TEST_CASE("sweep: the short form sets the sweep itself, too") {
  const auto sweep = read_sweep("  lr=1e-4,5e-4   eta=2 min_budget=0.25 ");
  CHECK(sweep.eta == 2);
  CHECK(sweep.min_budget == 0.25);
  CHECK(sweep.parameters.size() == 1);
}

TEST_CASE("sweep: random values lie in their range, spread over it, and are the same for the same seed") {
  const std::string yaml =
      "search: random\ntrials: 200\nseed: 5\nparameters:\n"
      "  - {key: lr, log_uniform: [1e-5, 1e-2]}\n"
      "  - {key: lora.dropout, uniform: [0, 0.5]}\n"
      "  - {key: lora.r, uniform: [4, 64], whole: true}\n"
      "  - {key: schedule, choice: [cosine, linear, wsd]}\n";
  const auto trials = make_trials(sweep_of(yaml));
  REQUIRE(trials.size() == 200);
  int small = 0, wsd = 0;
  double sum = 0;
  for (const Settings& trial : trials) {
    CHECK(value_of(trial, 0) >= 1e-5);
    CHECK(value_of(trial, 0) <= 1e-2);
    CHECK(value_of(trial, 1) <= 0.5);
    CHECK(trial[2].second.find('.') == std::string::npos);
    small += static_cast<int>(value_of(trial, 0) < 1e-4);
    wsd += static_cast<int>(trial[3].second == "wsd");
    sum += value_of(trial, 1);
    CHECK(configure({}, trial).has_value());
  }
  CHECK(small > 45);  // a decade of three: a third of them
  CHECK(small < 90);
  CHECK(wsd > 45);
  CHECK(wsd < 90);
  CHECK(sum / 200 == doctest::Approx(0.25).epsilon(0.15));
  CHECK(make_trials(sweep_of(yaml)) == trials);
  auto other = sweep_of(yaml);
  other.seed = 6;
  CHECK(make_trials(other) != trials);
}

TEST_CASE("sweep: more trials or another parameter change nothing of what a trial draws") {
  SweepConfig sweep = sweep_of("search: random\ntrials: 3\nparameters: [{key: lr, log_uniform: [1e-5, 1e-2]}]\n");
  const auto few = make_trials(sweep);
  sweep.trials = 9;
  sweep.parameters.push_back({.key = "lora.r", .choice = {"4", "8"}, .uniform = {}, .log_uniform = {}, .whole = false});
  const auto many = make_trials(sweep);
  for (std::size_t i = 0; i < few.size(); ++i) CHECK(few[i][0] == many[i][0]);
}

TEST_CASE("sweep: a random search in a small grid draws each point once, and no more than there are") {
  const auto trials = make_trials(read_sweep("search=random trials=50 lr=1,2,3 lora.r=8,16"));
  CHECK(trials.size() == 6);
}

TEST_CASE("sweep: what cannot be drawn or compared is refused by name") {
  CHECK(refusal_of("parameters: []").find("names no parameters") != std::string::npos);
  CHECK(refusal_of("paramters: []").find("parameters") != std::string::npos);
  CHECK(refusal_of("parameters: [{key: lr}]").find("Give one of") != std::string::npos);
  CHECK(refusal_of("parameters: [{key: lr, choice: [1], uniform: [0, 1]}]").find("Give one of") != std::string::npos);
  CHECK(refusal_of("parameters: [{key: lr, choice: [1, 1]}]").find("named twice") != std::string::npos);
  CHECK(refusal_of("parameters: [{key: lr, uniform: [0, 1]}]").find("search: random") != std::string::npos);
  const std::string random = "search: random\ntrials: 2\n";
  for (const char* range : {"uniform: [1, 1]", "uniform: [a, 2]", "uniform: [1]", "log_uniform: [0, 1]"}) {
    CAPTURE(range);
    const auto text = refusal_of(random + "parameters: [{key: lr, " + range + "}]");
    CHECK(text.find("lr: A range is") != std::string::npos);
  }
  CHECK(refusal_of("search: random\nparameters: [{key: lr, choice: [1]}]").find("needs trials") != std::string::npos);
  CHECK(refusal_of("lr=1 lr=2", false).find("named twice") != std::string::npos);
  CHECK(refusal_of("lr", false).find("not 'lr'") != std::string::npos);
  CHECK(refusal_of("missing.yaml", false).find("missing.yaml") != std::string::npos);
  CHECK(refusal_of("max_length=256,512", false).find("cannot be compared") != std::string::npos);
  CHECK(refusal_of("dpo.beta=0.1,0.5", false).find("reward_accuracy") != std::string::npos);
  CHECK(read_sweep("dpo.beta=0.1,0.5 metric=reward_accuracy").parameters.size() == 1);
}

TEST_CASE("sweep: a setting that is none, or a value that is wrong, is named with its trial") {
  const auto unknown = configure({}, {{"lora.rank", "8"}});
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().text().find("lora.rank") != std::string::npos);
  CHECK_FALSE(configure({}, {{"lr", "fast"}}).has_value());
  const auto list = configure({}, {{"lora.targets", "[q_proj, v_proj]"}});
  REQUIRE(list.has_value());
  CHECK(list->lora.targets == std::vector<std::string>{"q_proj", "v_proj"});
}

TEST_CASE("sweep: a grid beyond max_trials is refused before it is made") {
  std::string text = "max_trials: 100\nparameters:\n";
  for (const char* key : {"lr", "clip", "weight_decay", "epsilon", "warmup", "decay", "min_lr"})
    text += std::string("  - {key: ") + key + ", choice: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]}\n";
  try {
    (void)make_trials(sweep_of(text));
    FAIL("it was not refused");
  } catch (const Fatal& fatal) {
    CHECK(fatal.error().kind == ErrorKind::limit);
  }
}
