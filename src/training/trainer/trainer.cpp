#include "training/trainer/trainer.h"

#include <ATen/Functions.h>
#include <fmt/format.h>
#include <torch/headeronly/version.h>

#include <chrono>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "training/trainer/batches.h"
#include "training/trainer/checkpoint.h"
#include "training/trainer/gguf_writer.h"
#include "training/trainer/metrics.h"
#include "training/trainer/model_card.h"
#include "training/trainer/peft.h"
#include "training/trainer/prepare.h"

namespace twin::training {
namespace {

constexpr const char* trainer_version = "twin-train/2";  // raise when the same job would give other weights

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
  Run(TrainJob job, const Hooks& hooks) : job_(std::move(job)), config_(job_.config), hooks_(hooks) {
    job_.config.dtype = resolve_dtype(job_.config.dtype);  // the key and the model card say what was computed
  }

  TrainResult execute() {
    use_threads(config_.threads);
    base_sha256_ = value_or_throw(sha256_file(job_.base));
    key_ = job_key(job_, base_sha256_);
    if (auto done = finished_before()) return *done;
    prepare();
    resume_or_start();
    while (state_.step < static_cast<std::int64_t>(steps_.size())) one_step();
    return finish();
  }

 private:
  std::filesystem::path result_file() const { return job_.out / "result.json"; }

  std::optional<TrainResult> finished_before() const {
    const auto text = disk().read(result_file());
    if (!text) return std::nullopt;
    const auto json = Json::parse(*text, nullptr, false);
    if (!json.is_object() || json.value("key", "") != key_ || !json.contains("result")) return std::nullopt;
    auto result = train_result_from_json(json["result"]);
    if (!result || !disk().exists(job_.out / "adapter.gguf")) return std::nullopt;
    set_paths(*result);
    return *result;
  }

  void set_paths(TrainResult& result) const {
    result.peft = job_.out / "adapter";
    result.gguf = job_.out / "adapter.gguf";
  }

  void prepare() {
    auto base = value_or_throw(GgufReader::open(job_.base));
    auto all = load_samples(job_.data, base, base_sha256_, job_.out / "cache", hooks_);
    drop_unfit(std::move(all));
    if (!job_.eval_data.empty()) {
      eval_ = load_samples(job_.eval_data, base, base_sha256_, job_.out / "cache", hooks_);
      std::erase_if(eval_, [&](const EncodedSample& s) { return s.size() > config_.max_length; });
    }
    steps_ = plan_steps(samples_, config_);
    if (steps_.empty()) throw Fatal(ErrorKind::usage, tr("The job has no steps"), "epochs");

    emit(hooks_, {{"event", "phase"}, {"phase", "load"}});
    auto weights = value_or_throw(load_llama(base, scalar_type(config_.dtype)));
    adapter_ = std::make_unique<Adapter>(weights.shape, config_.lora);
    adapter_->initialize(config_.seed);
    optimizer_ = std::make_unique<AdamW>(adapter_->weights);
    model_ = std::make_unique<Llama>(std::move(weights), adapter_.get());
    checkpoints_ = std::make_unique<Checkpoints>(job_.out / "checkpoints", key_);
    metrics_ = std::make_unique<Metrics>(job_.out / "metrics.jsonl");
  }

  /// Policy: a sample is learned whole or not at all. Cutting an answer would teach the model to stop in mid-sentence.
  void drop_unfit(std::vector<EncodedSample> all) {
    std::string dropped;
    for (auto& sample : all) {
      const bool too_long = sample.size() > config_.max_length;
      if (!too_long && sample.loss_tokens() > 0) {
        samples_.push_back(std::move(sample));
        continue;
      }
      ++dropped_;
      dropped += Json{{"line", sample.line},
                      {"tokens", sample.size()},
                      {"reason", too_long ? "longer than max_length" : "no token to predict"}}
                     .dump() +
                 "\n";
    }
    value_or_throw(disk().write(job_.out / "dropped.jsonl", dropped));
    if (samples_.empty()) {
      throw Fatal(ErrorKind::invalid,
                  tr("None of the {} samples has at most {} tokens", all.size(), config_.max_length),
                  job_.data.string(), tr("raise training.max_length or make shorter samples"));
    }
  }

  void resume_or_start() {
    if (const auto state = checkpoints_->load(*adapter_, *optimizer_)) {
      state_ = *state;
      model_->refresh();
      metrics_->keep_until(state_.step);
      emit(hooks_, {{"event", "resumed"}, {"step", state_.step}, {"steps", steps_.size()}});
      return;
    }
    metrics_->keep_until(-1);
    if (!eval_.empty()) state_.base_eval_loss = evaluate();
  }

  double evaluate() {
    Group everything(eval_.size());
    for (std::size_t i = 0; i < everything.size(); ++i) everything[i] = i;
    double nll = 0;
    std::int64_t count = 0;
    for (const auto& part : split_group(everything, eval_, config_.micro_tokens, config_.packing)) {
      check_stop();
      const auto batch = pack(part, eval_);
      nll += model_->loss(model_->forward(batch, nullptr), batch, 0, nullptr);
      count += static_cast<std::int64_t>(batch.loss_rows.size());
    }
    const double loss = count > 0 ? nll / static_cast<double>(count) : 0.0;
    const Json event{{"event", "eval"}, {"step", state_.step}, {"steps", steps_.size()}, {"eval_loss", loss}};
    metrics_->append(event);
    emit(hooks_, event);
    return loss;
  }

