#include "evaluation/tune_ranking.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "core/hash.h"
#include "core/i18n.h"
#include "evaluation/fit_answerability.h"
#include "evaluation/rank_fit.h"
#include "evaluation/synthetic_queries.h"
#include "inference/rag/lexical_weight.h"
#include "inference/rag/rank_features.h"
#include "inference/rag/read_texts.h"

namespace twin::evaluation {
namespace {

using Kind = SyntheticQuery::Kind;

constexpr int mrr_depth = 10;            // of the reciprocal rank
constexpr int first_few = 5;             // of the recall
constexpr std::size_t few_queries = 20;  // fewer say nothing
constexpr std::array<double, 9> dense_shares = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};

/// A query with what was found for it.
struct Searched {
  SyntheticQuery query;
  int fold = 0;
  std::vector<stores::RankedList> lists;
  double evidence = 0;                    ///< lexical_evidence()
  std::vector<std::string> fused;         ///< chunk ids, in the order of the configured fusion
  std::vector<std::vector<double>> rows;  ///< features of the first of them
};

bool relevant(const Searched& searched, const std::string& chunk) {
  return std::find(searched.query.relevant.begin(), searched.query.relevant.end(), chunk) !=
         searched.query.relevant.end();
}

/// 1-based rank of the first relevant one; 0 when there is none.
int rank_in(const Searched& searched, const std::vector<std::string>& order) {
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (relevant(searched, order[i])) return static_cast<int>(i) + 1;
  }
  return 0;
}

double reciprocal(int rank) {
  return rank > 0 && rank <= mrr_depth ? 1.0 / rank : 0;
}

std::vector<std::string> order_of(const std::vector<stores::FusedHit>& hits, const std::string& left_out) {
  std::vector<std::string> order;
  for (const stores::FusedHit& hit : hits) {
    if (hit.chunk_id != left_out) order.push_back(hit.chunk_id);
  }
  return order;
}

std::vector<std::string> fused_order(const Searched& searched, stores::Fusion fusion, double dense_share) {
  std::vector<stores::RankedList> lists = searched.lists;
  for (stores::RankedList& list : lists) {
    const bool dense = list.retriever == "dense";
    list.weight = dense ? dense_share : (1 - dense_share) * inference::lexical_gain(fusion, searched.evidence);
  }
  std::erase_if(lists, [](const stores::RankedList& list) { return list.weight <= 0; });
  return order_of(stores::fuse(fusion, lists, 1 << 20), searched.query.left_out);
}

