#include "training/trainer/trainer.h"

#include <ATen/Functions.h>
#include <fmt/format.h>
#include <torch/headeronly/version.h>

#include <chrono>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "core/progress.h"
#include "models/merge/merge.h"
#include "training/trainer/batches.h"
#include "training/trainer/checkpoint.h"
#include "training/trainer/dora.h"
#include "training/trainer/fit.h"
#include "training/trainer/gguf_writer.h"
#include "training/trainer/metrics.h"
#include "training/trainer/model_card.h"
#include "training/trainer/objective.h"
#include "training/trainer/peft.h"
#include "training/trainer/prepare.h"
#include "training/trainer/reference.h"
#include "training/trainer/training_set.h"
#include "training/trainer/world.h"

namespace twin::training {
namespace {

constexpr const char* merged_folder = "merged";          // of DoRA
constexpr const char* trainer_version = "twin-train/3";  // raise when the same job would give other weights

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Names everything the result depends on. Threads and intervals are left out (TrainConfig::bind says so).
std::string job_key(const TrainJob& job, const std::string& base_sha256) {
  auto config = job.config;
  const auto data = value_or_throw(sha256_file(job.data));
  const auto eval = job.eval_data.empty() ? std::string() : value_or_throw(sha256_file(job.eval_data));
  return stable_id("train", {trainer_version, TORCH_VERSION, base_sha256, data, eval, job.base_name,
                             config::canonical(config).dump()});
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
    if (job_.budget == 1) {  // a finished run was not measured where this one pauses
      if (auto done = finished_before()) return *done;
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
  std::filesystem::path result_file() const { return job_.out / "result.json"; }

  std::optional<TrainResult> finished_before() const {
    const auto text = disk().read(result_file());
    if (!text) return std::nullopt;
    const auto json = Json::parse(*text, nullptr, false);
    if (!json.is_object() || json.value("key", "") != key_ || !json.contains("result")) return std::nullopt;
    auto result = train_result_from_json(json["result"]);
    if (!result) return std::nullopt;
    set_paths(*result);
    if (!disk().exists(config_.lora.dora ? result->merged : result->gguf)) return std::nullopt;
    return *result;
  }

  void set_paths(TrainResult& result) const {
    result.peft = job_.out / "adapter";
    if (config_.lora.dora) {
      result.merged = job_.out / merged_folder / fmt::format("{}.F16.gguf", merged_folder);
    } else {
      result.gguf = job_.out / "adapter.gguf";
    }
  }

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
    steps_ = plan_steps(set_.train, config_);
    if (steps_.empty()) throw Fatal(ErrorKind::usage, tr("The job has no steps"), "epochs");
    last_step_ = std::max<std::int64_t>(1, std::llround(job_.budget * static_cast<double>(steps_.size())));

    if (!set_.default_template.empty())
      emit(hooks_, {{"event", "template"}, {"template", set_.default_template}, {"reason", "the model has none"}});
    emit(hooks_, {{"event", "phase"}, {"phase", "load"}});
    auto weights = value_or_throw(load_weights(base, scalar_type(config_.dtype), config_.quantize_base));
    adapter_ = std::make_unique<Adapter>(weights.shape, config_.lora);
    adapter_->initialize(config_.seed);
    start_magnitudes(*adapter_, weights);
    optimizer_ = make_optimizer(config_, adapter_->weights);
    model_ = std::make_unique<Transformer>(
        std::move(weights), adapter_.get(),
        TransformerOptions{.neftune = config_.neftune, .checkpointing = config_.checkpointing});
    objective_ = std::make_unique<Objective>(*model_, *method_, config_, *world_);
    objective_->before_part = [this] { check_stop(); };
    checkpoints_ = std::make_unique<Checkpoints>(job_.out / "checkpoints", key_);
    if (world_->first()) metrics_ = std::make_unique<Metrics>(job_.out / "metrics.jsonl");
    if (method_->needs_reference()) {  // now, while the adapter changes nothing
      reference("train", set_.train);
      reference("eval", set_.eval);
    }
  }

  void reference(const std::string& split, std::vector<EncodedSample>& samples) {
    const auto progress = [&](std::int64_t done, std::int64_t total) {
      emit(hooks_, {{"event", "reference"}, {"done", done}, {"total", total}});
    };
    score_references(samples, *objective_, *world_, job_.out / "cache" / ("reference-" + split + ".json"), key_ + split,
                     progress);
  }

  void resume_or_start() {
    bool resumed = false;
    if (world_->first()) {
      if (const auto state = checkpoints_->load(*adapter_, *optimizer_, last_step_)) {
        state_ = *state;
        resumed = true;
      }
      metrics_->keep_until(resumed ? state_.step : -1);
    }
    share_state(*world_, state_, *adapter_, *optimizer_);
    if (world_->broadcast(resumed ? 1.0 : 0.0) > 0) {
      model_->refresh();
      emit(hooks_, {{"event", "resumed"}, {"step", state_.step}, {"steps", steps_.size()}});
      return evaluate_when_due();
    }
    if (world_->first() && !set_.eval.empty()) state_.base_eval_loss = evaluate().loss;
  }

  StepLoss evaluate() {
    Group everything(set_.eval.size());
    std::iota(everything.begin(), everything.end(), std::size_t{0});
    const auto loss = objective_->evaluate(everything, set_.eval);
    Json event{{"event", "eval"}, {"step", state_.step}, {"steps", steps_.size()}, {"eval_loss", loss.loss}};
    add_rewards(loss, event);
    metrics_->append(event);
    emit(hooks_, event);
    last_evaluation_ = {state_.step, loss};
    return loss;
  }

  static void add_rewards(const StepLoss& loss, Json& event) {
    if (loss.chosen + loss.rejected == 0) return;
    event["reward_margin"] = loss.margin();
    if (loss.pairs > 0) event["reward_accuracy"] = loss.accuracy();
  }

  void check_stop() {
    if (!stop_requested(hooks_)) return;
    if (state_.step > 0) save();
    throw Fatal(ErrorKind::cancelled, tr("Stopped after step {} of {}", state_.step, steps_.size()), job_.out.string(),
                tr("run the same command again to go on from there"));
  }

  void save() {
    if (!checkpoints_ || !world_->first()) return;
    // Weights and state are those of the last finished step: a step changes them only at its end.
    value_or_throw(checkpoints_->save(state_, *adapter_, *optimizer_));
    emit(hooks_, {{"event", "checkpoint"}, {"step", state_.step}});
  }

  void one_step() {
    const double start = seconds_now(), start_cpu = cpu_seconds();
    const auto step = state_.step + 1;
    const auto& group = steps_[static_cast<std::size_t>(state_.step)];
    adapter_->gradients.zero_();
    last_ = objective_->learn(group, set_.train, step);
    add_up();
    const double lr = learning_rate(config_, step, static_cast<std::int64_t>(steps_.size()));
    const double norm = std::isfinite(last_.loss)
                            ? optimizer_->step(adapter_->weights, adapter_->gradients, config_, lr, step)
                            : last_.loss;
    if (!std::isfinite(norm)) diverged(step, last_.loss, lr, group);
    model_->refresh();

    std::int64_t tokens = 0;
    for (const auto index : group) tokens += set_.train[index].size();
    const double elapsed = seconds_now() - start;
    state_.step = step;
    state_.samples += static_cast<std::int64_t>(group.size());
    state_.tokens += tokens;
    state_.loss_tokens += loss_tokens(group, set_.train);
    state_.seconds += elapsed;
    state_.loss = last_.loss;
    report_step(lr, norm, static_cast<double>(tokens) / elapsed, cpu_seconds() - start_cpu);
    evaluate_when_due();
    const bool last = step == static_cast<std::int64_t>(steps_.size());
    if (step % config_.checkpoint_every == 0 && !last) save();
  }

  /// What the ranks computed of a step becomes the whole on each: gradients in one flat buffer, then the losses.
  void add_up() {
    if (world_->size() == 1) return;
    world_->sum(adapter_->gradients);
    const auto sums = last_.sums();
    auto values = at::empty({static_cast<std::int64_t>(sums.size())}, at::kDouble);
    std::copy(sums.begin(), sums.end(), values.data_ptr<double>());
    world_->sum(values);
    last_ = StepLoss::of(std::span<const double>(values.data_ptr<double>(), sums.size()));
  }

  /// Also after a resume: a run may have been stopped between a step and its evaluation.
  void evaluate_when_due() {
    const bool last = state_.step == static_cast<std::int64_t>(steps_.size());
    if (config_.eval_every == 0 || set_.eval.empty() || last || state_.evaluated == state_.step) return;
    if (state_.step % config_.eval_every != 0) return;
    if (world_->first()) compare(evaluate());
    state_.evaluated = state_.step;
    if (config_.early_stop > 0)
      state_.stale = static_cast<std::int64_t>(world_->broadcast(static_cast<double>(state_.stale)));
  }

  /// Early stopping: remembers the best adapter and counts evaluations since.
  void compare(const StepLoss& evaluation) {
    if (config_.early_stop == 0) return;
    if (!state_.best_weights.defined() || evaluation.loss < state_.best_loss) {
      state_.best_loss = evaluation.loss;
      state_.best_weights = adapter_->weights.clone();
      state_.stale = 0;
    } else if (++state_.stale >= config_.early_stop) {
      emit(hooks_, {{"event", "early_stop"}, {"step", state_.step}, {"best_loss", state_.best_loss}});
    }
  }
  [[nodiscard]] bool complete() const {
    if (config_.early_stop > 0 && state_.stale >= config_.early_stop) return true;
    return state_.step >= static_cast<std::int64_t>(steps_.size());
  }
  [[nodiscard]] bool ended() const { return complete() || state_.step >= last_step_; }

  void report_step(double lr, double norm, double tokens_per_s, double cpu) {
    Json event{{"event", "step"},   {"step", state_.step}, {"steps", steps_.size()},  {"loss", state_.loss},
               {"lr", lr},          {"grad_norm", norm},   {"tokens", state_.tokens}, {"tokens_per_s", tokens_per_s},
               {"cpu_seconds", cpu}};
    add_rewards(last_, event);
    if (metrics_) metrics_->append(event);
    emit(hooks_, event);
  }

  /// Says what is not finite, where, and what to do; the last checkpoint stays as it is.
  [[noreturn]] void diverged(std::int64_t step, double loss, double lr, const Group& group) {
    std::string culprit;
    if (!at::isfinite(adapter_->weights).all().item<bool>()) {
      culprit = tr("the adapter's weights are not finite");
    } else if (std::isfinite(loss)) {
      culprit = tr("the loss is {:.4f}, but its gradient is not finite", loss);
    } else {
      for (const auto index : group) {
        const auto layer = model_->first_bad_layer(pack(Group{index}, set_.train));
        if (layer == -1) continue;
        culprit = tr("layer {} is the first with a value that is not finite, for the sample of line {}", layer,
                     set_.train[index].line);
        break;
      }
      if (culprit.empty()) culprit = tr("the loss is not finite");
    }
    std::string lines;
    for (const auto index : group) lines += fmt::format("{}{}", lines.empty() ? "" : ", ", set_.train[index].line);
    throw Fatal(ErrorKind::invalid, tr("Training diverged at step {} (learning rate {:.2e}): {}", step, lr, culprit),
                fmt::format("{}: lines {}", job_.data.string(), lines),
                tr("lower lr or clip, raise warmup, or set dtype to f32"));
  }

  /// At the budget: what a comparison needs, and a checkpoint to go on from. Early stopping takes no notice of this
  /// evaluation, so that a run which goes on is the one that never paused.
  TrainResult pause() {
    TrainResult result;
    result.paused = true;
    StepLoss judged = last_;
    if (!set_.eval.empty() && world_->first()) {
      const bool measured = last_evaluation_ && last_evaluation_->first == state_.step;
      judged = measured ? last_evaluation_->second : evaluate();
      result.eval_loss = judged.loss;
    }
    save();
    sum_up(judged, result);
    return result;
  }

  TrainResult finish() {
    TrainResult result;
    StepLoss judged = last_;
    if (!set_.eval.empty() && world_->first()) {
      judged = evaluate();
      if (config_.early_stop > 0 && state_.best_weights.defined() && state_.best_loss < judged.loss) {
        adapter_->weights.copy_(state_.best_weights);
        model_->refresh();
        judged = evaluate();
      }
      result.eval_loss = judged.loss;
    }
    set_paths(result);
    sum_up(judged, result);
    if (world_->first()) write_result(result);
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

  void write_result(TrainResult& result) {
    emit(hooks_, {{"event", "phase"}, {"phase", "export"}});
    value_or_throw(write_peft(result.peft, *adapter_, job_.base_name));
    if (config_.lora.dora) {
      merge_with_base(result);
    } else {
      value_or_throw(write_gguf_adapter(result.gguf, *adapter_, model_->shape(), job_.base_name));
    }
    result.peak_rss_bytes = peak_rss();  // with what writing took
    value_or_throw(disk().write(job_.out / "README.md", model_card(job_, result, set_)));
    metrics_->close();
    value_or_throw(disk().write(result_file(), Json{{"key", key_}, {"result", to_json(result)}}.dump(2) + "\n"));
    checkpoints_->clear();
  }

  /// llama.cpp's adapters are A and B alone.
  void merge_with_base(const TrainResult& result) {
    models::MergeRequest request;
    request.base = job_.base;
    request.adapter = result.peft;
    request.target = job_.out / merged_folder;
    request.base_name = job_.base_name;
    request.type = "f16";
    request.force = true;
    request.learn_chat = false;
    (void)value_or_throw(models::merge_model(request, silent_progress(), {}));
    emit(hooks_,
         {{"event", "merged"}, {"gguf", result.merged.string()}, {"reason", "a GGUF adapter cannot hold DoRA"}});
  }

  TrainJob job_;
  const TrainConfig& config_;
  Hooks hooks_;
  RankSpec ranks_;
  std::unique_ptr<World> world_;
  std::unique_ptr<Method> method_;
  std::string base_sha256_, key_;
  TrainingSet set_;
  std::vector<Group> steps_;
  std::unique_ptr<Adapter> adapter_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<Transformer> model_;
  std::unique_ptr<Objective> objective_;
  std::unique_ptr<Checkpoints> checkpoints_;
  std::unique_ptr<Metrics> metrics_;
  RunState state_;
  std::int64_t last_step_ = 0;                                             ///< of this run: where it pauses, or ends
  StepLoss last_;                                                          ///< of the last step
  std::optional<std::pair<std::int64_t, StepLoss>> last_evaluation_ = {};  ///< with its step
};

}  // namespace

TrainResult train(const TrainJob& job, const Hooks& hooks, const RankSpec& ranks) {
  return Run(job, hooks, ranks).execute();
}

}  // namespace twin::training
