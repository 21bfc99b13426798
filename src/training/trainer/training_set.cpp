#include "training/trainer/training_set.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/files.h"
#include "core/i18n.h"
#include "models/registry/default_template.h"
#include "training/trainer/reference.h"

namespace twin::training {
namespace {

std::string describe(SampleForm form) {
  switch (form) {
    case SampleForm::text:
      return "{\"text\":…}";
    case SampleForm::conversation:
      return "{\"messages\":[…]}";
    case SampleForm::preference:
      return "{\"prompt\",\"chosen\",\"rejected\"}";
    case SampleForm::judged:
      return "{\"prompt\",\"completion\",\"label\"}";
  }
  return {};
}

std::string describe(const Method& method) {
  std::string forms;
  for (const auto form : method.forms()) forms += (forms.empty() ? "" : ", ") + describe(form);
  return forms;
}

/// A method that could learn from this form.
std::string method_for(SampleForm form) {
  switch (form) {
    case SampleForm::text:
      return "text";
    case SampleForm::conversation:
      return "sft";
    case SampleForm::preference:
      return "dpo";
    case SampleForm::judged:
      return "kto";
  }
  return {};
}

void check_form(const Sample& sample, const Method& method, const std::filesystem::path& data) {
  const auto forms = method.forms();
  if (std::find(forms.begin(), forms.end(), sample.form) != forms.end()) return;
  throw Fatal(
      ErrorKind::invalid,
      tr("The method {} learns from {}, this line is {}", method.name(), describe(method), describe(sample.form)),
      data.string() + ":" + std::to_string(sample.line), tr("Use method {}, or other data", method_for(sample.form)));
}

std::vector<EncodedSample> load(const std::filesystem::path& data, const TrainJob& job, const Method& method,
                                const GgufReader& base, const std::string& base_sha256, const Hooks& hooks) {
  const auto check = [&](const Sample& sample) { check_form(sample, method, data); };
  const auto cache = job.cache.empty() ? job.out / "cache" : job.cache;
  return load_samples(data, base, base_sha256, cache, hooks, check);
}

std::string lines(const std::vector<DroppedSample>& dropped) {
  std::string text;
  for (const auto& sample : dropped)
    text += Json{{"line", sample.line}, {"tokens", sample.tokens}, {"reason", sample.reason}}.dump() + "\n";
  return text;
}

/// Nothing when one fits.
std::optional<Error> none_fits(const FittedSamples& fitted, const std::filesystem::path& data, int max_length) {
  if (!fitted.samples.empty()) return std::nullopt;
  const auto shortest = std::min_element(fitted.dropped.begin(), fitted.dropped.end(),
                                         [](const auto& a, const auto& b) { return a.tokens < b.tokens; });
  return Error{ErrorKind::invalid,
               tr("None of the {} samples has at most {} tokens; the shortest has {}", fitted.dropped.size(),
                  max_length, shortest->tokens),
               data.string(), tr("raise max_length or make shorter samples")};
}

void check_context(const GgufReader& base, const TrainConfig& config, const TrainingSet& set) {
  const auto architecture = base.text("general.architecture").value_or("");
  const auto context = base.integer(architecture + ".context_length").value_or(0);
  if (context <= 0) return;
  std::int64_t longest = 0;
  for (const auto& sample : set.train) longest = std::max(longest, sample.longest());
  if (longest <= context) return;
  throw Fatal(ErrorKind::usage, tr("A sample has {} tokens, the model's context is {}", longest, context), "max_length",
              tr("max_length is {}, too_long is {}", config.max_length, config.too_long));
}

}  // namespace

TrainConfig resolve_config(TrainConfig config, const Method& method) {
  config.dtype = resolve_dtype(config.dtype);
  if (config.lr == 0) config.lr = method.default_lr();
  if (config.too_long == "auto") config.too_long = method.default_too_long();
  return config;
}

TrainingSet load_training_set(const TrainJob& job, const Method& method, const GgufReader& base,
                              const std::string& base_sha256, const Hooks& hooks) {
  const auto& config = job.config;
  TrainingSet set;
  auto train = fit_samples(load(job.data, job, method, base, base_sha256, hooks), config.max_length, config.too_long);
  if (auto none = none_fits(train, job.data, config.max_length)) throw Fatal(std::move(*none));
  set.train = std::move(train.samples);
  set.dropped = std::move(train.dropped);
  if (!job.eval_data.empty()) {
    auto eval =
        fit_samples(load(job.eval_data, job, method, base, base_sha256, hooks), config.max_length, config.too_long);
    if (auto none = none_fits(eval, job.eval_data, config.max_length)) {
      if (job.need_eval) throw Fatal(std::move(*none));
      set.eval_skipped = none->message;
      emit(hooks, {{"event", "eval_skipped"}, {"reason", set.eval_skipped}, {"file", job.eval_data.string()}});
    }
    set.eval = spread_over(std::move(eval.samples), static_cast<std::size_t>(config.eval_samples));
    set.dropped_eval = std::move(eval.dropped);
  }
  check_context(base, config, set);
  if (method.name() != "text" && base.text("tokenizer.chat_template").value_or("").empty())
    set.default_template = models::default_template(base.text("general.architecture").value_or("")).name;
  if (method.needs_kl()) {
    mismatch_answers(set.train, job.data);
    if (!set.eval.empty()) mismatch_answers(set.eval, job.eval_data);
  }
  return set;
}

void write_dropped(const TrainJob& job, const TrainingSet& set) {
  value_or_throw(disk().write(job.out / "dropped.jsonl", lines(set.dropped)));
  if (!set.dropped_eval.empty()) value_or_throw(disk().write(job.out / "dropped_eval.jsonl", lines(set.dropped_eval)));
}

}  // namespace twin::training