std::vector<std::string> learned_order(const Searched& searched, const RankFit& fit) {
  if (fit.weights.empty()) return searched.fused;
  std::vector<double> scores;
  for (const auto& row : searched.rows) scores.push_back(fit.score(row));
  std::vector<std::size_t> order(searched.fused.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(scores.size()),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  std::vector<std::string> ids;
  for (const std::size_t i : order) ids.push_back(searched.fused[i]);
  return ids;
}

class Tuning {
 public:
  Tuning(const inference::SearchTools& tools, const inference::RetrievalConfig& config, const TuneOptions& options)
      : tools_(tools), config_(config), options_(options) {
    config_.lexical_weight = config_.dense_weight = 1;
    config_.rerank = "off";
    fusion_ = stores::fusion_of(config.fusion);
  }

  TuneReport run(ProgressSink& progress, const std::stop_token& stop) {
    search_all(progress, stop);
    measure("lexical", [](const Searched& s) { return fused_order(s, stores::Fusion::zscore, 0); });
    measure("dense", [](const Searched& s) { return fused_order(s, stores::Fusion::zscore, 1); });
    for (const std::string& name : stores::fusion_names()) {
      measure(name, [&](const Searched& s) { return fused_order(s, stores::fusion_of(name), 0.5); });
    }
    measure("configured", [](const Searched& s) { return s.fused; });
    value_shares();
    std::vector<double> shares;
    std::vector<RankFit> fits;
    for (int fold = 0; fold < options_.folds; ++fold) {
      shares.push_back(best_share(fold));
      fits.push_back(fit(fold));
    }
    const auto at = [](const Searched& s) { return static_cast<std::size_t>(s.fold); };
    measure("fitted weights", [&](const Searched& s) { return fused_order(s, fusion_, shares[at(s)]); });
    measure("learned", [&](const Searched& s) { return learned_order(s, fits[at(s)]); });
    report_.dense_share = best_share(-1);
    finish(fit(-1));
    calibrate();
    return std::move(report_);
  }

 private:
  void search_all(ProgressSink& sink, const std::stop_token& stop) {
    auto queries = synthetic_queries(tools_.index, options_.queries, options_.seed);
    const auto progress = sink.start(tr("tune: search"), tr("queries"));
    progress->total(queries.size());
    for (SyntheticQuery& query : queries) {
      if (stop.stop_requested()) throw Fatal(ErrorKind::cancelled, tr("Stopped"));
      search(std::move(query));
      progress->add();
    }
    if (searched_.size() < few_queries) {
      throw Fatal(
          ErrorKind::usage,
          tr("The index gives {} questions, too few to fit a ranking ({} are needed)", searched_.size(), few_queries),
          tools_.index.location(), tr("add documents, then run `twin index`"));
    }
  }

  void search(SyntheticQuery query) {
    const inference::SearchRequest request{query.text, 0, {}, {}};
    auto lists = inference::retrieve(tools_, request, config_);
    if (!lists) {
      report_.problems.push_back(std::move(lists.error()));
      return;
    }
    Searched searched;
    auto passages = inference::fused_passages(tools_.index, query.text, *lists, config_);
    std::erase_if(passages, [&](const inference::Passage& p) { return p.chunk_id == query.left_out; });
    auto samples = samples_of(tools_.index, query, passages, fold_of(query.document_id));
    std::move(samples.begin(), samples.end(), std::back_inserter(samples_));
    const auto ranked = static_cast<std::size_t>(config_.rerank_candidates);
    inference::read_texts(tools_.index, passages, ranked);
    for (const inference::Passage& passage : passages) searched.fused.push_back(passage.chunk_id);
    auto candidates = inference::candidates_of(tools_.index, *lists);
    candidates.erase(query.left_out);
    searched.evidence = inference::lexical_evidence(tools_.index, query.text, *lists, candidates);
    passages.resize(std::min(passages.size(), ranked));
    searched.rows = inference::rank_features(query.text, passages);
    searched.lists = std::move(*lists);
    searched.fold = fold_of(query.document_id);
    ++(query.kind == Kind::known_item ? report_.known : report_.related);
    searched.query = std::move(query);
    searched_.push_back(std::move(searched));
  }

  [[nodiscard]] int fold_of(const std::string& what) const {
    constexpr int hex = 16;
    const auto number = std::stoull(sha256_hex(what).substr(0, 8), nullptr, hex);
    return static_cast<int>(number % static_cast<unsigned>(options_.folds));
  }

  /// With questions from elsewhere beside those of the corpus.
  void calibrate() {
    auto others = samples_from_elsewhere(tools_, config_, options_.folds, report_.problems);
    std::move(others.begin(), others.end(), std::back_inserter(samples_));
    const AnswerabilityOptions options{options_.folds, options_.refused, options_.ridge};
    auto fitted = fit_answerability(samples_, tools_.index.model().hash, options);
    if (fitted) {
      report_.answerability = std::move(*fitted);
    } else {
      report_.problems.push_back(std::move(fitted.error()));
    }
  }

  template <class Order>
  TunedWay value_of(const std::string& name, const Order& order) const {
    TunedWay way;
    way.name = name;
    for (const Searched& searched : searched_) {
      const int rank = rank_in(searched, order(searched));
      const bool known = searched.query.kind == Kind::known_item;
      const double share = 1.0 / std::max(1, known ? report_.known : report_.related);
      (known ? way.known_mrr : way.related_mrr) += share * reciprocal(rank);
      (known ? way.known_recall5 : way.related_recall5) += rank > 0 && rank <= first_few ? share : 0;
    }
    return way;
  }

  template <class Order>
  void measure(const std::string& name, const Order& order) {
    report_.ways.push_back(value_of(name, order));
  }

  /// Of every query under every share, once: the folds ask for sums of them.
  void value_shares() {
    for (const double share : dense_shares) {
      auto& values = share_values_.emplace_back();
      for (const Searched& searched : searched_) {
        values.push_back(reciprocal(rank_in(searched, fused_order(searched, fusion_, share))));
      }
    }
  }

  /// By the mean of both kinds, over all folds but one.
  double best_share(int without) const {
    double best = 0.5, highest = -1;
    for (std::size_t i = 0; i < dense_shares.size(); ++i) {
      double known = 0, related = 0;
      for (std::size_t j = 0; j < searched_.size(); ++j) {
        if (searched_[j].fold == without) continue;
        (searched_[j].query.kind == Kind::known_item ? known : related) += share_values_[i][j];
      }
      const double mean = known / std::max(1, report_.known) + related / std::max(1, report_.related);
      // Equal weights stay where others are not clearly better.
      if (mean > highest + 1e-9 || (dense_shares[i] == 0.5 && mean > highest - 1e-9)) {
        highest = mean;
        best = dense_shares[i];
      }
    }
    return best;
  }

  RankFit fit(int without) const {
    std::vector<RankGroup> groups;
    for (const Searched& searched : searched_) {
      if (searched.fold == without) continue;
      RankGroup group;
      group.rows = searched.rows;
      for (std::size_t i = 0; i < searched.rows.size(); ++i) {
        group.relevant.push_back(relevant(searched, searched.fused[i]));
      }
      const auto hits = std::count(group.relevant.begin(), group.relevant.end(), true);
      if (hits > 0 && std::cmp_less(hits, group.rows.size())) groups.push_back(std::move(group));
    }
    return fit_ranking(groups, options_.ridge);
  }

  void finish(const RankFit& fit) {
    inference::LearnedRanker& ranker = report_.ranker;
    if (fit.weights.empty()) {
      throw Fatal(ErrorKind::usage, tr("None of the questions finds its passage: there is nothing to learn from"),
                  tools_.index.location());
    }
    ranker.version = inference::rank_features_version;
    ranker.index_model = tools_.index.model().hash;
    ranker.weights = fit.weights;
    ranker.mean = fit.mean;
    ranker.scale = fit.scale;
    ranker.queries = report_.known + report_.related;
    for (const TunedWay& way : report_.ways) {
      if (way.name != "learned" && way.name != config_.fusion) continue;
      ranker.measured[way.name + ".known.mrr@10"] = way.known_mrr;
      ranker.measured[way.name + ".related.mrr@10"] = way.related_mrr;
    }
  }

  inference::SearchTools tools_;
  inference::RetrievalConfig config_;
  TuneOptions options_;
  stores::Fusion fusion_ = stores::Fusion::weighted;
  std::vector<Searched> searched_;
  std::vector<EvidenceSample> samples_;
  std::vector<std::vector<double>> share_values_;  ///< reciprocal ranks by share, then by query
  TuneReport report_;
};

}  // namespace

TuneReport tune_ranking(const inference::SearchTools& tools, const inference::RetrievalConfig& config,
                        const TuneOptions& options, ProgressSink& progress, const std::stop_token& stop) {
  return Tuning(tools, config, options).run(progress, stop);
}

}  // namespace twin::evaluation
