#include "evaluation/beir_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/clock.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "evaluation/retrieval.h"
#include "evaluation/tune_ranking.h"
#include "feature/clean/clean.h"
#include "stores/warehouse/warehouse.h"

namespace twin::evaluation {
namespace {

constexpr std::string_view address = "beir:";      // and the id: the URL of a document
constexpr std::size_t documents_per_commit = 500;  // of the warehouse
constexpr std::size_t kept_depth = 100;            // of the rankings in the report

void stop_if_asked(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Fatal(ErrorKind::cancelled, tr("Stopped"));
}

/// Plain text to Markdown, as a .txt file is collected. A title without a text is the text.
stores::Document to_document(const BeirDocument& beir, const feature::Category& category) {
  feature::RawDocument raw;
  raw.url = std::string(address) + beir.id;
  raw.media_type = "text/plain";
  raw.bytes = beir.text.find_first_not_of(" \t\r\n") == std::string::npos ? beir.title : beir.text;
  const auto cleaned = value_or_throw(feature::clean(raw, category.clean));
  stores::Document document;
  document.url = raw.url;
  document.source = "beir";
  document.category = category.id;
  document.title = beir.title;
  document.body = cleaned.markdown;
  document.language = cleaned.language;
  return document;
}

class Trial {
 public:
  explicit Trial(const BeirRun& run) : run_(run) {}

  BeirReport run() {
    // First, so that a mistake in a small file is not found after an hour of indexing.
    const auto queries = value_or_throw(read_beir_queries(run_.folder, run_.split, problem()));
    report_.set = digest_of(queries);
    if (run_.ready != nullptr) {
      look_for_judged(*run_.ready, queries);
      choose_reranker(*run_.ready);
      search_all(*run_.ready, queries);
      return std::move(report_);
    }
    const double started = system_clock().monotonic();
    open_work();
    load_corpus();
    // One index per model: several lie side by side.
    const auto index =
        stores::open_index(run_.work / ("index-" + sha256_hex(run_.embedder.model_hash()).substr(0, 12)), run_.index);
    fill(*index);
    report_.index_seconds = system_clock().monotonic() - started;
    choose_reranker(*index);
    search_all(*index, queries);
    return std::move(report_);
  }

 private:
  BeirProblem problem() {
    return [this](Error error) { report_.problems.push_back(std::move(error)); };
  }

  void open_work() { warehouse_ = stores::open_warehouse(run_.work / "warehouse"); }

  /// Documents that a set asks for and a project no longer has are no fault of the search; they still count 0.
  void look_for_judged(stores::Index& index, const std::vector<BeirQuery>& queries) {
    const auto counts = index.counts();
    if (counts.chunks == 0) {
      throw Fatal(ErrorKind::not_found, tr("Nothing is indexed yet"), index.location(), tr("run: twin index"));
    }
    report_.documents = static_cast<int>(counts.documents);
    report_.chunks = static_cast<int>(counts.chunks);
    std::set<std::string> known;
    for (auto& [id, key] : index.document_keys()) known.insert(std::move(id));
    std::set<std::string> missing;
    for (const BeirQuery& query : queries) {
      for (const auto& [id, grade] : query.judged) {
        if (grade <= 0 || known.contains(id) || !missing.insert(id).second) continue;
        report_.problems.push_back({ErrorKind::not_found,
                                    tr("The index has no document '{}', which the set asks for", id), query.id,
                                    tr("make the set anew with: twin eval retrieval --make-set FOLDER")});
      }
    }
  }

  void load_corpus() {
    const auto progress = run_.progress.start(tr("corpus"), tr("documents"));
    std::set<std::string> present;
    std::vector<stores::Document> waiting;
    const auto commit = [&] {
      stop_if_asked(run_.stop);
      warehouse_->batch([&] {
        for (stores::Document& document : waiting) warehouse_->upsert(document);
      });
      progress->add(waiting.size());
      waiting.clear();
    };
    value_or_throw(each_beir_document(
        run_.folder,
        [&](BeirDocument&& beir) {
          present.insert(stores::document_id(std::string(address) + beir.id));
          waiting.push_back(to_document(beir, run_.category));
          if (waiting.size() >= documents_per_commit) commit();
          return true;
        },
        problem()));
    commit();
    if (present.empty()) {
      throw Fatal(ErrorKind::invalid, tr("The corpus holds no document"), (run_.folder / "corpus.jsonl").string());
    }
    remove_others(present);
  }

