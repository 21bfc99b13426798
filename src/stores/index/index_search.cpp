// Lexical and dense search.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "stores/index/fts5_tokenizer.h"
#include "stores/index/sqlite_index.h"
#include "stores/index/tokenizer.h"

namespace twin::stores {
namespace {

using sqlite::Connection;
using sqlite::Query;
using namespace index_detail;

// A search that meets a writer at each of so many attempts takes the vectors of its own instant instead.
constexpr int kAttempts = 8;

struct Scored {
  std::int64_t chunk = 0;
  double score = 0;
};

std::int64_t passages_with(Connection& c, const std::string& term) {
  Query query(c, "SELECT doc FROM terms WHERE term = ?", term);
  return query.step() ? query.integer(0) : 0;
}

// The terms worth searching for: known ones, the rarest first; without those of no weight where there are others.
std::vector<std::string> useful_terms(Connection& c, const std::vector<std::string>& terms, std::size_t limit) {
  Query count(c, "SELECT count(*) FROM chunks");
  count.step();
  const std::int64_t half = count.integer(0) / 2;
  std::vector<std::pair<std::int64_t, std::string>> known;
  for (const auto& term : terms) {
    if (const auto passages = passages_with(c, term); passages > 0) known.emplace_back(passages, term);
  }
  std::sort(known.begin(), known.end());
  std::vector<std::string> useful;
  for (auto& [passages, term] : known) {
    if (useful.size() == limit || (passages > half && !useful.empty())) break;
    useful.push_back(std::move(term));
  }
  return useful;
}

// The best k and everything that ties with the last of them: ids decide about ties, and are read later.
std::vector<Scored> best_with_ties(std::vector<Scored> all, std::size_t k) {
  if (all.size() <= k) return all;
  const auto last = all.begin() + static_cast<std::ptrdiff_t>(k) - 1;
  std::nth_element(all.begin(), last, all.end(), [](const Scored& a, const Scored& b) { return a.score > b.score; });
  const double threshold = last->score;
  std::erase_if(all, [&](const Scored& s) { return s.score < threshold; });
  return all;
}

std::vector<Hit> with_ids(Connection& c, const std::vector<Scored>& scored) {
  std::vector<Hit> hits;
  for (const auto& [chunk, score] : scored) {
    Query query(c, "SELECT id FROM chunks WHERE key = ?", chunk);
    if (query.step()) hits.push_back({query.text(0), score});
  }
  return hits;
}

double dot(Query::Blob stored, const std::vector<float>& query) {
  if (stored.size() != query.size() * sizeof(float)) return -1;
  double sum = 0;
  for (std::size_t i = 0; i < query.size(); ++i) {
    float x = 0;
    std::memcpy(&x, stored.data() + i * sizeof x, sizeof x);
    sum += double{x} * double{query[i]};
  }
  return sum;
}

std::vector<Hit> rescored(Connection& c, const std::vector<VectorSnapshot::Candidate>& candidates,
                          const std::vector<float>& query) {
  std::vector<Hit> hits;
  for (const auto& candidate : candidates) {
    Query row(c, "SELECT c.id, v.vector FROM vectors v JOIN chunks c ON c.key = v.chunk WHERE v.chunk = ?",
              candidate.chunk);
    if (row.step()) hits.push_back({row.text(0), dot(row.blob(1), query)});
  }
  return hits;
}

std::map<std::int64_t, std::string> keys_of(Connection& c, const std::vector<std::string>& chunk_ids) {
  std::map<std::int64_t, std::string> keys;
  for (const auto& id : chunk_ids) {
    Query query(c, "SELECT key FROM chunks WHERE id = ?", id);
    if (query.step()) keys.emplace(query.integer(0), id);
  }
  return keys;
}

std::vector<std::int64_t> keys_only(const std::map<std::int64_t, std::string>& keys) {
  std::vector<std::int64_t> out;
  out.reserve(keys.size());
  for (const auto& [key, id] : keys) out.push_back(key);
  return out;
}

std::string list(const std::vector<std::string>& values) {
  return Json(values).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::vector<std::int64_t> index_detail::filtered_chunks(Connection& connection, const IndexFilter& filter) {
  std::string sql = "SELECT c.key FROM documents d JOIN chunks c ON c.document = d.key WHERE 1";
  std::vector<std::string> values;
  const auto where = [&](const char* condition, const std::vector<std::string>& wanted) {
    if (wanted.empty()) return;
    sql += condition;
    values.push_back(list(wanted));
  };
  where(" AND d.category IN (SELECT value FROM json_each(?))", filter.categories);
  where(" AND d.source IN (SELECT value FROM json_each(?))", filter.sources);
  where(" AND d.language IN (SELECT value FROM json_each(?))", filter.languages);
  where(" AND d.id IN (SELECT value FROM json_each(?))", filter.document_ids);
  where(" AND d.key IN (SELECT document FROM document_authors WHERE author IN (SELECT value FROM json_each(?)))",
        filter.author_ids);
  // Unknown dates are 0: a bound below keeps them out by itself, a bound above does not.
  if (filter.published_from > 0) sql += fmt::format(" AND d.published >= {}", filter.published_from);
  if (filter.published_before > 0) sql += fmt::format(" AND d.published BETWEEN 1 AND {}", filter.published_before - 1);
  std::vector<std::int64_t> keys;
  Query query(connection, sql, values);
  while (query.step()) keys.push_back(query.integer(0));
  std::sort(keys.begin(), keys.end());
  return keys;
}

std::vector<std::string> SqliteIndex::terms_of(Connection& c, const std::string& query) const {
  check_tokenizer(c);
  const auto clipped = text::clip(query, static_cast<std::size_t>(config_.max_query_bytes));
  return useful_terms(c, query_tokens(clipped, tier_.kiwi), static_cast<std::size_t>(config_.max_query_terms));
}

std::vector<Hit> SqliteIndex::lexical(const std::string& query, int k, const IndexFilter& filter) {
  if (k <= 0) return {};
  return store_.read([&](Connection& c) -> std::vector<Hit> {
    const auto terms = terms_of(c, query);
    if (terms.empty()) return {};
    const bool all = filter.empty();
    const auto allowed = all ? std::vector<std::int64_t>() : filtered_chunks(c, filter);
    std::vector<Scored> scored;
    Query passages(c, "SELECT rowid, bm25(passages, ?, 1.0) FROM passages WHERE passages MATCH ?",
                   config_.heading_weight, match_any(terms));
    while (passages.step()) {
      const auto chunk = passages.integer(0);
      if (!all && !std::binary_search(allowed.begin(), allowed.end(), chunk)) continue;
      scored.push_back({chunk, -passages.real(1)});
    }
    return best_hits(with_ids(c, best_with_ties(std::move(scored), static_cast<std::size_t>(k))), k);
  });
}

Result<std::vector<Hit>> SqliteIndex::dense(const std::vector<float>& query, int k, const IndexFilter& filter) {
  using Found = std::optional<Result<std::vector<Hit>>>;
  const auto wanted = static_cast<std::size_t>(std::max(k, 0));
  const std::size_t count = std::max(wanted * static_cast<std::size_t>(config_.rescore_factor),
                                     static_cast<std::size_t>(config_.rescore_at_least));
  for (int attempt = 1;; ++attempt) {
    Found found = store_.read([&](Connection& c) -> Found {
      const int expected = dimension(c);
      if (expected == 0 || k <= 0) return std::vector<Hit>();
      if (auto fits = check_query(query, expected, location()); !fits)
        return Result<std::vector<Hit>>(tl::unexpected(fits.error()));
      auto snapshot = vectors_.at(c, generation(c), query.size());
      if (!snapshot && attempt < kAttempts) return std::nullopt;
      if (!snapshot) snapshot = std::make_shared<const VectorSnapshot>(c, generation(c), query.size(), nullptr);
      const auto rows = filter.empty() ? snapshot->all() : snapshot->rows_of(filtered_chunks(c, filter));
      return best_hits(rescored(c, snapshot->nearest(quantize(query), count, rows), query), k);
    });
    if (found) return *std::move(found);
  }
}

std::vector<Hit> SqliteIndex::lexical_scores(const std::string& query, const std::vector<std::string>& chunk_ids) {
  if (chunk_ids.empty()) return {};
  return store_.read([&](Connection& c) {
    const auto keys = keys_of(c, chunk_ids);
    std::map<std::int64_t, double> scores;
    if (const auto terms = terms_of(c, query); !terms.empty()) {
      // "+" keeps SQLite from seeking each row, for which FTS5 would count the words of the whole index again.
      Query passages(c,
                     "SELECT rowid, bm25(passages, ?, 1.0) FROM passages WHERE passages MATCH ? "
                     "AND +rowid IN (SELECT value FROM json_each(?))",
                     config_.heading_weight, match_any(terms), Json(keys_only(keys)).dump());
      while (passages.step()) scores[passages.integer(0)] = -passages.real(1);
    }
    std::vector<Hit> hits;
    hits.reserve(keys.size());
    for (const auto& [key, id] : keys) hits.push_back({id, scores[key]});
    return hits;
  });
}

Result<std::vector<Hit>> SqliteIndex::dense_scores(const std::vector<float>& query,
                                                   const std::vector<std::string>& chunk_ids) {
  if (chunk_ids.empty()) return std::vector<Hit>();
  return store_.read([&](Connection& c) -> Result<std::vector<Hit>> {
    if (auto fits = check_query(query, dimension(c), location()); !fits) return tl::unexpected(fits.error());
    std::vector<Hit> hits;
    for (const auto& id : chunk_ids) {
      Query row(c, "SELECT v.vector FROM chunks c JOIN vectors v ON v.chunk = c.key WHERE c.id = ?", id);
      if (row.step()) hits.push_back({id, dot(row.blob(0), query)});
    }
    return hits;
  });
}

}  // namespace twin::stores
