#include "training/trainer/trainer.h"

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/hash.h"
#include "core/i18n.h"
#include "training/trainer/answer_samples.h"
#include "training/trainer/batches.h"
#include "training/trainer/checkpoint.h"
#include "training/trainer/divergence.h"
#include "training/trainer/evaluations.h"
#include "training/trainer/job_key.h"
#include "training/trainer/learner.h"
#include "training/trainer/metrics.h"
#include "training/trainer/prepare.h"
#include "training/trainer/reference.h"
#include "training/trainer/run_output.h"
#include "training/trainer/training_set.h"
#include "training/trainer/world.h"

namespace twin::training {
namespace {

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

class Run {
 public:
  Run(TrainJob job, Hooks hooks, RankSpec ranks)
      : job_(std::move(job)),
        config_(job_.config),
        hooks_(std::move(hooks)),
        ranks_(std::move(ranks)),
        method_(make_method(job_.config)) {
    if (ranks_.rank != 0) hooks_.event = {};
    job_.config = resolve_config(job_.config, *method_);  // the key and the model card say what was computed
  }

  TrainResult execute() {
    use_threads(config_.threads);
    base_sha256_ = value_or_throw(sha256_file(job_.base));
    key_ = job_key(job_, base_sha256_);
    output_.emplace(job_, key_);
    if (job_.budget == 1) {  // a finished run was not measured where this one pauses
      if (auto done = output_->finished()) return *done;
    }
    world_ = join_world({.ranks = ranks_, .key = key_, .timeout_s = config_.rank_timeout, .stop = hooks_.stop});
    world_->while_waiting = [this] { check_stop(); };
    prepare();
    resume_or_start();
    try {
      while (!ended()) one_step();
    } catch (const Fatal& fatal) {
      // A rank is gone in the middle of a step: what the others have is the state before it.
      if (fatal.error().kind == ErrorKind::network && state_.step > 0) save();
      throw;
    }
    return complete() ? finish() : pause();
  }

 private:
  void prepare() {
    auto base = value_or_throw(GgufReader::open(job_.base));
    (void)value_or_throw(load_shape(base));
    // Rank 0 tokenizes, then the others read what it has cached.
    if (!world_->first()) (void)world_->broadcast(0.0);
    set_ = load_training_set(job_, *method_, base, base_sha256_, hooks_);
    if (world_->first()) {
      write_dropped(job_, set_);
      (void)world_->broadcast(0.0);
    }
    groups_ = plan_steps(set_.train, config_);
    if (groups_.empty()) throw Fatal(ErrorKind::usage, tr("The job has no steps"), "epochs");
    last_step_ = std::max<std::int64_t>(1, std::llround(job_.budget * static_cast<double>(steps())));

    if (!set_.default_template.empty())
      emit(hooks_, {{"event", "template"}, {"template", set_.default_template}, {"reason", "the model has none"}});
    emit(hooks_, {{"event", "phase"}, {"phase", "load"}});
    learner_ = std::make_unique<Learner>(config_, base, *method_, *world_, [this] { check_stop(); });
    checkpoints_ = std::make_unique<Checkpoints>(job_.out / "checkpoints", key_);
    if (world_->first()) metrics_ = std::make_unique<Metrics>(job_.out / "metrics.jsonl");
    evaluations_ = std::make_unique<Evaluations>(config_, *learner_, set_.eval, *world_, steps(),
                                                 [this](const Json& event) { report(event); });
    if (config_.samples.every > 0 && world_->first())
      answers_ = std::make_unique<AnswerSamples>(job_, base, base_sha256_, set_, hooks_);
    if (method_->needs_reference()) {  // now, while the adapter changes nothing
      reference("train", set_.train);
      reference("eval", set_.eval);
    }
  }

  void reference(const std::string& split, std::vector<EncodedSample>& samples) {
    const auto progress = [&](std::int64_t done, std::int64_t total) {
      emit(hooks_, {{"event", "reference"}, {"done", done}, {"total", total}});
    };
    score_references(samples, learner_->objective(), *world_, job_.out / "cache" / ("reference-" + split + ".json"),
                     key_ + split, progress);
  }

  void resume_or_start() {
    bool resumed = false;
    if (world_->first()) {
      if (const auto state = checkpoints_->load(learner_->adapter(), learner_->optimizer(), last_step_)) {
        state_ = *state;
        resumed = true;
      }
      metrics_->keep_until(resumed ? state_.step : -1);
    }
    share_state(*world_, state_, learner_->adapter(), learner_->optimizer());
    if (world_->broadcast(resumed ? 1.0 : 0.0) > 0) {
      learner_->refresh();
      emit(hooks_, {{"event", "resumed"}, {"step", state_.step}, {"steps", steps()}});
      evaluations_->when_due(state_);
      return answer_when_due();
    }
    if (evaluations_->possible()) {
      emit(hooks_, {{"event", "phase"}, {"phase", "evaluate"}, {"steps", steps()}});
      state_.base_eval_loss = evaluations_->measure(0).loss;
    }
    answer_when_due();
  }

  /// To the metrics and to whoever listens.
  void report(const Json& event) {
    if (metrics_) metrics_->append(event);
    emit(hooks_, event);
  }

  void check_stop() {
    if (!stop_requested(hooks_)) return;
    if (state_.step > 0) save();
    throw Fatal(ErrorKind::cancelled, tr("Stopped after step {} of {}", state_.step, steps()), job_.out.string(),
                tr("run the same command again to go on from there"));
  }