  void check_stop() {
    if (!stop_requested(hooks_)) return;
    if (state_.step > 0) save();
    throw Fatal(ErrorKind::cancelled, tr("Stopped after step {} of {}", state_.step, steps_.size()), job_.out.string(),
                tr("run the same command again to go on from there"));
  }

  void save() {
    // Weights and state are those of the last finished step: a step changes them only at its end.
    value_or_throw(checkpoints_->save(state_, *adapter_, *optimizer_));
    emit(hooks_, {{"event", "checkpoint"}, {"step", state_.step}});
  }

  void one_step() {
    const double start = seconds_now();
    const auto step = state_.step + 1;
    const auto& group = steps_[static_cast<std::size_t>(state_.step)];
    const auto count = loss_tokens(group, samples_);
    adapter_->gradients.zero_();
    double nll = 0;
    std::int64_t tokens = 0;
    for (const auto index : group) tokens += samples_[index].size();
    const auto parts = split_group(group, samples_, config_.micro_tokens, config_.packing);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      check_stop();
      const auto batch = pack(parts[i], samples_);
      nll += accumulate(batch, 1.0 / static_cast<double>(count), step, i);
    }
    const double loss = nll / static_cast<double>(count);
    const double lr = learning_rate(config_, step, static_cast<std::int64_t>(steps_.size()));
    const double norm =
        std::isfinite(loss) ? optimizer_->step(adapter_->weights, adapter_->gradients, config_, lr, step) : loss;
    if (!std::isfinite(norm)) diverged(step, loss, lr, group);
    model_->refresh();

    const double elapsed = seconds_now() - start;
    state_.step = step;
    state_.samples += static_cast<std::int64_t>(group.size());
    state_.tokens += tokens;
    state_.loss_tokens += count;
    state_.seconds += elapsed;
    state_.loss = loss;
    report_step(lr, norm, static_cast<double>(tokens) / elapsed);
    const bool last = step == static_cast<std::int64_t>(steps_.size());
    if (config_.eval_every > 0 && !eval_.empty() && step % config_.eval_every == 0 && !last) evaluate();
    if (step % config_.checkpoint_every == 0 && !last) save();
  }

  double accumulate(const PackedBatch& batch, double scale, std::int64_t step, std::size_t micro) {
    const DropoutKey dropout{static_cast<std::uint64_t>(config_.seed), static_cast<std::uint64_t>(step), micro};
    Llama::Tape tape;
    at::Tensor dhidden;
    const auto hidden = model_->forward(batch, &tape, &dropout);
    const double nll = model_->loss(hidden, batch, scale, &dhidden);
    model_->backward(tape, dhidden);
    return nll;
  }

  void report_step(double lr, double norm, double tokens_per_s) {
    const Json event{
        {"event", "step"}, {"step", state_.step}, {"steps", steps_.size()},  {"loss", state_.loss},
        {"lr", lr},        {"grad_norm", norm},   {"tokens", state_.tokens}, {"tokens_per_s", tokens_per_s}};
    metrics_->append(event);
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
        const auto layer = model_->first_bad_layer(pack({index}, samples_));
        if (layer == -1) continue;
        culprit = tr("layer {} is the first with a value that is not finite, for the sample of line {}", layer,
                     samples_[index].line);
        break;
      }
      if (culprit.empty()) culprit = tr("the loss is not finite");
    }
    std::string lines;
    for (const auto index : group) lines += fmt::format("{}{}", lines.empty() ? "" : ", ", samples_[index].line);
    throw Fatal(ErrorKind::invalid, tr("Training diverged at step {} (learning rate {:.2e}): {}", step, lr, culprit),
                fmt::format("{}: lines {}", job_.data.string(), lines),
                tr("lower training.lr or training.clip, raise training.warmup, or set training.dtype to f32"));
  }

  TrainResult finish() {
    TrainResult result;
    result.eval_loss = eval_.empty() ? 0.0 : evaluate();
    emit(hooks_, {{"event", "phase"}, {"phase", "export"}});
    set_paths(result);
    value_or_throw(write_peft(result.peft, *adapter_, job_.base_name));
    value_or_throw(write_gguf_adapter(result.gguf, *adapter_, model_->shape(), job_.base_name));
    result.steps = state_.step;
    result.samples = state_.samples;
    result.dropped = dropped_;
    result.tokens = state_.tokens;
    result.loss_tokens = state_.loss_tokens;
    result.seconds = state_.seconds;
    result.tokens_per_s = state_.seconds > 0 ? static_cast<double>(state_.tokens) / state_.seconds : 0;
    result.final_loss = state_.loss;
    result.base_eval_loss = state_.base_eval_loss;
    result.peak_rss_bytes = peak_rss();
    value_or_throw(disk().write(job_.out / "README.md", model_card(job_, result, samples_.size())));
    metrics_->close();
    value_or_throw(disk().write(result_file(), Json{{"key", key_}, {"result", to_json(result)}}.dump(2) + "\n"));
    checkpoints_->clear();
    return result;
  }

  TrainJob job_;
  const TrainConfig& config_;
  const Hooks& hooks_;
  std::string base_sha256_, key_;
  std::vector<EncodedSample> samples_, eval_;
  std::int64_t dropped_ = 0;
  std::vector<Group> steps_;
  std::unique_ptr<Adapter> adapter_;
  std::unique_ptr<AdamW> optimizer_;
  std::unique_ptr<Llama> model_;
  std::unique_ptr<Checkpoints> checkpoints_;
  std::unique_ptr<Metrics> metrics_;
  RunState state_;
};

}  // namespace

TrainResult train(const TrainJob& job, const Hooks& hooks) {
  return Run(job, hooks).execute();
}

}  // namespace twin::training