  /// Of another corpus that was measured in this folder.
  void remove_others(const std::set<std::string>& present) {
    std::vector<std::string> gone;
    stores::DocumentFilter all;
    all.bodies = false;
    warehouse_->each(all, [&](stores::Document&& document) {
      if (!present.contains(document.id)) gone.push_back(document.id);
      return true;
    });
    warehouse_->batch([&] {
      for (const std::string& id : gone) warehouse_->tombstone(id, system_clock().now());
    });
  }

  void fill(stores::Index& index) {
    const std::map<std::string, feature::Category> categories = {{run_.category.id, run_.category}};
    auto built = feature::build_index(run_.embed, {.warehouse = *warehouse_,
                                                   .index = index,
                                                   .embedder = run_.embedder,
                                                   .tokenizer = run_.tokenizer,
                                                   .categories = categories,
                                                   .progress = run_.progress,
                                                   .stop = run_.stop});
    stop_if_asked(run_.stop);
    for (auto* list : {&built.failures, &built.notes}) {
      std::move(list->begin(), list->end(), std::back_inserter(report_.problems));
    }
    const auto counts = index.counts();
    report_.documents = static_cast<int>(counts.documents);
    report_.chunks = static_cast<int>(counts.chunks);
  }

  /// A learned one knows the corpus, never the queries that it is measured by.
  void choose_reranker(stores::Index& index) {
    reranker_ = run_.reranker;
    if (run_.retrieval.rerank != "learned" || reranker_ != nullptr) return;
    auto tuned = tune_ranking({index, run_.embedder}, run_.retrieval, {}, run_.progress, run_.stop);
    learned_ = inference::make_learned_reranker(std::move(tuned.ranker));
    reranker_ = learned_.get();
  }

  void search_all(stores::Index& index, const std::vector<BeirQuery>& queries) {
    const auto progress = run_.progress.start(tr("search"), tr("queries"));
    progress->total(queries.size());
    for (const BeirQuery& query : queries) {
      stop_if_asked(run_.stop);
      report_.rankings.push_back(search(index, query));
      measure(query, report_.rankings.back());
      progress->add();
    }
    report_.queries = static_cast<int>(report_.scores.size());
    report_.summary = summarize(report_.scores);
    if (report_.unanswerable == 0) return;
    report_.coverage = judge_coverage(decided_);
    for (const auto& [retriever, scores] : best_answerable_) {
      report_.tells_unanswerable[retriever] = area_under_roc(scores, best_unanswerable_[retriever]);
    }
  }

  BeirRanking search(stores::Index& index, const BeirQuery& query) {
    BeirRanking ranking;
    ranking.query_id = query.id;
    const double started = system_clock().monotonic();
    // As many passages as serving fuses: several may be of one document.
    const auto found = inference::find_passages({index, run_.embedder, reranker_, run_.answerability},
                                                {query.text, run_.retrieval.candidates, {}, run_.stop}, run_.retrieval);
    ranking.milliseconds = (system_clock().monotonic() - started) * 1e3;
    if (!found) {
      Error error = found.error();
      error.message = tr("The query '{}' failed: {}", query.id, error.message);
      report_.problems.push_back(std::move(error));
      return ranking;
    }
    ranking.coverage = found->coverage;
    std::set<std::string> seen = {query.id};
    int rank = 0;
    for (const inference::Passage& passage : found->passages) {
      ++rank;
      for (const auto& [retriever, score] : passage.parts) {
        const auto [best, first] = ranking.best.emplace(retriever, score);
        if (!first) best->second = std::max(best->second, score);
      }
      if (ranking.passage_rank == 0 && holds(passage, query)) ranking.passage_rank = rank;
      std::string id = document_of(passage);
      if (ranking.documents.size() >= kept_depth || !seen.insert(id).second) continue;
      ranking.documents.push_back(std::move(id));
      ranking.scores.push_back(passage.score);
    }
    return ranking;
  }

