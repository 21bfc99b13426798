// Hybrid search over the index.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "core/text/unicode.h"
#include "inference/rag/rag.h"
#include "stores/index/fusion.h"

namespace twin::inference {
namespace {

/// Two passages of one document that share more than this part of the shorter one say the same.
constexpr double max_overlap = 0.5;
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

/// Passages of a list that another one lacks.
std::vector<std::string> only_in(const stores::RankedList& list, const stores::RankedList& other) {
  std::set<std::string> known;
  for (const stores::Hit& hit : other.hits) known.insert(hit.chunk_id);
  std::vector<std::string> out;
  for (const stores::Hit& hit : list.hits) {
    if (!known.contains(hit.chunk_id)) out.push_back(hit.chunk_id);
  }
  return out;
}

Result<std::vector<stores::RankedList>> candidates(stores::Index& index, models::EmbeddingEngine& embedder,
                                                   const std::string& query, const RetrievalConfig& config,
                                                   const stores::IndexFilter& filter) {
  std::vector<stores::RankedList> lists;
  if (config.lexical_weight > 0) {
    lists.push_back({"lexical", config.lexical_weight, index.lexical(query, config.candidates, filter)});
  }
  std::vector<float> vector;
  if (config.dense_weight > 0) {
    auto embedded = embed_query(embedder, query);
    if (!embedded) return tl::unexpected(std::move(embedded.error()));
    vector = std::move(*embedded);
    auto hits = index.dense(vector, config.candidates, filter);
    if (!hits) return tl::unexpected(std::move(hits.error()));
    lists.push_back({"dense", config.dense_weight, std::move(*hits)});
  }
  if (lists.size() == 2 && !lists[0].hits.empty() && !lists[1].hits.empty()) {
    // What only one of the two found is judged by both: a hole in a list says less than a low score.
    stores::RankedList &lexical = lists[0], &dense = lists[1];
    lexical.others = index.lexical_scores(query, only_in(dense, lexical));
    auto others = index.dense_scores(vector, only_in(lexical, dense));
    if (!others) return tl::unexpected(std::move(others.error()));
    dense.others = std::move(*others);
  }
  std::erase_if(lists, [](const stores::RankedList& list) { return list.hits.empty(); });
  return lists;
}

PassagePlace parent_of(const stores::Chunk& chunk) {
  stores::Chunk above;
  const auto shared = std::min(chunk.headings.size(), static_cast<std::size_t>(std::max(0, chunk.parent.headings)));
  above.headings.assign(chunk.headings.begin(), chunk.headings.begin() + static_cast<std::ptrdiff_t>(shared));
  return {chunk.parent.start, chunk.parent.end, stores::heading_path(above)};
}

Passage make_passage(const stores::FusedHit& hit, stores::IndexedPassage&& found) {
  Passage passage;
  passage.score = hit.score + std::log(found.document.weight);
  passage.parts = hit.parts;
  passage.document_id = std::move(found.chunk.document_id);
  passage.url = std::move(found.document.url);
  passage.title = std::move(found.document.title);
  passage.heading = stores::heading_path(found.chunk);
  passage.parent = parent_of(found.chunk);
  passage.text = std::move(found.chunk.text);
  passage.start = found.chunk.start;
  passage.end = found.chunk.end;
  return passage;
}

/// The candidates with their texts, best first. A category of weight 0 is not searched.
std::vector<Passage> load_passages(stores::Index& index, const std::vector<stores::FusedHit>& hits) {
  std::map<std::string, const stores::FusedHit*> by_id;
  std::vector<std::string> ids;
  ids.reserve(hits.size());
  for (const stores::FusedHit& hit : hits) {
    by_id.emplace(hit.chunk_id, &hit);
    ids.push_back(hit.chunk_id);
  }
  std::vector<Passage> passages;
  for (stores::IndexedPassage& found : index.passages(ids)) {
    if (found.document.weight <= 0) continue;
    const stores::FusedHit& hit = *by_id.at(found.chunk.id);
    passages.push_back(make_passage(hit, std::move(found)));
  }
  std::stable_sort(passages.begin(), passages.end(),
                   [](const Passage& a, const Passage& b) { return a.score > b.score; });
  return passages;
}

bool repeats(const Passage& a, const Passage& b) {
  if (a.text == b.text) return true;
  if (a.document_id != b.document_id) return false;
  if (a.parent.end > 0 && a.parent.start == b.parent.start && a.parent.end == b.parent.end) return true;
  const std::size_t start = std::max(a.start, b.start);
  const std::size_t end = std::min(a.end, b.end);
  if (end <= start) return false;
  const std::size_t shorter = std::min(a.end - a.start, b.end - b.start);
  return static_cast<double>(end - start) > max_overlap * static_cast<double>(shorter);
}

std::vector<Passage> best_distinct(std::vector<Passage> passages, int k) {
  std::vector<Passage> kept;
  for (Passage& passage : passages) {
    if (static_cast<int>(kept.size()) >= k) break;
    const bool seen = std::any_of(kept.begin(), kept.end(), [&](const Passage& p) { return repeats(p, passage); });
    if (seen) continue;
    passage.rank = static_cast<int>(kept.size()) + 1;
    kept.push_back(std::move(passage));
  }
  return kept;
}

}  // namespace

Result<std::vector<Passage>> search(stores::Index& index, models::EmbeddingEngine& embedder, const std::string& query,
                                    int k, const RetrievalConfig& config, const stores::IndexFilter& filter) {
  const std::string clean = text::nfc(text::repair_utf8(query));
  if (k <= 0) k = config.k;
  if (text::trim(clean).empty() || index.counts().chunks == 0) return std::vector<Passage>{};
  RetrievalConfig wide = config;
  wide.candidates = std::max(config.candidates, k);
  auto lists = candidates(index, embedder, clean, wide, filter);
  if (!lists) return tl::unexpected(std::move(lists.error()));
  const auto hits = stores::fuse_zscore(*lists, 2 * wide.candidates);
  return read_parents(index, best_distinct(load_passages(index, hits), k));
}

}  // namespace twin::inference
