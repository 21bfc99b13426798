// Hybrid search over the index.
#include "inference/rag/search.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "inference/rag/centered.h"
#include "inference/rag/choose.h"
#include "inference/rag/lexical_weight.h"
#include "inference/rag/read_texts.h"
#include "inference/rag/z_scores.h"

namespace twin::inference {
namespace {

/// A question is halved until the embedder takes it, but not below this.
constexpr std::size_t min_query_bytes = 64;

Result<std::vector<float>> embed_query(models::EmbeddingEngine& embedder, std::string_view query) {
  while (true) {
    auto vectors = embedder.embed_queries({std::string(query)});
    if (vectors) return std::move(vectors->front());
    if (vectors.error().kind != ErrorKind::limit || query.size() < 2 * min_query_bytes) {
      return tl::unexpected(std::move(vectors.error()));
    }
    query = text::clip(query, query.size() / 2);
  }
}

/// The mean of the query's vector and those of hypothetical passages, of length 1.
Result<std::vector<float>> with_passages(models::EmbeddingEngine& embedder, std::vector<float> vector,
                                         const std::vector<std::string>& passages) {
  const auto encoded = embedder.encode({.texts = passages, .queries = false, .cut = true});
  if (!encoded) return tl::unexpected(encoded.error());
  for (const auto& other : encoded->vectors) {
    for (std::size_t i = 0; i < vector.size(); ++i) vector[i] += other[i];
  }
  return of_length_one({vector.begin(), vector.end()});
}

/// Passages of the other lists that this one lacks, each once.
std::vector<std::string> lacking_in(const stores::RankedList& list, const std::vector<stores::RankedList>& lists) {
  std::set<std::string> known;
  for (const stores::Hit& hit : list.hits) known.insert(hit.chunk_id);
  std::vector<std::string> out;
  for (const stores::RankedList& other : lists) {
    for (const stores::Hit& hit : other.hits) {
      if (known.insert(hit.chunk_id).second) out.push_back(hit.chunk_id);
    }
  }
  return out;
}

/// The pictures that are nearer to the question than those found are on average, which is what a passage without one
/// counts for.
stores::RankedList picture_list(std::vector<stores::Hit> hits, double weight) {
  stores::RankedList list{"image", weight, {}, {}, -1};
  if (hits.empty()) return list;
  double sum = 0;
  for (const stores::Hit& hit : hits) sum += hit.score;
  const double mean = sum / static_cast<double>(hits.size());
  // The best one stays whatever rounding did to the mean.
  std::erase_if(hits, [&, best = hits.front().score](const auto& hit) { return hit.score < std::min(mean, best); });
  list.hits = std::move(hits);
  list.unsaid = mean;
  return list;
}

/// For a picture that is searched for.
Result<std::vector<stores::RankedList>> by_picture(stores::Index& index, const SearchRequest& request,
                                                   const RetrievalConfig& config) {
  std::vector<stores::RankedList> lists;
  auto hits = index.pictures(request.picture, config.candidates, request.filter);
  if (!hits) return tl::unexpected(std::move(hits.error()));
  if (!hits->empty()) {
    lists.push_back({"image", 1, std::move(*hits), {}, -1});
    return lists;
  }
  hits = index.dense(request.picture, config.candidates, request.filter);
  if (!hits) return tl::unexpected(std::move(hits.error()));
  if (!hits->empty()) lists.push_back({"dense", 1, std::move(*hits), {}, -1});
  return lists;
}

bool by_words_alone(const std::string& query, const stores::QueryCentering& centering, const RetrievalConfig& config) {
  return config.lexical_weight > 0 && config.dense_weight > 0 && !understood(query, centering);
}

/// The settings for a search by a picture: it has no words to judge by, and its order is that of the pictures.
RetrievalConfig for_picture(RetrievalConfig config) {
  config.fusion = "weighted";
  config.page_evidence = 0;
  config.spread_below = 0;
  config.rerank = "off";
  config.not_covered = "off";
  return config;
}

/// What the document's category and age add to the score.
double bonus(const stores::PassageOutline& outline, const RetrievalConfig& config) {
  double sum = std::log(outline.weight);
  if (config.recency_days > 0 && outline.published > 0) {
    constexpr double ms_per_day = 86'400'000.0;
    const auto age = static_cast<double>(system_clock().now() - outline.published) / ms_per_day;
    sum += config.recency_weight * std::exp2(-std::max(0.0, age) / config.recency_days);
  }
  return sum;
}

Passage make_passage(const stores::FusedHit& hit, const stores::PassageOutline& outline,
                     const RetrievalConfig& config) {
  Passage passage;
  passage.fused = hit.score + bonus(outline, config);
  passage.score = passage.fused;
  passage.page = hit.score;  // for add_page_evidence()
  passage.parts = hit.parts;
  passage.shares = hit.shares;
  passage.picture = hit.picture;
  passage.chunk_id = outline.chunk_id;
  passage.document_id = outline.document_id;
  passage.start = outline.start;
  passage.end = outline.end;
  passage.parent = {outline.parent.start, outline.parent.end, {}};
  passage.unread = outline.text_bytes;
  return passage;
}

/// Scores in standard deviations, so that weights of categories mean the same whatever the fusion. Those of z-score
/// fusion are already.
void standardize(std::vector<stores::FusedHit>& hits, stores::Fusion fusion) {
  if (fusion == stores::Fusion::zscore) return;
  std::vector<double> scores;
  scores.reserve(hits.size());
  for (const stores::FusedHit& hit : hits) scores.push_back(hit.score);
  scores = z_scores(scores);
  for (std::size_t i = 0; i < hits.size(); ++i) hits[i].score = scores[i];
}

/// All that any of the lists found, with the lexical weight that the passages' words speak for.
std::vector<stores::FusedHit> fused(stores::Index& index, const std::string& query,
                                    std::vector<stores::RankedList> lists, const Candidates& candidates,
                                    const RetrievalConfig& config) {
  const auto fusion = stores::fusion_of(config.fusion);
  if (fusion == stores::Fusion::weighted && lists.size() > 1) {
    const double gain = lexical_gain(fusion, lexical_evidence(index, query, lists, candidates));
    for (stores::RankedList& list : lists) {
      if (list.retriever == "lexical") list.weight *= gain;
    }
  }
  auto hits = stores::fuse(fusion, lists, 2 * config.candidates);
  standardize(hits, fusion);
  return hits;
}

/// What the candidates of a document show together, added to each: fused scores above the mean, summed over the root of
/// how many there are. A page that is about the question shows it in several of its passages; a single one may be like
/// it by chance.
void add_page_evidence(std::vector<Passage>& passages, double weight) {
  struct Page {
    double sum = 0, passages = 0;
  };
  std::map<std::string, Page> pages;
  for (const Passage& passage : passages) {
    Page& page = pages[passage.document_id];
    page.sum += std::max(0.0, passage.page);
    page.passages += 1;
  }
  for (Passage& passage : passages) {
    const Page& page = pages[passage.document_id];
    passage.page = weight * page.sum / std::sqrt(page.passages);
    passage.fused += passage.page;
    passage.score = passage.fused;
  }
}

RetrievalConfig wide_enough(const RetrievalConfig& config, int k) {
  RetrievalConfig wide = config;
  wide.candidates = std::max(config.candidates, k);
  return wide;
}

}  // namespace

Result<std::vector<stores::RankedList>> retrieve(const SearchTools& tools, const SearchRequest& request,
                                                 const RetrievalConfig& config) {
  if (!request.picture.empty()) return by_picture(tools.index, request, config);
  const std::string query = text::nfc(text::repair_utf8(request.query));
  std::vector<stores::RankedList> lists;
  const stores::IndexCounts counts = tools.index.counts();
  if (counts.chunks == 0 || text::trim(query).empty()) return lists;
  if (config.lexical_weight > 0) {
    lists.push_back({"lexical", config.lexical_weight, tools.index.lexical(query, config.candidates, request.filter)});
  }
  std::vector<float> vector;
  const stores::QueryCentering centering = tools.index.query_centering();
  if (config.dense_weight > 0 && !by_words_alone(query, centering, config)) {
    auto embedded = embed_query(tools.embedder, query);
    if (embedded && !request.passages.empty()) embedded = with_passages(tools.embedder, *embedded, request.passages);
    if (!embedded) return tl::unexpected(std::move(embedded.error()));
    if (config.image_weight > 0 && counts.pictures > 0) {
      auto pictures = tools.index.pictures(*embedded, config.candidates, request.filter);
      if (!pictures) return tl::unexpected(std::move(pictures.error()));
      lists.push_back(picture_list(std::move(*pictures), config.image_weight));
    }
    vector = config.center_queries ? centered(*embedded, centering) : std::move(*embedded);
    auto hits = tools.index.dense(vector, config.candidates, request.filter);
    if (!hits) return tl::unexpected(std::move(hits.error()));
    lists.push_back({"dense", config.dense_weight, std::move(*hits), {}, -1});
  }
  std::erase_if(lists, [](const stores::RankedList& list) { return list.hits.empty(); });
  if (lists.size() < 2) return lists;
  // What only one of them found is judged by the others: a hole in a list says less than a low score.
  for (stores::RankedList& list : lists) {
    if (list.retriever == "lexical") list.others = tools.index.lexical_scores(query, lacking_in(list, lists));
    if (list.retriever != "dense") continue;
    auto others = tools.index.dense_scores(vector, lacking_in(list, lists));
    if (!others) return tl::unexpected(std::move(others.error()));
    list.others = std::move(*others);
  }
  return lists;
}

std::vector<Passage> fused_passages(stores::Index& index, const std::string& query,
                                    const std::vector<stores::RankedList>& lists, const RetrievalConfig& config) {
  const Candidates candidates = candidates_of(index, lists);
  std::vector<Passage> passages;
  for (const stores::FusedHit& hit : fused(index, query, lists, candidates, config)) {
    const auto outline = candidates.find(hit.chunk_id);
    if (outline == candidates.end()) continue;  // no longer there
    if (outline->second.weight <= 0) continue;  // a category that is not searched
    passages.push_back(make_passage(hit, outline->second, config));
  }
  add_page_evidence(passages, config.page_evidence);
  std::stable_sort(passages.begin(), passages.end(),
                   [](const Passage& a, const Passage& b) { return a.score > b.score; });
  passages = without_repetitions(index, std::move(passages));
  for (std::size_t i = 0; i < passages.size(); ++i) passages[i].fused_rank = static_cast<int>(i) + 1;
  return passages;
}

Result<Found> finish_search(const SearchTools& tools, const SearchRequest& request, const RetrievalConfig& config,
                            std::vector<Passage> passages) {
  const bool rerank = config.rerank != "off";
  if (rerank && tools.reranker == nullptr) {
    return fail(ErrorKind::usage, tr("The reranker '{}' was not started", config.rerank), "retrieval.rerank",
                tr("set retrieval.rerank in twin.yaml, then start again"));
  }
  Found found;
  found.fusion = config.fusion;
  found.words_alone = by_words_alone(request.query, tools.index.query_centering(), config);
  found.rerank.name = config.rerank;
  found.candidates = static_cast<int>(passages.size());
  const bool may_spread = config.max_per_document == 0 && config.spread_below > 0;
  Evidence evidence;
  if (may_spread || config.not_covered != "off") evidence = evidence_of(tools.index, request.query, passages);
  if (config.not_covered != "off") {
    found.coverage = decide(tools.answerability != nullptr ? *tools.answerability : uncalibrated(), evidence);
  }
  if (rerank) read_texts(tools.index, passages, static_cast<std::size_t>(config.rerank_candidates));
  if (rerank) found.rerank = rerank_passages(*tools.reranker, request.query, config, request.cancel, passages);
  const int k = request.k > 0 ? request.k : config.k;
  RetrievalConfig choice = config;
  // Where words do not say which passage is meant, several pages are a better answer than several passages of one.
  if (may_spread && evidence.coverage < config.spread_below) choice.max_per_document = 1;
  auto chosen = choose_passages(std::move(passages), k, choice, tools.index);
  read_texts(tools.index, chosen, chosen.size());
  found.passages = read_parents(tools.index, std::move(chosen));
  return found;
}

Result<Found> find_passages(const SearchTools& tools, const SearchRequest& request, const RetrievalConfig& config) {
  const RetrievalConfig wide = wide_enough(request.picture.empty() ? config : for_picture(config), request.k);
  const auto lists = retrieve(tools, request, wide);
  if (!lists) return tl::unexpected(lists.error());
  return finish_search(tools, request, wide, fused_passages(tools.index, request.query, *lists, wide));
}

Result<std::vector<Passage>> search(stores::Index& index, models::EmbeddingEngine& embedder, const std::string& query,
                                    int k, const RetrievalConfig& config, const stores::IndexFilter& filter) {
  RetrievalConfig plain = config;
  plain.rerank = "off";
  auto found = find_passages({index, embedder}, {query, k, filter, {}}, plain);
  if (!found) return tl::unexpected(std::move(found.error()));
  return std::move(found->passages);
}

}  // namespace twin::inference
