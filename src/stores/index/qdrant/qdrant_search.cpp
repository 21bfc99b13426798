// Lexical and dense search.
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "stores/index/qdrant/qdrant_index.h"
#include "stores/index/qdrant/words.h"
#include "stores/index/rules.h"

namespace twin::stores::qdrant {
namespace {

constexpr int kSearchAttempts = 8;  // of a search whose documents are changed meanwhile
constexpr int kMostTied = 10'000;   // passages of equal score at the end of a list that ids decide about
constexpr std::size_t kLookUpsAtOnce = 256;

struct KnownTerm {
  double server_idf = 0;
  std::string text;
  std::uint32_t number = 0;
};

Json must_of(const IndexFilter& filter) {
  Json must = Json::array();
  const auto where = [&](const char* key, const std::vector<std::string>& wanted) {
    if (!wanted.empty()) must.push_back(matches_any(key, wanted));
  };
  where("category", filter.categories);
  where("source", filter.sources);
  where("language", filter.languages);
  where("document", filter.document_ids);
  where("authors", filter.author_ids);
  if (filter.published_from > 0 || filter.published_before > 0) {
    Json range = {{"gte", std::max<UnixMillis>(filter.published_from, 1)}};  // unknown dates are 0
    if (filter.published_before > 0) range["lt"] = filter.published_before;
    must.push_back({{"key", "published"}, {"range", range}});
  }
  return must;
}

/// The value of one dimension of a sparse vector as the server gives it.
double value_at(const Json& sparse, std::uint32_t number) {
  const Json& indices = sparse.at("indices");
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (indices[i].get<std::uint32_t>() == number) return sparse.at("values")[i].get<double>();
  }
  return 0;
}

/// The rarest terms; without those of no weight where there are others.
std::vector<KnownTerm> useful_terms(std::vector<KnownTerm> known, std::size_t limit) {
  constexpr double kSteps = 1e5;  // finer differences are rounding
  std::sort(known.begin(), known.end(), [](const KnownTerm& a, const KnownTerm& b) {
    const auto left = std::llround(a.server_idf * kSteps), right = std::llround(b.server_idf * kSteps);
    return left != right ? left > right : a.text < b.text;
  });
  std::vector<KnownTerm> useful;
  for (KnownTerm& term : known) {
    if (useful.size() == limit || (is_frequent(term.server_idf) && !useful.empty())) break;
    useful.push_back(std::move(term));
  }
  return useful;
}

}  // namespace

// The idf that the server gives a term is read off the score of the one passage that it suits best: one small search
// for each term, many in one request.
Json QdrantIndex::lexical_query(const std::string& text, const std::set<std::uint32_t>& without) {
  const auto meta = read_meta();
  if (!meta || meta->chunks == 0) return nullptr;
  check_words(*meta);
  const auto clipped = text::clip(text, static_cast<std::size_t>(config_.max_query_bytes));
  auto terms = query_tokens(clipped, tier_.kiwi);
  std::erase_if(terms, [&](const std::string& term) { return without.contains(term_number(term)); });
  if (terms.size() > static_cast<std::size_t>(config_.qdrant.max_looked_up_terms)) {
    terms.resize(static_cast<std::size_t>(config_.qdrant.max_looked_up_terms));
  }
  std::vector<KnownTerm> known;
  for (std::size_t begin = 0; begin < terms.size(); begin += kLookUpsAtOnce) {
    const std::size_t end = std::min(begin + kLookUpsAtOnce, terms.size());
    Json searches = Json::array();
    for (std::size_t i = begin; i < end; ++i) {
      searches.push_back({{"query", {{"indices", {term_number(terms[i])}}, {"values", {1.0}}}},
                          {"using", "bm25"},
                          {"limit", 1},
                          {"with_vector", {"bm25"}}});
    }
    const auto result =
        client_.call("POST", collection_.path("/points/query/batch"), body_of({{"searches", searches}}));
    if (!result) return nullptr;
    for (std::size_t i = begin; i < end; ++i) {
      const Json& points = result->at(i - begin).at("points");
      if (points.empty()) continue;
      KnownTerm term{0, terms[i], term_number(terms[i])};
      const double weight = value_at(points.front().at("vector").at("bm25"), term.number);
      if (weight <= 0) continue;
      term.server_idf = points.front().at("score").get<double>() / weight;
      known.push_back(std::move(term));
    }
  }
  std::map<std::uint32_t, double> weights;
  for (const auto& term : useful_terms(std::move(known), static_cast<std::size_t>(config_.max_query_terms))) {
    weights[term.number] = idf_of(term.server_idf) / term.server_idf;
  }
  if (weights.empty()) return nullptr;
  Json indices = Json::array(), values = Json::array();
  for (const auto& [number, weight] : weights) {
    indices.push_back(number);
    values.push_back(weight);
  }
  return {{"query", {{"indices", indices}, {"values", values}}}, {"using", "bm25"}};
}

