#include "evaluation/beir_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/clock.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "evaluation/tune_ranking.h"
#include "feature/clean/clean.h"
#include "stores/warehouse/warehouse.h"

namespace twin::evaluation {
namespace {

constexpr std::string_view address = "beir:";      // and the id: the URL of a document
constexpr std::size_t documents_per_commit = 500;  // of the warehouse
constexpr std::size_t depth = 10;                  // of the measures
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
  explicit Trial(const BeirRun& run) : run_(run), warehouse_(stores::open_warehouse(run.work / "warehouse")) {}

  BeirReport run() {
    // First, so that a mistake in a small file is not found after an hour of indexing.
    const auto queries = value_or_throw(read_beir_queries(run_.folder, run_.split, problem()));
    const double started = system_clock().monotonic();
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
      measure(query.judged, report_.rankings.back().documents);
      progress->add();
    }
    report_.queries = static_cast<int>(queries.size());
    const double count = std::max(1.0, static_cast<double>(queries.size()));
    for (double* sum : {&report_.ndcg10, &report_.recall5, &report_.recall10, &report_.mrr10}) *sum /= count;
  }

  BeirRanking search(stores::Index& index, const BeirQuery& query) {
    BeirRanking ranking;
    ranking.query_id = query.id;
    const double started = system_clock().monotonic();
    // As many passages as serving fuses: several may be of one document.
    const auto found = inference::find_passages({index, run_.embedder, reranker_},
                                                {query.text, run_.retrieval.candidates, {}, run_.stop}, run_.retrieval);
    ranking.milliseconds = (system_clock().monotonic() - started) * 1e3;
    if (!found) {
      Error error = found.error();
      error.message = tr("The query '{}' failed: {}", query.id, error.message);
      report_.problems.push_back(std::move(error));
      return ranking;
    }
    std::set<std::string> seen = {query.id};
    for (const inference::Passage& passage : found->passages) {
      std::string id = passage.url.substr(std::min(address.size(), passage.url.size()));
      if (ranking.documents.size() >= kept_depth || !seen.insert(id).second) continue;
      ranking.documents.push_back(std::move(id));
      ranking.scores.push_back(passage.score);
    }
    return ranking;
  }

  void measure(const Judgements& judged, const std::vector<std::string>& documents) {
    report_.ndcg10 += ndcg(documents, judged, depth);
    report_.recall5 += recall(documents, judged, 5);
    report_.recall10 += recall(documents, judged, depth);
    report_.mrr10 += reciprocal_rank(documents, judged, depth);
  }

  const BeirRun& run_;
  std::shared_ptr<inference::Reranker> learned_;
  inference::Reranker* reranker_ = nullptr;
  std::unique_ptr<stores::Warehouse> warehouse_;
  BeirReport report_;
};

}  // namespace

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
  return {{"ndcg@10", report.ndcg10},
          {"recall@5", report.recall5},
          {"recall@10", report.recall10},
          {"mrr@10", report.mrr10},
          {"queries", report.queries},
          {"documents", report.documents},
          {"chunks", report.chunks},
          {"index_seconds", report.index_seconds},
          {"query_ms", {{"p50", report.query_ms(0.50)}, {"p99", report.query_ms(0.99)}}},
          {"problems", std::move(problems)}};
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
