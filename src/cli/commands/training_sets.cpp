// twin dataset export, import, clean: training sets in and out, with or without a project.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/files.h"
#include "core/i18n.h"
#include "feature/training_sets/clean_set.h"
#include "feature/training_sets/set_output.h"
#include "feature/training_sets/set_reader.h"

namespace twin::cli {
namespace {

using feature::Example;
using feature::SetFormat;

std::string format_list() {
  return fmt::format("{}", fmt::join(feature::set_format_names(), ", "));
}

std::optional<SetFormat> format_option(const std::string& name) {
  if (name.empty()) return std::nullopt;
  const auto format = feature::set_format(name);
  if (!format) throw Fatal(ErrorKind::usage, tr("--format takes {}, not '{}'", format_list(), name));
  return format;
}

void needs_out(const std::string& out) {
  if (out.empty()) throw Fatal(ErrorKind::usage, tr("--out names the file to write"));
}

/// The settings `dataset` of the project, or of --set dataset.key=value where there is no project.
feature::DatasetConfig dataset_config(Session& session) {
  if (session.has_project()) return session.project().config().dataset;
  config::Layer layer{.file = {}, .values = {}, .origin = "--set"};
  for (const std::string& text : session.flags().sets) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Fatal(ErrorKind::usage, tr("--set takes key=value, not '{}'", text), "--set");
    layer.values[text.substr(0, equals)] = text.substr(equals + 1);
  }
  feature::DatasetConfig config;
  const auto errors = config::read({layer}, [&](config::Binder& b) { b.group("dataset", config, "Training samples"); });
  if (errors.empty()) return config;
  std::string lines;
  for (const Error& error : errors) lines += "\n  " + error.text();
  throw Fatal(ErrorKind::usage, tr("The configuration has {} error(s):", errors.size()) + lines);
}

/// Samples of the project, or of a file, into a format of others.
class DatasetExport final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "dataset export"; }
  [[nodiscard]] std::string description() const override {
    return tr("Samples in the formats of other trainers: openai, alpaca, sharegpt, dpo, kto");
  }
  void declare(Options& options) override {
    options.positional("file", file_, tr("A training set as JSON lines or Parquet (default: the project's samples)"),
                       false);
    options.option("--format", format_, tr("openai, alpaca, sharegpt, dpo, kto or text"));
    options.option("--split", split_, tr("train, validation, test or all (of the project's samples)"));
    options.option("--out", out_, tr("File to write: JSON lines, or Parquet by the name .parquet"));
  }
  int run(Session& session) override {
    const auto format = format_option(format_);
    if (!format) throw Fatal(ErrorKind::usage, tr("--format takes {}, not '{}'", format_list(), format_));
    needs_out(out_);
    feature::SetOutput out(out_);
    std::int64_t read = 0, written = 0;
    for (const auto& file : sources(session, *format)) {
      value_or_throw(feature::read_set(file, std::nullopt, [&](Example&& example, std::int64_t number) -> Result<void> {
        if (session.stop().stop_requested()) return fail(ErrorKind::cancelled, tr("Stopped"));
        auto lines = feature::write_example(example, *format);
        if (!lines) {
          lines.error().where = fmt::format("{}:{}", file.string(), number);
          return tl::unexpected(lines.error());
        }
        for (const Json& line : *lines) out.line(line.dump(-1, ' ', false, Json::error_handler_t::replace));
        written += static_cast<std::int64_t>(lines->size());
        ++read;
        return {};
      }));
    }
    if (read == 0) throw Fatal(ErrorKind::not_found, tr("There is no sample to export"), split_);
    out.finish();
    if (session.json()) {
      session.print(Json{{"format", format_}, {"samples", read}, {"lines", written}, {"output", out_}});
    } else {
      session.print(tr("{} samples as {} lines of {} in {}", read, written, format_, out_));
    }
    return exit_code::done;
  }

 private:
  std::vector<std::filesystem::path> sources(Session& session, SetFormat format) const {
    if (!file_.empty()) return {file_};
    const bool pairs = format == SetFormat::dpo || format == SetFormat::kto;
    const auto folder = session.project().layout().dataset(pairs ? "preference" : "instruct");
    std::vector<std::filesystem::path> files;
    for (const std::string split : {"train", "validation", "test"}) {
      if (split_ != split && split_ != "all") continue;
      const auto status = disk().stat(folder / (split + ".jsonl"));
      if (status && status->size > 0) files.push_back(folder / (split + ".jsonl"));
    }
    if (!files.empty()) return files;
    if (split_ != "train" && split_ != "validation" && split_ != "test" && split_ != "all")
      throw Fatal(ErrorKind::usage, tr("--split takes train, validation, test or all, not '{}'", split_));
    throw Fatal(ErrorKind::not_found, tr("There is no dataset yet"), folder.string(), tr("make it with: twin dataset"));
  }

  std::string file_, format_, split_ = "train", out_;
};

