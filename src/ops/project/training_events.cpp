#include "ops/project/training_events.h"

#include "core/clock.h"

namespace twin::ops {
namespace {

void log_answers(Project& project, const std::string& run_id, const training::TrainEvent& event, UnixMillis now) {
  std::vector<stores::AnswerRecord> answers;
  for (const training::TrainAnswer& answer : event.answers) {
    answers.push_back({.step = event.step,
                       .number = static_cast<int>(answers.size()),
                       .prompt = answer.prompt,
                       .expected = answer.expected,
                       .answer = answer.answer,
                       .ended = answer.ended,
                       .time = now});
  }
  project.runs().log_answers(run_id, answers);
}

}  // namespace

void log_training(Project& project, const std::string& run_id, const training::TrainEvent& event) {
  const UnixMillis now = system_clock().now();
  if (!event.answers.empty()) return log_answers(project, run_id, event, now);
  if (event.evaluation) return project.runs().log_metrics(run_id, {{"eval/loss", event.eval_loss, event.step, now}});
  project.runs().log_metrics(run_id, {{"train/loss", event.loss, event.step, now},
                                      {"train/lr", event.lr, event.step, now},
                                      {"train/tokens_per_s", event.tokens_per_s, event.step, now},
                                      {"train/grad_norm", event.grad_norm, event.step, now}});
}

}  // namespace twin::ops
