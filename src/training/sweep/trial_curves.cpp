#include "training/sweep/trial_curves.h"

#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "core/json.h"

namespace twin::training {
namespace {

constexpr double windows = 50;  // points of a training curve

struct WindowSum {
  double share = 0, loss = 0;
  int count = 0;
};

double number_in(const Json& line, const char* key) {
  return line.contains(key) && line[key].is_number() ? line[key].get<double>() : std::nan("");
}

}  // namespace

TrialCurves read_curves(const std::filesystem::path& metrics) {
  std::map<double, double> validation;  // an evaluation that was made twice counts once
  std::map<int, WindowSum> training;
  std::ifstream in(metrics);
  for (std::string text; std::getline(in, text);) {
    const auto line = Json::parse(text, nullptr, false);
    if (!line.is_object()) continue;
    const bool evaluation = line.contains("event") && line["event"] == "eval";
    const double share = number_in(line, "step") / number_in(line, "steps");
    const double loss = number_in(line, evaluation ? "eval_loss" : "loss");
    if (!std::isfinite(share) || !std::isfinite(loss)) continue;
    if (evaluation) {
      validation[share] = loss;
      continue;
    }
    WindowSum& window = training[static_cast<int>(share * windows)];
    window.share += share;
    window.loss += loss;
    ++window.count;
  }
  TrialCurves curves;
  curves.validation.assign(validation.begin(), validation.end());
  for (const auto& [number, sum] : training) curves.training.emplace_back(sum.share / sum.count, sum.loss / sum.count);
  return curves;
}

}  // namespace twin::training
