#include "evaluation/preference/preference_report.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "evaluation/estimate_json.h"

namespace twin::evaluation {

namespace {

std::string p_value(double p) {
  return p < 0.001 ? "< 0.001" : fmt::format("{:.3f}", p);
}

Json pair_json(const PairPreference& pair) {
  Json json{{"first", pair.first},
            {"second", pair.second},
            {"wins", pair.wins},
            {"losses", pair.losses},
            {"ties", pair.ties},
            {"identical", pair.identical},
            {"orders_disagree", pair.orders_disagree},
            {"unjudged", pair.unjudged},
            {"win_rate", nullptr},
            {"p", nullptr}};
  if (!pair.win_rate.measured()) return json;
  json["win_rate"] = to_json(pair.win_rate);
  json["p"] = pair.p;
  return json;
}

Json verdict_json(const JudgedAnswers& judged) {
  return Json{{"question", judged.question},
              {"first", judged.first},
              {"second", judged.second},
              {"winner", judged.winner ? Json(to_string(*judged.winner)) : Json()},
              {"reason", judged.reason}};
}

std::string verdict_text(const JudgedAnswers& judged) {
  if (!judged.winner) return fmt::format("{} ? {}", judged.first, judged.second);
  switch (*judged.winner) {
    case Verdict::first:
      return fmt::format("{} > {}", judged.first, judged.second);
    case Verdict::second:
      return fmt::format("{} > {}", judged.second, judged.first);
    case Verdict::tie:
      return fmt::format("{} = {}", judged.first, judged.second);
  }
  return {};
}

}  // namespace

std::vector<std::string> preference_head() {
  return {tr("judge"), tr("arms"), tr("share of wins"), tr("won / tie / lost"), "p", "n"};
}

Rows preference_rows(const EvalReport& report) {
  Rows rows;
  for (const PreferenceReport& preferences : report.preferences) {
    for (const PairPreference& pair : preferences.pairs) {
      const bool measured = pair.win_rate.measured();
      rows.push_back({preferences.judge, tr("{} over {}", pair.first, pair.second), with_interval(pair.win_rate),
                      fmt::format("{} / {} / {}", pair.wins, pair.ties, pair.losses), measured ? p_value(pair.p) : "–",
                      fmt::format("{}", pair.win_rate.n)});
    }
  }
  return rows;
}

std::vector<std::string> preference_remarks(const EvalReport& report) {
  std::vector<std::string> remarks;
  for (const PreferenceReport& preferences : report.preferences) {
    std::string remark = fmt::format("{}: {}", preferences.judge, preferences.identity);
    if (preferences.readings > 0) {
      remark += "; " + tr("the answer shown first was preferred in {} of {} readings", preferences.shown_first,
                          preferences.readings);
    }
    if (preferences.orders_disagree > 0) {
      remark += "; " + tr("{} of {} pairs are ties because the orders disagree", preferences.orders_disagree,
                          preferences.decided);
    }
    if (preferences.cut > 0) remark += "; " + tr("in {} pairs a text was cut", preferences.cut);
    if (preferences.open > 0) remark += "; " + tr("{} pairs are not judged", preferences.open);
    remarks.push_back(std::move(remark));
  }
  return remarks;
}

std::vector<std::string> preference_verdicts(const EvalReport& report, std::size_t question) {
  std::vector<std::string> lines;
  for (const PreferenceReport& preferences : report.preferences) {
    std::string line;
    for (const JudgedAnswers& judged : preferences.verdicts) {
      if (judged.question == question) line += (line.empty() ? "" : "; ") + verdict_text(judged);
    }
    if (!line.empty()) lines.push_back(fmt::format("{}: {}", preferences.judge, line));
  }
  return lines;
}

Json to_json(const PreferenceReport& preferences) {
  Json json{{"judge", preferences.judge},
            {"identity", preferences.identity},
            {"decided", preferences.decided},
            {"open", preferences.open},
            {"readings", preferences.readings},
            {"shown_first", preferences.shown_first},
            {"orders_disagree", preferences.orders_disagree},
            {"cut", preferences.cut},
            {"pairs", Json::array()},
            {"verdicts", Json::array()}};
  for (const PairPreference& pair : preferences.pairs) json["pairs"].push_back(pair_json(pair));
  for (const JudgedAnswers& judged : preferences.verdicts) json["verdicts"].push_back(verdict_json(judged));
  return json;
}

}  // namespace twin::evaluation