  [[nodiscard]] std::string document_of(const inference::Passage& passage) const {
    if (run_.ready != nullptr) return passage.document_id;
    return passage.url.substr(std::min(address.size(), passage.url.size()));
  }

  /// Spans are bytes of the prose view of the project the set was made from: another index has others.
  [[nodiscard]] bool holds(const inference::Passage& passage, const BeirQuery& query) const {
    if (query.document_id.empty() || run_.ready == nullptr) return false;
    const Question asked{.question = {},
                         .reference = {},
                         .document_id = query.document_id,
                         .language = {},
                         .start = query.start,
                         .end = query.end};
    return holds_source({passage.document_id, passage.start, passage.end}, asked);
  }

  void measure(const BeirQuery& query, const BeirRanking& ranking) {
    const bool unanswerable = query.judged.empty();
    auto& best = unanswerable ? best_unanswerable_ : best_answerable_;
    // Where a retriever finds nothing at all, its score is the lowest there is.
    for (const auto& [retriever, weight] : retrievers()) {
      const auto found = ranking.best.find(retriever);
      best[retriever].push_back(found == ranking.best.end() ? -1.0 : found->second);
    }
    decided_.push_back({query.kind, !unanswerable, ranking.coverage});
    if (unanswerable) {
      ++report_.unanswerable;
      return;
    }
    report_.scores.push_back(score_query(query, ranking));
    if (run_.ready == nullptr) report_.scores.back().values.erase("passage_recall@5");
  }

  /// Those that are asked.
  [[nodiscard]] std::map<std::string, double> retrievers() const {
    std::map<std::string, double> out = {{"lexical", run_.retrieval.lexical_weight},
                                         {"dense", run_.retrieval.dense_weight}};
    std::erase_if(out, [](const auto& entry) { return entry.second <= 0; });
    return out;
  }

  const BeirRun& run_;
  std::shared_ptr<inference::Reranker> learned_;
  inference::Reranker* reranker_ = nullptr;
  std::unique_ptr<stores::Warehouse> warehouse_;
  BeirReport report_;
  std::vector<DecidedQuery> decided_;
  std::map<std::string, std::vector<double>> best_answerable_, best_unanswerable_;  // by retriever
};

}  // namespace

double BeirReport::mean(const std::string& measure) const {
  const auto found = summary.all.find(measure);
  return found == summary.all.end() ? 0.0 : found->second.mean;
}

double BeirReport::query_ms(double share) const {
  std::vector<double> times;
  for (const BeirRanking& ranking : rankings) times.push_back(ranking.milliseconds);
  return percentile(std::move(times), share);
}

BeirReport run_beir(const BeirRun& run) {
  return Trial(run).run();
}

Json to_json(const BeirReport& report) {
  Json problems = Json::array();
  for (const Error& error : report.problems) problems.push_back(error.text());
  Json json{
      {"queries", report.queries},
      {"documents", report.documents},
      {"chunks", report.chunks},
      {"index_seconds", report.index_seconds},
      {"query_ms", {{"p50", report.query_ms(0.50)}, {"p90", report.query_ms(0.90)}, {"p99", report.query_ms(0.99)}}},
      {"problems", std::move(problems)}};
  for (const std::string& measure : ranking_measures()) json[measure] = report.mean(measure);
  json.update(to_json(report.summary));
  if (report.unanswerable > 0) {
    json["unanswerable"] = {{"queries", report.unanswerable},
                            {"area_under_roc", report.tells_unanswerable},
                            {"decision", to_json(report.coverage)}};
  }
  return json;
}

std::string trec_run(const BeirReport& report, const std::string& tag) {
  std::string lines;
  for (const BeirRanking& ranking : report.rankings) {
    for (std::size_t i = 0; i < ranking.documents.size(); ++i) {
      lines +=
          fmt::format("{} Q0 {} {} {:.6f} {}\n", ranking.query_id, ranking.documents[i], i + 1, ranking.scores[i], tag);
    }
  }
  return lines;
}

}  // namespace twin::evaluation
