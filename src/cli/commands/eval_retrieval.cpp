// twin eval retrieval: how well passages are found, on a folder in BEIR's format, with or without a project.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/files.h"
#include "core/i18n.h"
#include "core/process.h"
#include "evaluation/beir_run.h"
#include "evaluation/token_estimate.h"
#include "ops/project/rerankers.h"
#include "ops/project/user_models.h"

namespace twin::cli {
namespace {

constexpr const char* default_model = "multilingual-e5-small";
constexpr std::size_t shown_problems = 20;  // on stderr; --json has all

class EvalRetrieval final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "eval retrieval"; }
  [[nodiscard]] std::string description() const override {
    return tr("Measure search on a folder in BEIR's format, without a project");
  }
  void declare(Options& options) override {
    options.option("--beir", beir_, tr("Folder with corpus.jsonl, queries.jsonl and qrels/test.tsv"));
    options.option("--mode", mode_, tr("lexical, dense or hybrid"));
    options.option("--embed", embed_,
                   tr("Embedding model: an id, or a GGUF file (default: the project's, or {})", default_model));
    options.option("--split", split_, tr("Judgements to use: qrels/<split>.tsv"));
    options.option("--index", index_,
                   tr("Folder to keep the index in, and to use it again (default: a temporary one)"));
    options.option("--run", run_file_, tr("Also write the rankings to this file, as trec_eval reads them"));
    options.option("--tokenizer", tokenizer_,
                   tr("How Korean is cut into words: bigrams, morphemes (needs Kiwi) or auto"));
    options.option("--category", category_, tr("Cut passages by the rules of this category"));
    options.option("--chunk-tokens", chunk_tokens_, tr("Longest passage in tokens (0: the category's)"));
    options.option("--candidates", candidates_, tr("Hits taken from each retriever before fusion (0: as configured)"));
    options.option("--fusion", fusion_, tr("How scores are joined: zscore, rrf or weighted (default: as configured)"));
    options.option("--rerank", rerank_,
                   tr("off, learned (trained on this corpus), or, in a project, cross-encoder or llm"));
    options.option("--lexical-weight", lexical_weight_, tr("Weight of the lexical score (below 0: as configured)"));
    options.option("--dense-weight", dense_weight_, tr("Weight of the embedding score (below 0: as configured)"));
  }

  int run(Session& session) override {
    if (beir_.empty()) {
      throw Fatal(ErrorKind::usage, tr("twin eval retrieval takes --beir FOLDER"), {}, "twin eval retrieval --help");
    }
    if (mode_ != "lexical" && mode_ != "dense" && mode_ != "hybrid") {
      throw Fatal(ErrorKind::usage, tr("--mode takes lexical, dense or hybrid, not '{}'", mode_));
    }
    ops::Project* project = session.has_project() ? &session.project() : nullptr;
    evaluation::WordsOnly words;
    std::unique_ptr<models::Worker> worker;
    // Lexical search needs no model; one that is named cuts the passages all the same, so that modes can be compared.
    if (mode_ != "lexical" || !embed_.empty()) worker = start_worker(session, project);
    const auto reranker = start_reranker(session, project);
    std::optional<TempFolder> temporary;
    if (index_.empty()) temporary.emplace("twin-beir");
    const auto report =
        evaluation::run_beir({.folder = beir_,
                              .split = split_,
                              .work = index_.empty() ? temporary->path() : std::filesystem::path(index_),
                              .category = category(project),
                              .retrieval = retrieval(project),
                              .reranker = reranker.reranker.get(),
                              .index = index_config(project),
                              .embed = project != nullptr ? project->config().embed : feature::EmbedConfig{},
                              .embedder = worker ? static_cast<models::EmbeddingEngine&>(*worker) : words,
                              .tokenizer = worker ? static_cast<models::Tokenizer&>(*worker) : words,
                              .progress = session.progress(),
                              .stop = session.stop()});
    if (!run_file_.empty()) value_or_throw(disk().write(run_file_, evaluation::trec_run(report, "twin-" + mode_)));
    show(session, report);
    return report.problems.empty() ? exit_code::done : exit_code::partial;
  }

