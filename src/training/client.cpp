#include "training/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/log.h"
#include "training/ranks.h"
#include "training/trainer_process.h"

namespace twin::training {
namespace {

constexpr std::size_t kept_error_lines = 5;
constexpr const char* loading = "load";  // a phase, and its bar

/// Turns the child's JSON lines into progress on the user's terminal. Called from the process's reader threads.
class Monitor {
 public:
  Monitor(ProgressSink& sink, std::function<void(const TrainEvent&)> on_event)
      : sink_(sink), on_event_(std::move(on_event)) {}

  void line(std::string_view text) {
    const std::lock_guard guard(mutex_);
    const auto json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("event")) return keep(text);
    if (sink_.wants_events()) sink_.event(json);
    const auto event = json.value("event", "");
    if (event == "step") return step(json);
    if (event == "eval") return evaluation(json);
    if (event == "samples") return answers(json);
    if (event == "phase") return phase(json);
    if (event == "tokenized") return advance("tokenize", "samples", json);
    if (event == "reference") return advance("reference", "sequences", json);
    if (event == "score") return advance("score", "texts", json);
    if (event == "resumed") {
      bar("train", "steps", number(json, "steps"));
      advance_to(number(json, "step"));
    }
    if (event == "eval_skipped")
      log::warn("{}",
                tr("Training goes on without validation: {} ({})", json.value("reason", ""), json.value("file", "")));
    log::info("twin-train: {}", text);
  }

  [[nodiscard]] std::string last_lines() const {
    const std::lock_guard guard(mutex_);
    return fmt::format("{}", fmt::join(free_text_, " | "));
  }

 private:
  static std::int64_t number(const Json& json, const char* key) {
    return json.contains(key) && json[key].is_number() ? json[key].get<std::int64_t>() : 0;
  }
  static double real(const Json& json, const char* key) {
    return json.contains(key) && json[key].is_number() ? json[key].get<double>() : 0.0;
  }

  void keep(std::string_view text) {
    free_text_.emplace_back(text);
    if (free_text_.size() > kept_error_lines) free_text_.erase(free_text_.begin());
  }

  void bar(const std::string& task, const char* unit, std::int64_t total) {
    if (task != task_) {
      if (task_ == loading) advance_to(1);  // what follows needs the model
      progress_.reset();
      progress_ = sink_.start(task, unit);
      task_ = task;
      done_ = 0;
    }
    progress_->total(static_cast<std::uint64_t>(std::max<std::int64_t>(0, total)));
  }
  void advance_to(std::int64_t done) {
    if (done > done_) progress_->add(static_cast<std::uint64_t>(done - done_));
    done_ = std::max(done_, done);
  }
  void advance(const char* task, const char* unit, const Json& json) {
    if (number(json, "done") < done_) task_.clear();  // another file's samples: a bar of their own
    bar(task, unit, number(json, "total"));
    advance_to(number(json, "done"));
  }

  /// What takes long and counts nothing.
  void phase(const Json& json) {
    const auto name = json.value("phase", "");
    if (name == loading) bar(loading, "models", 1);
    if (name == "evaluate") {
      bar("train", "steps", number(json, "steps"));
      progress_->note(tr("validation loss before training"));
    }
    log::info("twin-train: {}", name);
  }

  void step(const Json& json) {
    const TrainEvent event{.step = number(json, "step"),
                           .steps = number(json, "steps"),
                           .loss = real(json, "loss"),
                           .lr = real(json, "lr"),
                           .tokens_per_s = real(json, "tokens_per_s"),
                           .grad_norm = real(json, "grad_norm"),
                           .reward_margin = real(json, "reward_margin"),
                           .reward_accuracy = real(json, "reward_accuracy")};
    bar("train", "steps", event.steps);
    advance_to(event.step);
    progress_->note(fmt::format("loss {:.3f}, {:.0f} tokens/s", event.loss, event.tokens_per_s));
    if (on_event_) on_event_(event);
  }
  void evaluation(const Json& json) {
    const TrainEvent event{.step = number(json, "step"),
                           .steps = number(json, "steps"),
                           .reward_margin = real(json, "reward_margin"),
                           .reward_accuracy = real(json, "reward_accuracy"),
                           .evaluation = true,
                           .eval_loss = real(json, "eval_loss")};
    bar("train", "steps", event.steps);
    progress_->note(fmt::format("validation loss {:.3f}", event.eval_loss));
    if (on_event_) on_event_(event);
  }

  void answers(const Json& json) {
    if (!on_event_ || !json.contains("answers") || !json["answers"].is_array()) return;
    TrainEvent event{.step = number(json, "step"), .steps = number(json, "steps")};
    for (const auto& answer : json["answers"]) {
      if (!answer.is_object()) continue;
      event.answers.push_back({.prompt = answer.value("prompt", ""),
                               .expected = answer.value("expected", ""),
                               .answer = answer.value("answer", ""),
                               .ended = answer.value("ended", false)});
    }
    on_event_(event);
  }

  ProgressSink& sink_;
  std::function<void(const TrainEvent&)> on_event_;
  mutable std::mutex mutex_;
  std::unique_ptr<Progress> progress_;
  std::string task_;
  std::int64_t done_ = 0;
  std::vector<std::string> free_text_;
};

TrainerListener listener(Monitor& monitor) {
  return {.line = [&monitor](std::string_view text) { monitor.line(text); },
          .last_lines = [&monitor] { return monitor.last_lines(); }};
}

/// Lines of stdout, when it succeeded.
Result<std::vector<std::string>> run(const std::string& command, const Json& job, Monitor& monitor,
                                     std::stop_token stop) {
  return run_trainer(command, job, listener(monitor), std::move(stop));
}

}  // namespace

Result<TrainResult> run_training(const TrainJob& job, ProgressSink& progress,
                                 const std::function<void(const TrainEvent&)>& on_event, std::stop_token stop) {
  Monitor monitor(progress, on_event);
  const auto ranks = ranks_from_environment();
  if (!ranks) return tl::unexpected(ranks.error());
  const bool several = job.config.nproc > 1 && ranks->size == 1;
  const auto answer = several ? run_ranks(job, listener(monitor), stop) : run("train", to_json(job), monitor, stop);
  if (!answer) return tl::unexpected(answer.error());
  const auto json = answer->empty() ? Json() : Json::parse(answer->back(), nullptr, false);
  if (!json.is_object()) return fail(ErrorKind::internal, tr("twin-train gave no result"));
  return train_result_from_json(json);
}

Result<TrainPlan> run_planning(const TrainJob& job, ProgressSink& progress, std::stop_token stop) {
  Monitor monitor(progress, {});
  const auto answer = run("plan", to_json(job), monitor, stop);
  if (!answer) return tl::unexpected(answer.error());
  const auto json = answer->empty() ? Json() : Json::parse(answer->back(), nullptr, false);
  if (!json.is_object()) return fail(ErrorKind::internal, tr("twin-train gave no result"));
  return train_plan_from_json(json);
}

Result<std::vector<ScoredItem>> run_scoring(const ScoreJob& job, ProgressSink& progress, std::stop_token stop) {
  Monitor monitor(progress, {});
  const auto answer = run("score", to_json(job), monitor, stop);
  if (!answer) return tl::unexpected(answer.error());
  std::vector<ScoredItem> items;
  for (const auto& line : *answer) {
    const auto json = Json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("tokens") || !json.contains("nll"))
      return fail(ErrorKind::internal, tr("twin-train gave a malformed score"), line);
    items.push_back({json["tokens"].get<std::int64_t>(), json["nll"].get<double>()});
  }
  return items;
}

}  // namespace twin::training
