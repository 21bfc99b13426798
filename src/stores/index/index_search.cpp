// Lexical and dense search.
#include <algorithm>
#include <cmath>
#include <map>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "stores/index/sqlite_index.h"
#include "stores/index/tokenizer.h"

namespace twin::stores {
namespace {

using sqlite::Connection;
using sqlite::Query;
using namespace index_detail;

// A search that meets a writer at each of so many attempts takes the vectors of its own instant instead.
constexpr int kAttempts = 8;

std::vector<Hit> with_ids(PassageLookup&& lookup, const std::vector<ScoredPassage>& scored) {
  std::vector<Hit> hits;
  hits.reserve(scored.size());
  for (const auto& [chunk, score] : scored) {
    if (auto id = lookup.id_of(chunk)) hits.push_back({*std::move(id), score});
  }
  return hits;
}

// The same from memory; what else is asked of these passages is found by their keys.
std::vector<Hit> with_ids(const VectorSnapshot& vectors, PassageNotes& notes,
                          const std::vector<ScoredPassage>& scored) {
  std::vector<Hit> hits;
  hits.reserve(scored.size());
  std::vector<std::int64_t> keys;
  keys.reserve(scored.size());
  for (const auto& [chunk, score] : scored) {
    hits.push_back({std::string(vectors.id(chunk)), score});
    keys.push_back(chunk);
  }
  notes.add_keys(vectors.generation(), hits, keys);
  return hits;
}

// Of candidates, best first, those that may be among the best k by their 32-bit vectors, too.
void drop_hopeless(std::vector<Candidate>& candidates, std::size_t k, float query_scale) {
  if (candidates.size() <= k || k == 0) return;
  const auto doubt = [&](const Candidate& c) { return rounding_doubt(c.scale, query_scale); };
  float least = candidates[0].score;
  for (std::size_t i = 0; i < k; ++i) least = std::min(least, candidates[i].score - doubt(candidates[i]));
  std::erase_if(candidates, [&](const Candidate& c) { return c.score + doubt(c) < least; });
}

// In the order of the keys, as the vectors lie in the file.
std::vector<ScoredPassage> rescored(Connection& c, std::vector<Candidate> candidates, const std::vector<float>& query) {
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.chunk < b.chunk; });
  std::vector<ScoredPassage> scored;
  scored.reserve(candidates.size());
  Query row(c, "SELECT vector FROM vectors WHERE chunk = ?");
  for (const auto& candidate : candidates) {
    row.again();
    row.bind(candidate.chunk);
    if (row.step()) scored.push_back({candidate.chunk, dot(row.blob(0), query)});
  }
  return scored;
}

std::map<std::int64_t, std::string> keys_of(PassageLookup&& lookup, const std::vector<std::string>& chunk_ids) {
  std::map<std::int64_t, std::string> keys;
  for (const auto& id : chunk_ids) {
    if (const auto key = lookup.key_of(id)) keys.emplace(*key, id);
  }
  return keys;
}

std::vector<std::int64_t> keys_only(const std::map<std::int64_t, std::string>& keys) {
  std::vector<std::int64_t> out;
  out.reserve(keys.size());
  for (const auto& [key, id] : keys) out.push_back(key);
  return out;
}

}  // namespace

// Known ones, the rarest first; without those of no weight where there are others.
std::vector<WeightedTerm> SqliteIndex::terms_of(const WordSnapshot& words, const std::string& query) const {
  const auto clipped = text::clip(query, static_cast<std::size_t>(config_.max_query_bytes));
  const auto limit = static_cast<std::size_t>(config_.max_query_terms);
  std::vector<std::pair<std::string, WeightedTerm>> known;
  for (auto& text : query_tokens(clipped, tier_.kiwi)) {
    if (auto term = words.term(text); term.holding > 0) known.emplace_back(std::move(text), std::move(term));
  }
  std::sort(known.begin(), known.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second.holding, std::string_view(a.first)) <
           std::pair(b.second.holding, std::string_view(b.first));
  });
  std::vector<WeightedTerm> useful;
  for (auto& [text, term] : known) {
    if (useful.size() == limit || (term.holding > words.passages() / 2 && !useful.empty())) break;
    useful.push_back(std::move(term));
  }
  return useful;
}

template <class Snapshot, class Body>
std::invoke_result_t<Body, Connection&, const Snapshot&, int> SqliteIndex::with(SegmentCache<Snapshot>& cache,
                                                                                Body&& body) {
  using Found = std::optional<std::invoke_result_t<Body, Connection&, const Snapshot&, int>>;
  for (int attempt = 1;; ++attempt) {
    Found found = store_.read([&](Connection& c) -> Found {
      const Instant now = instant(c);
      check_tokenizer(now.tokenizer);
      auto snapshot = cache.at(c, now.generation);
      if (!snapshot && attempt < kAttempts) return std::nullopt;
      if (!snapshot) snapshot = cache.alone(c, now.generation);
      return body(c, *snapshot, now.dimension);
    });
    if (found) return *std::move(found);
  }
}

