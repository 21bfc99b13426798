// Step "evaluate": base against twin, with and without retrieval, on documents that training never saw.
#include "evaluation/evaluation.h"

#include <nlohmann/json.hpp>

#include "core/hash.h"
#include "core/i18n.h"
#include "evaluation/adapters.h"
#include "feature/datasets/datasets.h"
#include "models/prompts/prompts.h"
#include "ops/pipeline/step.h"
#include "ops/project/rerankers.h"
#include "ops/project/serve.h"

namespace twin::ops {
namespace {

constexpr const char* report_files[] = {"report.json", "report.md", "report.html", "table.txt"};

Json key_config(StepContext& context) {
  ProjectConfig& config = context.project.config();
  Json key;
  key["eval"] = config::canonical(config.eval);
  key["retrieval"] = config::canonical(config.retrieval);
  if (config.retrieval.rerank == "learned") {
    key["ranker"] = sha256_file(ranker_file(context.project)).value_or("missing");
  }
  if (config.retrieval.rerank == "cross-encoder") key["reranker"] = config.models.reranker;
  key["worker"] = config::canonical(config.worker);
  if (!config.models.embedding_mmproj.empty()) key["image_weight"] = config.retrieval.image_weight;
  key["evaluation_version"] = evaluation::evaluation_version;
  key["prompts"] = models::digest(value_or_throw(models::load_prompts()));
  return key;
}

std::string reports_hash(const Project& project) {
  Sha256 hash;
  for (const char* file : report_files) {
    hash.field(disk().read(project.layout().reports() / file).value_or("missing"));
  }
  return hash.hex();
}

bool present(Project& project, const std::vector<stores::Artifact>& outputs) {
  return outputs.size() == 1 && reports_hash(project) == outputs.front().sha256;
}

evaluation::ScoringSetup scoring(Project& project) {
  const ProjectConfig& config = project.config();
  return {.base = value_or_throw(project.models().gguf(config.models.chat)),
          .adapter = project.models().folder(project.adapter_id()) / "peft",
          .folder = project.layout().scratch() / "evaluate",
          .dtype = config.train.dtype,
          .threads = config.train.threads,
          .max_length = config.train.max_length};
}

void write_reports(const Project& project, const evaluation::EvalReport& report) {
  const std::filesystem::path folder = project.layout().reports();
  value_or_throw(disk().write(folder / "report.json", evaluation::to_json(report).dump(2)));
  value_or_throw(disk().write(folder / "report.md", evaluation::to_markdown(report)));
  value_or_throw(disk().write(folder / "report.html", evaluation::to_html(report)));
  value_or_throw(disk().write(folder / "table.txt", evaluation::to_table(report)));
}

StepOutcome run(StepContext& context) {
  Project& project = context.project;
  auto held_out = value_or_throw(feature::read_samples(project.layout().dataset("instruct") / "test.jsonl"));
  if (held_out.empty()) {
    // A few documents may all fall into training; that is no reason to fail the run.
    return {.outputs = {{.name = "report", .sha256 = reports_hash(project), .kind = "digest", .detail = {}}},
            .summary = tr("no document is held out: collect more, or raise dataset.test_share"),
            .failures = {}};
  }
  const auto serving = start_serving(project, false);
  const auto assistant = serving->assistant();
  evaluation::EvalContext evaluation{
      .held_out = std::move(held_out),
      .ask = evaluation::ask_assistant(*assistant, project.config().eval.max_tokens, context.stop),
      .search = evaluation::search_assistant(*assistant),
      .score = evaluation::score_by_training(scoring(project), context.progress, context.stop),
      .tuned = true,
      .lineage = {},
      .progress = context.progress,
      .stop = context.stop};
  for (const auto& [name, artifact] : context.inputs) evaluation.lineage[name] = artifact.sha256;
  const evaluation::EvalReport report = evaluation::evaluate(project.config().eval, evaluation);
  write_reports(project, report);

  const UnixMillis now = system_clock().now();
  std::vector<stores::Metric> metrics;
  for (const auto& [name, estimate] : report.retrieval) metrics.push_back({"eval/" + name, estimate.mean, 0, now});
  for (const auto& [name, estimate] : report.perplexity) {
    metrics.push_back({"eval/perplexity_" + name, estimate.mean, 0, now});
  }
  project.runs().log_metrics(context.run_id, metrics);
  return {.outputs = {{.name = "report", .sha256 = reports_hash(project), .kind = "digest", .detail = {}}},
          .summary = tr("{} questions, {} failures: twin eval show", report.questions.size(), report.failures.size()),
          .failures = report.failures};
}

TWIN_STEP(evaluate, "evaluate",
          {.description = "Base against twin on held-out documents",
           .version = 1,
           .key_config = key_config,
           .present = present,
           .run = run})

}  // namespace
}  // namespace twin::ops