Result<Json> QdrantIndex::dense_query(const std::vector<float>& query, bool exact, int k) {
  if (dimension_ == 0 || query.size() != static_cast<std::size_t>(dimension_.load())) read_meta();
  if (dimension_ == 0) return Json(nullptr);
  if (auto fits = index_detail::check_query(query, dimension_, location()); !fits) {
    return tl::unexpected(std::move(fits.error()));
  }
  Json params;
  if (exact) {
    params = {{"exact", true}};
  } else {
    const double factor = std::max<double>(config_.rescore_factor, double(config_.rescore_at_least) / std::max(k, 1));
    params = {{"hnsw_ef", config_.qdrant.search_width},
              {"quantization", {{"rescore", true}, {"oversampling", factor}}}};
  }
  return Json{{"query", query}, {"using", "dense"}, {"params", params}};
}

QdrantIndex::Page QdrantIndex::nearest(const Json& query, const Json& must, const std::set<std::string>& dead,
                                       int k) const {
  Json request = query;
  request["with_payload"] = {"chunk", "document", "generation"};
  request["filter"] = {{"must", must}};
  if (!dead.empty()) request["filter"]["must_not"] = {{{"has_id", dead}}};
  const auto wanted = static_cast<std::size_t>(k);
  for (std::size_t limit = wanted + 1;; limit = 2 * limit + 64) {
    request["limit"] = limit;
    const auto result = client_.call("POST", collection_.path("/points/query"), body_of(request));
    if (!result) return {{}, true};
    Page page;
    for (const auto& point : result->at("points")) {
      const Json& payload = point.at("payload");
      page.found.push_back({point.at("id").get<std::string>(), payload.at("chunk").get<std::string>(),
                            payload.at("document").get<std::string>(), payload.at("generation").get<std::string>(),
                            point.at("score").get<double>()});
    }
    page.all = page.found.size() < limit;
    const bool tied = !page.all && page.found.back().score == page.found[wanted - 1].score;
    if (!tied || limit > wanted + kMostTied) return page;
  }
}

QdrantIndex::States QdrantIndex::states_of(const std::vector<Found>& found) const {
  std::set<std::string> ids;
  for (const Found& f : found) ids.insert(f.document);
  States states;
  for (const auto& [id, payload] :
       documents({ids.begin(), ids.end()}, {"id", "generation", "sequence", "chunks", "tokens"})) {
    states.emplace(id, state_of(payload));
  }
  return states;
}

// See QdrantIndex: a passage counts when its document names its generation, and did so before the search began. First
// all documents but those that are seen to change meanwhile; then those, each as soon as it stands still for a search.
// What changes faster than that is left out, as a whole.
std::vector<Hit> QdrantIndex::search(const Json& query, const Json& must, int k) {
  std::set<std::string> dead;       // points of a generation that is no longer, or not yet, its document's
  std::set<std::string> unsettled;  // documents
  std::vector<Hit> hits;
  bool again = true;
  for (int attempt = 1; again && attempt <= kSearchAttempts; ++attempt) {
    const std::int64_t known = known_sequence_;
    Json others = must;
    if (!unsettled.empty())
      others.push_back({{"must_not", Json::array({matches_any("document", {unsettled.begin(), unsettled.end()})})}});
    const Page page = nearest(query, others, dead, k);
    const States states = states_of(page.found);
    hits.clear();
    again = false;
    for (const Found& found : page.found) {
      const auto state = states.find(found.document);
      if (state != states.end() && state->second.sequence > known) {
        unsettled.insert(found.document);
        again = true;
      } else if (state == states.end() || state->second.generation != found.generation) {
        dead.insert(found.point);
        again |= !page.all;
      } else {
        hits.push_back({found.chunk, found.score});
      }
    }
    if (again) read_meta();
  }
  for (int attempt = 1; !unsettled.empty() && attempt <= kSearchAttempts; ++attempt) {
    read_meta();
    const std::int64_t known = known_sequence_;
    const std::vector<std::string> ids(unsettled.begin(), unsettled.end());
    Json these = must;
    these.push_back(matches_any("document", ids));
    const Page page = nearest(query, these, dead, k);
    const auto payloads = documents(ids, {"id", "generation", "sequence", "chunks", "tokens"});
    std::set<std::string> moving;
    for (const auto& [id, payload] : payloads) {
      if (state_of(payload).sequence > known) moving.insert(id);
    }
    for (const Found& found : page.found) {
      const auto payload = payloads.find(found.document);
      if (payload != payloads.end() && state_of(payload->second).generation == found.generation) continue;
      if (moving.contains(found.document)) continue;
      dead.insert(found.point);
      if (!page.all) moving.insert(found.document);  // it may have kept another passage of the document out
    }
    for (const Found& found : page.found) {
      if (!moving.contains(found.document) && !dead.contains(found.point)) hits.push_back({found.chunk, found.score});
    }
    unsettled = std::move(moving);
  }
  return index_detail::best_hits(std::move(hits), k);
}