 private:
  std::unique_ptr<models::Worker> start_worker(Session& session, ops::Project* project) const {
    std::string model = embed_;
    if (model.empty()) model = project != nullptr ? project->config().models.embedding : default_model;
    return ops::start_embedding_worker(ops::find_embedding_model(model, project, session.progress()), project);
  }

  /// The project's cross-encoder or judge. A learned ranker is trained on the corpus that is measured.
  ops::StartedReranker start_reranker(Session& session, ops::Project* project) const {
    const std::string wanted = retrieval(project).rerank;
    if (wanted == "off" || wanted == "learned") return {};
    if (project == nullptr) {
      throw Fatal(ErrorKind::usage, tr("--rerank {} needs a project, which names the model", wanted));
    }
    project->config().retrieval.rerank = wanted;
    return ops::start_reranker(*project, session.progress());
  }

  stores::IndexConfig index_config(ops::Project* project) const {
    stores::IndexConfig config = project != nullptr ? project->config().index : stores::IndexConfig{};
    if (!tokenizer_.empty()) config.tokenizer = tokenizer_;
    return config;
  }

  feature::Category category(ops::Project* project) const {
    const auto categories = project != nullptr
                                ? project->categories()
                                : value_or_throw(feature::load_categories({value_or_throw(find_data("categories"))}));
    const auto found = categories.find(category_);
    if (found == categories.end()) throw Fatal(ErrorKind::usage, tr("There is no category '{}'", category_));
    feature::Category category = found->second;
    if (chunk_tokens_ > 0) category.chunk.max_tokens = chunk_tokens_;
    return category;
  }

  inference::RetrievalConfig retrieval(ops::Project* project) const {
    inference::RetrievalConfig config = project != nullptr ? project->config().retrieval : inference::RetrievalConfig{};
    if (candidates_ > 0) config.candidates = candidates_;
    if (lexical_weight_ >= 0) config.lexical_weight = lexical_weight_;
    if (dense_weight_ >= 0) config.dense_weight = dense_weight_;
    for (const auto& [value, target] : {std::pair{&fusion_, &config.fusion}, std::pair{&rerank_, &config.rerank}}) {
      if (!value->empty()) *target = *value;
    }
    check_name("--fusion", config.fusion, stores::fusion_names());
    check_name("--rerank", config.rerank, inference::rerank_names());
    if (mode_ == "lexical") config.dense_weight = 0;
    if (mode_ == "dense") config.lexical_weight = 0;
    return config;
  }

  static void check_name(const char* option, const std::string& name, const std::vector<std::string>& known) {
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    throw Fatal(ErrorKind::usage,
                tr("{} takes one of {}, not '{}'", option, fmt::format("{}", fmt::join(known, ", ")), name));
  }

  void show(Session& session, const evaluation::BeirReport& report) const {
    for (std::size_t i = 0; i < std::min(report.problems.size(), shown_problems); ++i) {
      fmt::print(stderr, "twin: {}\n", report.problems[i].text());
    }
    if (report.problems.size() > shown_problems) {
      fmt::print(stderr, "twin: {}\n", tr("… and {} more (--json has all)", report.problems.size() - shown_problems));
    }
    if (session.json()) {
      session.print(evaluation::to_json(report));
      return;
    }
    session.print(tr("{} queries, {} documents in {} passages, indexed in {:.1f} s", report.queries, report.documents,
                     report.chunks, report.index_seconds));
    session.print(fmt::format("{:<8}  nDCG@10 {:.4f}  recall@5 {:.4f}  recall@10 {:.4f}  MRR@10 {:.4f}", mode_,
                              report.ndcg10, report.recall5, report.recall10, report.mrr10));
    session.print(tr("A query takes {:.1f} ms (median), {:.1f} ms (99th percentile)", report.query_ms(0.5),
                     report.query_ms(0.99)));
  }

  std::string beir_, mode_ = "hybrid", embed_, tokenizer_, split_ = "test", index_, run_file_, fusion_, rerank_,
                     category_ = "articles";
  int chunk_tokens_ = 0, candidates_ = 0;
  double lexical_weight_ = -1, dense_weight_ = -1;
};

}  // namespace

std::unique_ptr<Command> eval_retrieval_command() {
  return std::make_unique<EvalRetrieval>();
}

}  // namespace twin::cli