/// A foreign training set as `twin train` takes it.
class DatasetImport final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "dataset import"; }
  [[nodiscard]] std::string description() const override {
    return tr("A training set of others into samples that `twin train --data` takes");
  }
  void declare(Options& options) override {
    options.positional("file", file_, tr("JSON lines, a JSON array, or Parquet"));
    options.option("--format", format_, tr("openai, alpaca, sharegpt, dpo, kto or text (default: by the first line)"));
    options.option("--out", out_, tr("File to write: JSON lines, or Parquet by the name .parquet"));
  }
  int run(Session& session) override {
    needs_out(out_);
    feature::SetOutput out(out_);
    std::int64_t samples = 0;
    std::map<std::string, std::int64_t> kinds;
    const auto format = value_or_throw(
        feature::read_set(file_, format_option(format_), [&](Example&& example, std::int64_t) -> Result<void> {
          if (session.stop().stop_requested()) return fail(ErrorKind::cancelled, tr("Stopped"));
          out.line(feature::to_training_json(example).dump(-1, ' ', false, Json::error_handler_t::replace));
          ++kinds[std::string(feature::to_string(example.kind))];
          ++samples;
          return {};
        }));
    out.finish();
    if (session.json()) {
      session.print(
          Json{{"format", feature::to_string(format)}, {"samples", samples}, {"kinds", kinds}, {"output", out_}});
    } else {
      session.print(tr("{} samples of the format {} in {}", samples, feature::to_string(format), out_));
    }
    return exit_code::done;
  }

 private:
  std::string file_, format_, out_;
};

class DatasetClean final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "dataset clean"; }
  [[nodiscard]] std::string description() const override {
    return tr("Length, language, duplicates, leaks and personal data of training sets; by the settings dataset.*");
  }
  void declare(Options& options) override {
    options.positional("files", files_, tr("Training sets as JSON lines or Parquet"));
    options.option("--eval-data", held_out_, tr("An evaluation set that no sample may share text with"));
    options.option("--out", out_, tr("File to write; what was removed is listed in FILE.rejected.jsonl"));
  }
  int run(Session& session) override {
    needs_out(out_);
    feature::CleanSetJob job{.files = {}, .held_out = held_out_, .out = out_};
    for (const std::string& file : files_) job.files.emplace_back(file);
    const auto report =
        value_or_throw(feature::clean_set(dataset_config(session), job, session.progress(), session.stop()));
    Json steps = Json::array();
    for (const auto& step : report.steps) {
      if (step.unit == "samples") {
        steps.push_back(Json{{"step", step.step}, {"in", step.in}, {"out", step.out}, {"removed", step.removed}});
      }
    }
    if (session.json()) {
      session.print(Json{{"read", report.read},
                         {"kept", report.kept},
                         {"masked", report.masked},
                         {"removed", report.reasons},
                         {"pii", report.personal},
                         {"held_out_ngrams", report.held_out_ngrams},
                         {"steps", steps},
                         {"output", out_}});
      return exit_code::done;
    }
    session.print(tr("{} of {} samples kept in {}, {} of them masked", report.kept, report.read, out_, report.masked));
    for (const auto& [reason, count] : report.reasons) session.print(fmt::format("  {:>9}  {}", count, reason));
    return exit_code::done;
  }

 private:
  std::vector<std::string> files_;
  std::string held_out_, out_;
};

}  // namespace

std::unique_ptr<Command> dataset_export_command() {
  return std::make_unique<DatasetExport>();
}
std::unique_ptr<Command> dataset_import_command() {
  return std::make_unique<DatasetImport>();
}
std::unique_ptr<Command> dataset_clean_command() {
  return std::make_unique<DatasetClean>();
}

}  // namespace twin::cli
