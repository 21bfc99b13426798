#include "inference/query/plan_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/clock.h"
#include "core/text/unicode.h"

namespace twin::inference {
namespace {

constexpr std::size_t day_digits = 10;    // YYYY-MM-DD
constexpr std::size_t shown_bytes = 300;  // of a text that a step made, for people

Json filter_json(const stores::IndexFilter& filter) {
  Json json = Json::object();
  const auto put_list = [&](const char* name, const std::vector<std::string>& values) {
    if (!values.empty()) json[name] = values;
  };
  put_list("categories", filter.categories);
  put_list("sources", filter.sources);
  put_list("author_ids", filter.author_ids);
  put_list("languages", filter.languages);
  put_list("document_ids", filter.document_ids);
  if (filter.published_from != 0) json["from"] = format_time(filter.published_from).substr(0, day_digits);
  if (filter.published_before != 0) json["before"] = format_time(filter.published_before).substr(0, day_digits);
  return json;
}

}  // namespace

Json to_json(const QueryStep& step) {
  return {{"step", step.name}, {"outcome", step.outcome}, {"texts", step.texts}, {"duration_ms", step.milliseconds}};
}

Json to_json(const QueryPlan& plan) {
  Json steps = Json::array();
  for (const QueryStep& step : plan.steps) steps.push_back(to_json(step));
  return {{"question", plan.question}, {"wordings", plan.wordings},          {"parts", plan.parts},
          {"passages", plan.passages}, {"filter", filter_json(plan.filter)}, {"steps", std::move(steps)}};
}

std::string to_text(const QueryPlan& plan) {
  std::string text;
  for (const QueryStep& step : plan.steps) {
    text += fmt::format("{:<10} {}  ({:.0f} ms)\n", step.name, step.outcome, step.milliseconds);
    for (const std::string& made : step.texts) {
      const auto shown = text::clip(made, shown_bytes);
      text += fmt::format("{:<10} · {}{}\n", "", shown, shown.size() < made.size() ? "…" : "");
    }
  }
  return text;
}

}  // namespace twin::inference
