#include "evaluation/preference/opinions.h"

#include <nlohmann/json.hpp>

#include "core/hash.h"
#include "core/json.h"

namespace twin::evaluation {

Opinions::Opinions(feature::AnswerLog* log, const PreferenceJudge& judge) : judge_(judge.key()) {
  if (!judge_.empty()) log_ = log;
}

std::string Opinions::key_of(const BlindPair& pair) const {
  return Sha256().field("opinion").field(judge_).field(pair.id).hex();
}

std::optional<Opinion> Opinions::find(const BlindPair& pair) const {
  if (log_ == nullptr) return std::nullopt;
  const auto kept = log_->find(key_of(pair));
  if (!kept) return std::nullopt;
  const Json json = Json::parse(kept->text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  try {
    const auto verdict = verdict_of(json.at("verdict").get<std::string>());
    if (!verdict) return std::nullopt;
    return Opinion{*verdict, json.at("readings").get<int>(), json.at("shown_first").get<int>(),
                   json.at("cut").get<bool>()};
  } catch (const Json::exception&) {
    return std::nullopt;  // asked again
  }
}

Result<void> Opinions::add(const BlindPair& pair, const Opinion& opinion) {
  if (log_ == nullptr) return {};
  const Json json{{"verdict", to_string(opinion.verdict)},
                  {"readings", opinion.readings},
                  {"shown_first", opinion.shown_first},
                  {"cut", opinion.cut}};
  return log_->add(key_of(pair), {json.dump()});
}

}  // namespace twin::evaluation
