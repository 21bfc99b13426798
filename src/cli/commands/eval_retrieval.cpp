// twin eval retrieval: how well passages are found, on a folder in BEIR's format, with or without a project; on test
// sets of the project's own corpus, and making them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "cli/commands.h"
#include "cli/retrieval_report.h"
#include "cli/retrieval_sets.h"
#include "cli/session.h"
#include "core/files.h"
#include "core/i18n.h"
#include "core/process.h"
#include "evaluation/beir_run.h"
#include "evaluation/token_estimate.h"
#include "feature/chunk/chunk.h"
#include "ops/project/rerankers.h"
#include "ops/project/user_models.h"
#include "ops/project/workers.h"

namespace twin::cli {
namespace {

constexpr const char* default_model = "multilingual-e5-small";

class EvalRetrieval final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "eval retrieval"; }
  [[nodiscard]] std::string description() const override {
    return tr("Measure search on a folder in BEIR's format, or on questions made from the project's own corpus");
  }
  void declare(Options& options) override {
    options.option("--beir", beir_, tr("Folder with corpus.jsonl, queries.jsonl and qrels/test.tsv"));
    options.option("--set", set_, tr("Folder of --make-set: measure the project's own index with it"));
    options.option("--make-set", make_.folder, tr("Make a test set from the project's corpus, in this folder"));
    options.option("--passages", make_.passages, tr("Passages asked for in a made set (0: as configured)"));
    options.option("--paraphrases", make_.paraphrases,
                   tr("Passages of a made set that the chat model paraphrases (below 0: as configured)"));
    options.option("--unanswerable-from", make_.unanswerable_from,
                   tr("BEIR folder of another corpus, whose queries a made set takes as unanswerable ones"));
    options.option("--seed", make_.seed, tr("Seed of a made set (below 0: as configured)"));
    options.option("--scores", scores_, tr("Also write the scores of each query to this file"));
    options.option("--against", against_,
                   tr("Compare with the scores of this file (default: with the last run on the same set)"));
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
    options.option("--chunk-strategy", chunk_strategy_,
                   tr("How passages are cut: structure, sentence, semantic or fixed (default: the category's)"));
    options.option("--chunk-overlap", chunk_overlap_,
                   tr("Tokens that a passage repeats of the one before (below 0: the category's)"));
    options.option("--candidates", candidates_, tr("Hits taken from each retriever before fusion (0: as configured)"));
    options.flag("--no-centering", no_centering_, tr("Compare questions' vectors as they are (default: as configured)"));
    options.option("--fusion", fusion_, tr("How scores are joined: zscore, rrf or weighted (default: as configured)"));
    options.option("--rerank", rerank_,
                   tr("off, learned (trained on this corpus), or, in a project, cross-encoder or llm"));
    options.option("--lexical-weight", lexical_weight_, tr("Weight of the lexical score (below 0: as configured)"));
    options.option("--dense-weight", dense_weight_, tr("Weight of the embedding score (below 0: as configured)"));
  }

  int run(Session& session) override {
    if ((beir_.empty() ? 0 : 1) + (set_.empty() ? 0 : 1) + (make_.folder.empty() ? 0 : 1) != 1) {
      throw Fatal(ErrorKind::usage, tr("twin eval retrieval takes one of --beir, --set and --make-set"), {},
                  "twin eval retrieval --help");
    }
    if (!make_.folder.empty()) return make_set(session, make_);
    if (mode_ != "lexical" && mode_ != "dense" && mode_ != "hybrid") {
      throw Fatal(ErrorKind::usage, tr("--mode takes lexical, dense or hybrid, not '{}'", mode_));
    }
    const bool own_index = !set_.empty();
    const bool cuts = chunk_tokens_ > 0 || chunk_overlap_ >= 0 || !chunk_strategy_.empty();
    if (own_index && (cuts || !embed_.empty() || !tokenizer_.empty() || !index_.empty())) {
      throw Fatal(
          ErrorKind::usage, tr("--set measures the index as it is"), {},
          tr("--embed, --tokenizer, --index and --chunk-tokens go with --beir, also on the folder of a made set"));
    }
    ops::Project* project = own_index || session.has_project() ? &session.project() : nullptr;
    const bool has_model = mode_ != "lexical" || !embed_.empty();
    const feature::Category cut_by = category(project);
    value_or_throw(feature::check_strategy(cut_by.chunk.strategy, has_model));
    evaluation::WordsOnly words;
    std::unique_ptr<models::Worker> worker;
    // Lexical search needs no model; one that is named cuts the passages all the same, so that modes can be compared.
    if (has_model) worker = start_worker(session, project);
    const auto reranker = start_reranker(session, project);
    const auto answerability = own_index ? ops::answerability(*project) : inference::uncalibrated();
    std::optional<TempFolder> temporary;
    if (index_.empty() && !own_index) temporary.emplace("twin-beir");
    const auto report =
        evaluation::run_beir({.folder = own_index ? set_ : beir_,
                              .split = split_,
                              .work = temporary ? temporary->path() : std::filesystem::path(index_),
                              .category = cut_by,
                              .retrieval = retrieval(project),
                              .reranker = reranker.reranker.get(),
                              .answerability = own_index ? &answerability : nullptr,
                              .index = index_config(project),
                              .embed = project != nullptr ? project->config().embed : feature::EmbedConfig{},
                              .embedder = worker ? static_cast<models::EmbeddingEngine&>(*worker) : words,
                              .tokenizer = worker ? static_cast<models::Tokenizer&>(*worker) : words,
                              .progress = session.progress(),
                              .stop = session.stop(),
                              .ready = own_index ? &project->index() : nullptr});
    if (!run_file_.empty()) value_or_throw(disk().write(run_file_, evaluation::trec_run(report, "twin-" + mode_)));
    const auto comparison =
        compare_and_keep(report, settings(worker.get()), {last_scores(project, report), scores_, against_});
    show_report(session, mode_, report, comparison);
    return report.problems.empty() ? exit_code::done : exit_code::partial;
  }

