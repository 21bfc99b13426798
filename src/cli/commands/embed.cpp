// twin embed: lines of text to a matrix of vectors, with or without a project.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/i18n.h"
#include "feature/embed/embed_file.h"
#include "ops/project/user_models.h"

namespace twin::cli {
namespace {

constexpr std::size_t named_lines = 10;  // in a warning

class EmbedCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "embed"; }
  [[nodiscard]] std::string description() const override {
    return tr("Vectors of the lines of a file, without a project");
  }
  void declare(Options& options) override {
    options.option("--model", model_, tr("Embedding model: an id, or a GGUF file"));
    options.option("--input", job_input_, tr("File with one text a line"));
    options.option("--output", job_output_, tr("File to write: raw little-endian float32, row by row"));
    options.flag("--query", queries_, tr("The lines are questions: with the model's prefix for them"));
    options.flag("--strict", strict_, tr("A line longer than the model's window is an error (default: it is cut)"));
    options.option("--batch", config_.batch,
                   tr("Texts per request to the embedding model; 0: four for each core, 16 to 64"));
    options.option("--requests", config_.requests, tr("Requests to the embedding model in flight"));
  }

  int run(Session& session) override {
    if (model_.empty() || job_input_.empty() || job_output_.empty()) {
      throw Fatal(ErrorKind::usage, tr("twin embed takes --model, --input and --output"), {}, "twin embed --help");
    }
    if (config_.batch < 0 || config_.requests < 1) {
      throw Fatal(ErrorKind::usage, tr("--batch takes 0 or more, --requests 1 or more"));
    }
    ops::Project* project = session.has_project() ? &session.project() : nullptr;
    const auto files = ops::find_embedding_model(model_, project, session.progress());
    const auto worker = ops::start_embedding_worker(files, project);
    const auto report =
        feature::embed_file({.input = job_input_, .output = job_output_, .queries = queries_, .strict = strict_},
                            config_, *worker, session.progress(), session.stop());
    warn(report);
    show(session, report, worker->model_hash());
    return exit_code::done;
  }

 private:
  static std::string lines(const std::vector<std::uint64_t>& numbers) {
    const std::size_t shown = std::min(numbers.size(), named_lines);
    const std::string list =
        fmt::format("{}", fmt::join(numbers.begin(), numbers.begin() + std::ptrdiff_t(shown), ", "));
    return numbers.size() > shown ? list + " …" : list;
  }

  void warn(const feature::EmbedFileReport& report) const {
    if (!report.cut.empty()) {
      fmt::print(
          stderr, "twin: {}: {}\n", job_input_,
          tr("{} lines are longer than the model's window and were cut: {}", report.cut.size(), lines(report.cut)));
    }
    if (!report.repaired.empty()) {
      fmt::print(
          stderr, "twin: {}: {}\n", job_input_,
          tr("{} lines are not valid UTF-8 and were repaired: {}", report.repaired.size(), lines(report.repaired)));
    }
  }

  void show(Session& session, const feature::EmbedFileReport& report, const std::string& model_hash) const {
    const double seconds = std::max(report.seconds, 1e-9);
    const double texts_s = static_cast<double>(report.texts - report.resumed) / seconds;
    const double tokens_s = static_cast<double>(report.tokens) / seconds;
    if (session.json()) {
      session.print(Json{{"texts", report.texts},
                         {"dimension", report.dimension},
                         {"tokens", report.tokens},
                         {"resumed", report.resumed},
                         {"cut", report.cut.size()},
                         {"repaired", report.repaired.size()},
                         {"seconds", report.seconds},
                         {"texts_per_second", texts_s},
                         {"tokens_per_second", tokens_s},
                         {"model_hash", model_hash},
                         {"output", job_output_}});
      return;
    }
    session.print(tr("{} texts of {} dimensions in {}: {:.1f} texts/s, {:.0f} tokens/s", report.texts, report.dimension,
                     job_output_, texts_s, tokens_s));
  }

  std::string model_, job_input_, job_output_;
  bool queries_ = false, strict_ = false;
  feature::EmbedConfig config_;
};

}  // namespace

std::unique_ptr<Command> embed_command() {
  return std::make_unique<EmbedCommand>();
}

}  // namespace twin::cli
