#include <nlohmann/json.hpp>

#include "core/text/unicode.h"
#include "evaluation/estimate_json.h"
#include "evaluation/evaluation.h"
#include "evaluation/preference/preference_report.h"

namespace twin::evaluation {

namespace {

Json errors_json(const std::vector<Error>& errors) {
  Json json = Json::array();
  for (const Error& error : errors) {
    json.push_back({{"kind", to_string(error.kind)},
                    {"message", text::repair_utf8(error.message)},
                    {"where", text::repair_utf8(error.where)}});
  }
  return json;
}

/// A model may write half a character; JSON must be valid UTF-8.
Json answer_json(const ArmAnswer& answer) {
  Json json{{"text", text::repair_utf8(answer.text)}, {"passages", Json::array()}};
  for (const std::string& passage : answer.passages) json["passages"].push_back(text::repair_utf8(passage));
  if (!answer.failure.empty()) json["failure"] = text::repair_utf8(answer.failure);
  return json;
}

Json questions_json(const EvalReport& report) {
  Json json = Json::array();
  for (std::size_t q = 0; q < report.questions.size(); ++q) {
    const Question& question = report.questions[q];
    Json answers = Json::object();
    for (const ArmReport& arm : report.arms) answers[arm.name] = answer_json(arm.answers[q]);
    json.push_back({{"question", question.question},
                    {"reference", question.reference},
                    {"document_id", question.document_id},
                    {"start", question.start},
                    {"end", question.end},
                    {"language", question.language},
                    {"answers", std::move(answers)}});
  }
  return json;
}

}  // namespace

Json to_json(const EvalReport& report) {
  EvalConfig config = report.config;
  Json arms = Json::object();
  for (const ArmReport& arm : report.arms) arms[arm.name] = to_json(arm.metrics);
  Json json{{"version", evaluation_version},
            {"config", config::canonical(config)},
            {"lineage", report.lineage},
            {"retrieval", to_json(report.retrieval)},
            {"perplexity", to_json(report.perplexity)},
            {"author", to_json(report.author)},
            {"arms", std::move(arms)},
            {"differences", to_json(report.differences)},
            {"failures", errors_json(report.failures)},
            {"notes", errors_json(report.notes)},
            {"questions", questions_json(report)}};
  for (const PreferenceReport& preferences : report.preferences) json["preferences"].push_back(to_json(preferences));
  return json;
}

}  // namespace twin::evaluation
