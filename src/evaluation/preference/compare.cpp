#include "evaluation/preference/compare.h"

#include <fmt/core.h>

#include "core/hash.h"
#include "core/i18n.h"
#include "evaluation/arms.h"
#include "evaluation/perplexity.h"
#include "evaluation/questions.h"

namespace twin::evaluation {

namespace {

std::string answer_key(const NamedArm& arm, const Question& question, int max_tokens) {
  return Sha256().field("answer").field(arm.identity).field(std::to_string(max_tokens)).field(question.question).hex();
}

void answer_as(const NamedArm& arm, const EvalConfig& config, const CompareContext& context, Progress& progress,
               EvalReport& report) {
  ArmReport answered{arm.name, {}, {}};
  AskQuestion ask;
  for (const Question& question : report.questions) {
    if (context.stop.stop_requested()) throw Fatal(ErrorKind::cancelled, tr("stopped"));
    progress.note(fmt::format("{}: {}", arm.name, question.question));
    const bool keeps = context.kept != nullptr && !arm.identity.empty();
    const std::string key = answer_key(arm, question, config.max_tokens);
    const auto before = keeps ? context.kept->find(key) : std::nullopt;
    if (before) {
      answered.answers.push_back({before->text, {}, {}});
    } else {
      if (!ask) ask = arm.start();
      keep_answer(question, ask(question), answered, report);
      const ArmAnswer& answer = answered.answers.back();
      if (keeps && answer.failure.empty()) value_or_throw(context.kept->add(key, {answer.text}));
    }
    progress.add();
  }
  report.arms.push_back(std::move(answered));
}

std::vector<ArmPair> all_pairs(const std::vector<NamedArm>& arms) {
  std::vector<ArmPair> pairs;
  for (std::size_t second = 0; second < arms.size(); ++second) {
    for (std::size_t first = second + 1; first < arms.size(); ++first) {
      pairs.push_back({arms[first].name, arms[second].name});
    }
  }
  return pairs;
}

void score_arms(const EvalConfig& config, const CompareContext& context, EvalReport& report) {
  std::vector<PerplexityModel> models;
  for (const NamedArm& arm : context.arms) {
    if (arm.score) models.push_back({arm.name, arm.score});
  }
  std::vector<PerplexityChange> changes;
  for (std::size_t against = 0; against < models.size(); ++against) {
    for (std::size_t model = against + 1; model < models.size(); ++model) {
      changes.push_back({"change " + to_string({models[model].name, models[against].name}), model, against});
    }
  }
  if (models.empty()) return;
  measure_perplexity(choose_samples(context.held_out, config.perplexity_passages, config.seed), config, models, changes,
                     report);
}

}  // namespace

EvalReport compare_arms(const EvalConfig& config, const CompareContext& context) {
  EvalReport report;
  report.config = config;
  report.lineage = context.lineage;
  for (const feature::Sample& sample : choose_samples(context.held_out, config.questions, config.seed)) {
    report.questions.push_back(to_question(sample));
  }
  if (report.questions.empty()) {
    throw Fatal(ErrorKind::usage, tr("There is no held-out question to evaluate with"), {},
                tr("raise dataset.test_share, or add documents"));
  }
  {
    const auto progress = context.progress.start(tr("evaluate: answer"), tr("answers"));
    progress->total(report.questions.size() * context.arms.size());
    for (const NamedArm& arm : context.arms) answer_as(arm, config, context, *progress, report);
  }
  measure_arms(context.held_out, config, all_pairs(context.arms), report);
  if (config.perplexity_passages > 0) score_arms(config, context, report);
  return report;
}

}  // namespace twin::evaluation