 private:
  std::unique_ptr<models::Worker> start_worker(Session& session, ops::Project* project) const {
    std::string model = embed_;
    if (model.empty() && !set_.empty()) model = ops::serving_embedder(*project);
    if (model.empty()) model = project != nullptr ? project->config().models.embedder() : default_model;
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
    if (chunk_overlap_ >= 0) category.chunk.overlap_tokens = chunk_overlap_;
    if (!chunk_strategy_.empty()) category.chunk.strategy = chunk_strategy_;
    return category;
  }

  inference::RetrievalConfig retrieval(ops::Project* project) const {
    inference::RetrievalConfig config = project != nullptr ? project->config().retrieval : inference::RetrievalConfig{};
    if (candidates_ > 0) config.candidates = candidates_;
    if (no_centering_) config.center_queries = false;
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

  /// Beside the project's reports, or beside an index that is kept; else nowhere.
  [[nodiscard]] std::filesystem::path last_scores(ops::Project* project, const evaluation::BeirReport& report) const {
    const std::string file = report.set.substr(0, 16) + ".json";
    if (!index_.empty()) return std::filesystem::path(index_) / "scores" / file;
    if (project != nullptr) return project->layout().reports() / "retrieval" / file;
    return {};
  }

  /// What a reader of a comparison must know of the run before.
  [[nodiscard]] std::map<std::string, std::string> settings(models::Worker* worker) const {
    std::map<std::string, std::string> out = {{"mode", mode_}};
    if (worker != nullptr && mode_ != "lexical") out["model"] = worker->model_hash().substr(0, 12);
    if (!tokenizer_.empty()) out["tokenizer"] = tokenizer_;
    if (chunk_tokens_ > 0) out["chunk-tokens"] = std::to_string(chunk_tokens_);
    if (chunk_overlap_ >= 0) out["chunk-overlap"] = std::to_string(chunk_overlap_);
    if (!chunk_strategy_.empty()) out["chunk-strategy"] = chunk_strategy_;
    if (candidates_ > 0) out["candidates"] = std::to_string(candidates_);
    if (no_centering_) out["center-queries"] = "no";
    if (!fusion_.empty()) out["fusion"] = fusion_;
    if (!rerank_.empty()) out["rerank"] = rerank_;
    return out;
  }

  static void check_name(const char* option, const std::string& name, const std::vector<std::string>& known) {
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    throw Fatal(ErrorKind::usage,
                tr("{} takes one of {}, not '{}'", option, fmt::format("{}", fmt::join(known, ", ")), name));
  }

  std::string beir_, mode_ = "hybrid", embed_, tokenizer_, split_ = "test", index_, run_file_, fusion_, rerank_,
                     category_ = "articles";
  std::string set_, scores_, against_, chunk_strategy_;
  MakeSetOptions make_;
  int chunk_tokens_ = 0, chunk_overlap_ = -1, candidates_ = 0;
  double lexical_weight_ = -1, dense_weight_ = -1;
  bool no_centering_ = false;
};

}  // namespace

std::unique_ptr<Command> eval_retrieval_command() {
  return std::make_unique<EvalRetrieval>();
}

}  // namespace twin::cli
