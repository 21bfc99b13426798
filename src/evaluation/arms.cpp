#include "evaluation/arms.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/i18n.h"
#include "evaluation/arm_style.h"
#include "evaluation/support.h"
#include "evaluation/words.h"

namespace twin::evaluation {

namespace {

/// Measured of each answer; style is measured of all answers of an arm together.
constexpr std::array kPerAnswer = {"support", "supported_sentences", "coverage", "length"};

/// What was measured of one answer: metric → value. A metric that does not apply is not there.
using Values = std::map<std::string, double>;

void put(Values& values, const std::string& key, const std::optional<double>& value) {
  if (value && std::isfinite(*value)) values[key] = *value;
}

/// The author's text on the matter: the source span, and the passages that any arm was given. The same for all arms, so
/// that none is measured by a softer rule.
std::vector<std::string> evidence_for(std::size_t question, const EvalReport& report) {
  std::vector<std::string> evidence{report.questions[question].reference};
  for (const ArmReport& arm : report.arms) {
    for (const std::string& passage : arm.answers[question].passages) {
      if (std::find(evidence.begin(), evidence.end(), passage) == evidence.end()) evidence.push_back(passage);
    }
  }
  return evidence;
}

Values measure_answer(const std::string& text, const Question& question, const std::vector<std::string>& evidence,
                      const EvalConfig& config) {
  Values values;
  if (const auto support = measure_support(text, evidence, config.support)) {
    put(values, "support", support->words);
    put(values, "supported_sentences", support->sentences);
  }
  put(values, "coverage", measure_coverage(text, question.reference));
  put(values, "length", static_cast<double>(words(without_marks(text)).size()));
  return values;
}

/// Values of every arm (outer) for every question (inner).
std::vector<std::vector<Values>> measure_answers(const EvalConfig& config, const EvalReport& report) {
  std::vector<std::vector<Values>> measured(report.arms.size(), std::vector<Values>(report.questions.size()));
  for (std::size_t q = 0; q < report.questions.size(); ++q) {
    const auto evidence = evidence_for(q, report);
    for (std::size_t a = 0; a < report.arms.size(); ++a) {
      const ArmAnswer& answer = report.arms[a].answers[q];
      if (answer.failure.empty()) measured[a][q] = measure_answer(answer.text, report.questions[q], evidence, config);
    }
  }
  return measured;
}

/// The same metric of two arms on the questions that both answered.
Estimate paired_difference(const std::vector<Values>& first, const std::vector<Values>& second, const std::string& key,
                           const EvalReport& report, const BootstrapOptions& options) {
  std::vector<Measured> differences;
  for (std::size_t q = 0; q < first.size(); ++q) {
    const auto a = first[q].find(key), b = second[q].find(key);
    if (a == first[q].end() || b == second[q].end()) continue;
    differences.push_back({report.questions[q].document_id, a->second - b->second});
  }
  return bootstrap_mean(differences, options);
}

std::optional<std::size_t> index_of(const EvalReport& report, const std::string& arm) {
  for (std::size_t i = 0; i < report.arms.size(); ++i) {
    if (report.arms[i].name == arm) return i;
  }
  return std::nullopt;
}

}  // namespace

std::string to_string(const ArmPair& pair) {
  const bool hyphens = (pair.first + pair.second).find('-') != std::string::npos;
  return fmt::format("{}{}{}", pair.first, hyphens ? " - " : "-", pair.second);
}

void keep_answer(const Question& question, Result<ArmAnswer> answer, ArmReport& arm, EvalReport& report) {
  if (!answer && answer.error().kind == ErrorKind::cancelled) throw Fatal(answer.error());
  ArmAnswer kept = answer ? std::move(*answer) : ArmAnswer{{}, {}, answer.error().text()};
  if (kept.failure.empty() && words(without_marks(kept.text)).empty()) kept.failure = tr("the answer is empty");
  if (!kept.failure.empty()) {
    report.failures.push_back({answer ? ErrorKind::invalid : answer.error().kind,
                               tr("{} did not answer \"{}\": {}", arm.name, question.question, kept.failure),
                               question.document_id,
                               {}});
  }
  arm.answers.push_back(std::move(kept));
}

void ask_arms(const std::vector<Question>& questions, const EvalContext& context, EvalReport& report) {
  std::vector<Arm> arms;
  for (const Arm arm : all_arms) {
    if (!is_tuned(arm) || context.tuned) arms.push_back(arm);
  }
  report.questions = questions;
  for (const Arm arm : arms) report.arms.push_back({std::string(name(arm)), {}, {}});
  const auto progress = context.progress.start(tr("evaluate: answer"), tr("answers"));
  progress->total(questions.size() * arms.size());
  for (const Question& question : questions) {
    for (std::size_t a = 0; a < arms.size(); ++a) {
      if (context.stop.stop_requested()) throw Fatal(ErrorKind::cancelled, tr("stopped"));
      progress->note(fmt::format("{}: {}", name(arms[a]), question.question));
      auto answer = context.ask(question, arms[a]);
      progress->add();
      keep_answer(question, std::move(answer), report.arms[a], report);
    }
  }
}

void measure_arms(const std::vector<feature::Sample>& held_out, const EvalConfig& config,
                  const std::vector<ArmPair>& pairs, EvalReport& report) {
  const auto measured = measure_answers(config, report);
  const BootstrapOptions options{.resamples = config.bootstrap, .seed = config.seed};
  for (std::size_t a = 0; a < report.arms.size(); ++a) {
    for (const char* metric : kPerAnswer) {
      std::vector<Measured> items;
      for (std::size_t q = 0; q < report.questions.size(); ++q) {
        const auto value = measured[a][q].find(metric);
        if (value != measured[a][q].end()) items.push_back({report.questions[q].document_id, value->second});
      }
      report.arms[a].metrics[metric] = bootstrap_mean(items, options);
    }
  }
  const ArmStyle style(held_out, report, config);
  report.author = style.of_author();
  for (std::size_t a = 0; a < report.arms.size(); ++a) report.arms[a].metrics.merge(style.of_arm(a, report.notes));

  for (const ArmPair& compared : pairs) {
    const auto a = index_of(report, compared.first), b = index_of(report, compared.second);
    if (!a || !b) continue;
    const std::string pair = to_string(compared);
    for (const char* metric : kPerAnswer) {
      report.differences[fmt::format("{} {}", metric, pair)] =
          paired_difference(measured[*a], measured[*b], metric, report, options);
    }
    for (const auto& [metric, estimate] : style.difference(*a, *b)) {
      report.differences[fmt::format("{} {}", metric, pair)] = estimate;
    }
  }
}

}  // namespace twin::evaluation