  void save() {
    if (!checkpoints_ || !world_->first()) return;
    // Weights and state are those of the last finished step: a step changes them only at its end.
    value_or_throw(checkpoints_->save(state_, learner_->adapter(), learner_->optimizer()));
    emit(hooks_, {{"event", "checkpoint"}, {"step", state_.step}});
  }

  void one_step() {
    const double start = seconds_now(), start_cpu = cpu_seconds();
    const auto step = state_.step + 1;
    const auto& group = groups_[static_cast<std::size_t>(state_.step)];
    const auto outcome = learner_->step(group, set_.train, step, steps());
    last_ = outcome.loss;
    if (!outcome.is_finite()) report_divergence(*learner_, outcome, step, group, set_.train, job_.data);

    std::int64_t tokens = 0;
    for (const auto index : group) tokens += set_.train[index].size();
    const double elapsed = seconds_now() - start;
    state_.step = step;
    state_.samples += static_cast<std::int64_t>(group.size());
    state_.tokens += tokens;
    state_.loss_tokens += loss_tokens(group, set_.train);
    state_.seconds += elapsed;
    state_.loss = last_.loss;
    report_step(outcome, static_cast<double>(tokens) / elapsed, cpu_seconds() - start_cpu);
    evaluations_->when_due(state_);
    answer_when_due();
    if (step % config_.checkpoint_every == 0 && step != steps()) save();
  }

  void answer_when_due() {
    if (answers_ && answers_->due(state_.step, state_.sampled)) answer();
  }
  /// All answers are one event: a run that is stopped among them has none, and makes them when it goes on.
  void answer() {
    report(answers_->take(learner_->model(), state_.step, steps(), [this] { check_stop(); }));
    state_.sampled = state_.step;
  }

  void report_step(const LearnedStep& outcome, double tokens_per_s, double cpu) {
    Json event{
        {"event", "step"},   {"step", state_.step},       {"steps", steps()},        {"loss", state_.loss},
        {"lr", outcome.lr},  {"grad_norm", outcome.norm}, {"tokens", state_.tokens}, {"tokens_per_s", tokens_per_s},
        {"cpu_seconds", cpu}};
    add_rewards(last_, event);
    report(event);
  }

  [[nodiscard]] std::int64_t steps() const { return static_cast<std::int64_t>(groups_.size()); }
  [[nodiscard]] bool complete() const { return evaluations_->exhausted(state_) || state_.step >= steps(); }
  [[nodiscard]] bool ended() const { return complete() || state_.step >= last_step_; }

  /// At the budget: what a comparison needs, and a checkpoint to go on from. Early stopping takes no notice of this
  /// evaluation, so that a run which goes on is the one that never paused.
  TrainResult pause() {
    TrainResult result;
    result.paused = true;
    StepLoss judged = last_;
    if (evaluations_->possible()) {
      judged = evaluations_->last_or_measure(state_.step);
      result.eval_loss = judged.loss;
    }
    save();
    sum_up(judged, result);
    return result;
  }

  TrainResult finish() {
    TrainResult result;
    StepLoss judged = last_;
    bool earlier = false;  // the weights are not those of the last step
    if (evaluations_->possible()) {
      judged = evaluations_->measure(state_.step);
      earlier = config_.early_stop > 0 && state_.best_weights.defined() && state_.best_loss < judged.loss;
      if (earlier) {
        learner_->adapter().weights.copy_(state_.best_weights);
        learner_->refresh();
        judged = evaluations_->measure(state_.step);
      }
      result.eval_loss = judged.loss;
    }
    if (answers_ && (earlier || state_.sampled != state_.step)) answer();
    output_->name_files(result);
    sum_up(judged, result);
    if (!world_->first()) return result;
    metrics_->close();
    output_->write(result, *learner_, set_, hooks_);
    checkpoints_->clear();
    return result;
  }

  void sum_up(const StepLoss& judged, TrainResult& result) const {
    result.steps = state_.step;
    result.samples = state_.samples;
    result.dropped = static_cast<std::int64_t>(set_.dropped.size());
    result.tokens = state_.tokens;
    result.loss_tokens = state_.loss_tokens;
    result.seconds = state_.seconds;
    result.tokens_per_s = state_.seconds > 0 ? static_cast<double>(state_.tokens) / state_.seconds : 0;
    result.final_loss = state_.loss;
    result.base_eval_loss = state_.base_eval_loss;
    result.eval_skipped = set_.eval_skipped;
    result.reward_margin = judged.margin();
    result.reward_accuracy = judged.accuracy();
    result.peak_rss_bytes = peak_rss();
  }

  TrainJob job_;
  const TrainConfig& config_;
  Hooks hooks_;
  RankSpec ranks_;
  std::unique_ptr<World> world_;
  std::unique_ptr<Method> method_;
  std::string base_sha256_, key_;
  std::optional<RunOutput> output_;
  TrainingSet set_;
  std::vector<Group> groups_;  ///< of each step
  std::unique_ptr<Learner> learner_;
  std::unique_ptr<Evaluations> evaluations_;
  std::unique_ptr<AnswerSamples> answers_;  ///< where the settings want them, on rank 0
  std::unique_ptr<Checkpoints> checkpoints_;
  std::unique_ptr<Metrics> metrics_;
  RunState state_;
  std::int64_t last_step_ = 0;  ///< of this run: where it pauses, or ends
  StepLoss last_;               ///< of the last step
};

}  // namespace

TrainResult train(const TrainJob& job, const Hooks& hooks, const RankSpec& ranks) {
  return Run(job, hooks, ranks).execute();
}

}  // namespace twin::training