std::vector<Hit> QdrantIndex::lexical(const std::string& query, int k, const IndexFilter& filter) {
  if (k <= 0) return {};
  const Json must = must_of(filter);
  std::set<std::uint32_t> gone;
  for (int attempt = 1;; ++attempt) {
    const Json sparse = lexical_query(query, gone);
    if (sparse.is_null()) return {};
    auto hits = search(sparse, must, k);
    if (!hits.empty() || attempt == kSearchAttempts) return hits;
    // Where no filter keeps them out, only passages that nobody may see hold these terms: they must not make the others
    // unnecessary.
    if (!must.empty() && !search(sparse, Json::array(), 1).empty()) return hits;
    for (const Json& number : sparse.at("query").at("indices")) gone.insert(number.get<std::uint32_t>());
  }
}

Result<std::vector<Hit>> QdrantIndex::dense(const std::vector<float>& query, int k, const IndexFilter& filter) {
  if (k <= 0) return std::vector<Hit>();
  const auto request = dense_query(query, config_.qdrant.exact, k);
  if (!request) return tl::unexpected(request.error());
  if (request->is_null()) return std::vector<Hit>();
  return search(*request, must_of(filter), k);
}

Result<std::vector<Hit>> QdrantIndex::pictures(const std::vector<float>& query, int k, const IndexFilter& filter) {
  if (k <= 0) return std::vector<Hit>();
  auto request = dense_query(query, true, k);
  if (!request) return tl::unexpected(request.error());
  // A collection that was made before there were pictures knows no such vectors.
  if (request->is_null() || counts().pictures == 0) return std::vector<Hit>();
  (*request)["using"] = "pictures";
  std::vector<Hit> hits = search(*request, must_of(filter), k);
  name_pictures(query, hits);
  return hits;
}

void QdrantIndex::name_pictures(const std::vector<float>& query, std::vector<Hit>& hits) const {
  if (hits.empty()) return;
  std::vector<std::string> ids;
  for (const Hit& hit : hits) ids.push_back(hit.chunk_id);
  std::map<std::string, std::pair<double, std::string>> nearest;  // by chunk
  scroll({{"filter", {{"must", {matches_any("chunk", ids)}}}},
          {"with_payload", Json{"chunk", "pictures"}},
          {"with_vector", Json::array({"pictures"})}},
         [&](const Json& points) {
           for (const auto& point : points) {
             auto& best = nearest[point.at("payload").at("chunk").get<std::string>()];
             for (const IndexedPicture& picture :
                  pictures_of(point.at("payload"), point.at("vector").value("pictures", Json()), 0)) {
               const double score = index_detail::dot(std::as_bytes(std::span(picture.vector)), query);
               if (best.second.empty() || score > best.first) best = {score, picture.source};
             }
           }
           return true;
         });
  for (Hit& hit : hits) hit.picture = nearest[hit.chunk_id].second;
}

std::vector<Hit> QdrantIndex::lexical_scores(const std::string& query, const std::vector<std::string>& chunk_ids) {
  if (chunk_ids.empty()) return {};
  const Json must = {matches_any("chunk", chunk_ids)};
  // Without a query all that are there are found, with the score 1.
  std::map<std::string, double> scores;
  for (const Hit& hit : search(Json::object(), must, static_cast<int>(chunk_ids.size()))) scores[hit.chunk_id] = 0;
  if (const Json sparse = lexical_query(query); !sparse.is_null()) {
    for (const Hit& hit : search(sparse, must, static_cast<int>(chunk_ids.size()))) scores[hit.chunk_id] = hit.score;
  }
  std::vector<Hit> hits;
  hits.reserve(scores.size());
  for (const auto& [id, score] : scores) hits.push_back({id, score});
  return hits;
}

WordsHeld QdrantIndex::words_held(const std::string& text, const std::vector<std::string>& chunk_ids) {
  const auto tokens = query_tokens(text::clip(text, static_cast<std::size_t>(config_.max_query_bytes)), tier_.kiwi);
  WordsHeld words{tokens.size(), {}};
  std::set<std::string> seen;  // of a passage in two generations, either has its words
  if (chunk_ids.empty()) return words;
  scroll({{"filter", {{"must", {matches_any("chunk", chunk_ids)}}}},
          {"with_payload", Json{"chunk"}},
          {"with_vector", Json::array({"bm25"})}},
         [&](const Json& points) {
           for (const auto& point : points) {
             if (!seen.insert(point.at("payload").at("chunk").get<std::string>()).second) continue;
             const auto numbers = point.at("vector").at("bm25").at("indices").get<std::set<std::uint32_t>>();
             auto& held = words.held.emplace_back();
             for (const std::string& token : tokens) held.push_back(numbers.contains(term_number(token)));
           }
           return true;
         });
  return words;
}

Result<std::vector<Hit>> QdrantIndex::dense_scores(const std::vector<float>& query,
                                                   const std::vector<std::string>& chunk_ids) {
  if (chunk_ids.empty()) return std::vector<Hit>();
  const auto request = dense_query(query, true, static_cast<int>(chunk_ids.size()));
  if (!request) return tl::unexpected(request.error());
  if (request->is_null()) return std::vector<Hit>();
  return search(*request, {matches_any("chunk", chunk_ids)}, static_cast<int>(chunk_ids.size()));
}

}  // namespace twin::stores::qdrant