std::vector<Hit> SqliteIndex::lexical(const std::string& query, int k, const IndexFilter& filter) {
  if (k <= 0) return {};
  return with(words_, [&](Connection& c, const WordSnapshot& words, int) -> std::vector<Hit> {
    const auto terms = terms_of(words, query);
    if (terms.empty()) return {};
    const auto allowed = filter.empty() ? std::vector<KeyRange>() : filters_.passing(c, words.generation(), filter);
    const auto best = words.best(terms, static_cast<std::size_t>(k), filter.empty() ? nullptr : &allowed);
    return best_hits(with_ids({c, words.generation(), notes_}, best), k);
  });
}

Result<std::vector<Hit>> SqliteIndex::dense(const std::vector<float>& query, int k, const IndexFilter& filter) {
  const auto wanted = static_cast<std::size_t>(std::max(k, 0));
  const std::size_t count = std::max(wanted * static_cast<std::size_t>(config_.rescore_factor),
                                     static_cast<std::size_t>(config_.rescore_at_least));
  return with(vectors_, [&](Connection& c, const VectorSnapshot& vectors, int expected) -> Result<std::vector<Hit>> {
    if (expected == 0 || k <= 0) return std::vector<Hit>();
    if (auto fits = check_query(query, expected, location()); !fits) return tl::unexpected(fits.error());
    const auto allowed = filter.empty() ? std::vector<KeyRange>() : filters_.passing(c, vectors.generation(), filter);
    const QuantizedVector asked = quantize(query);
    auto candidates = vectors.nearest(asked, wanted, count, static_cast<std::size_t>(config_.graph_breadth),
                                      filter.empty() ? nullptr : &allowed);
    drop_hopeless(candidates, wanted, asked.scale);
    auto scored = rescored(c, std::move(candidates), query);
    keep_best(scored, wanted);
    return best_hits(with_ids(vectors, notes_, scored), k);
  });
}

Result<std::vector<Hit>> SqliteIndex::pictures(const std::vector<float>& query, int k, const IndexFilter& filter) {
  if (k <= 0) return std::vector<Hit>();
  return store_.read([&](Connection& c) -> Result<std::vector<Hit>> {
    const Instant now = instant(c);
    if (now.dimension == 0) return std::vector<Hit>();
    if (auto fits = check_query(query, now.dimension, location()); !fits) return tl::unexpected(fits.error());
    const auto allowed = filter.empty() ? std::vector<KeyRange>() : filters_.passing(c, now.generation, filter);
    const auto vectors = pictures_.at(c, now.generation);
    PassageLookup lookup(c, now.generation, notes_);
    std::vector<Hit> hits;
    for (auto& [chunk, score, source] :
         vectors->nearest(query, static_cast<std::size_t>(k), filter.empty() ? nullptr : &allowed)) {
      if (auto id = lookup.id_of(chunk)) hits.push_back({*std::move(id), score, std::move(source)});
    }
    return best_hits(std::move(hits), k);
  });
}

std::vector<Hit> SqliteIndex::lexical_scores(const std::string& query, const std::vector<std::string>& chunk_ids) {
  if (chunk_ids.empty()) return {};
  return with(words_, [&](Connection& c, const WordSnapshot& words, int) {
    const auto keys = keys_of({c, words.generation(), notes_}, chunk_ids);
    const auto scores = words.scores(terms_of(words, query), keys_only(keys));
    std::vector<Hit> hits;
    hits.reserve(keys.size());
    for (const auto& [key, id] : keys) hits.push_back({id, scores[hits.size()]});
    return hits;
  });
}

WordsHeld SqliteIndex::words_held(const std::string& text, const std::vector<std::string>& chunk_ids) {
  return with(words_, [&](Connection& c, const WordSnapshot& words, int) {
    std::vector<WeightedTerm> terms;
    const auto clipped = text::clip(text, static_cast<std::size_t>(config_.max_query_bytes));
    for (const std::string& token : query_tokens(clipped, tier_.kiwi)) terms.push_back(words.term(token));
    return WordsHeld{terms.size(), words.held(terms, keys_only(keys_of({c, words.generation(), notes_}, chunk_ids)))};
  });
}

Result<std::vector<Hit>> SqliteIndex::dense_scores(const std::vector<float>& query,
                                                   const std::vector<std::string>& chunk_ids) {
  if (chunk_ids.empty()) return std::vector<Hit>();
  return store_.read([&](Connection& c) -> Result<std::vector<Hit>> {
    if (auto fits = check_query(query, dimension(c), location()); !fits) return tl::unexpected(fits.error());
    std::vector<Hit> hits;
    Query row(c, "SELECT vector FROM vectors WHERE chunk = ?");
    for (const auto& [key, id] : keys_of({c, generation(c), notes_}, chunk_ids)) {
      row.again();
      row.bind(key);
      if (row.step()) hits.push_back({id, dot(row.blob(0), query)});
    }
    return hits;
  });
}

}  // namespace twin::stores
