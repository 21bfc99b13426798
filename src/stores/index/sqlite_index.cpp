// Opening, the embedding model, counts and digest.
#include "stores/index/sqlite_index.h"

#include <nlohmann/json.hpp>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/log.h"
#include "stores/index/fts5_tokenizer.h"
#include "stores/index/schema.h"

namespace twin::stores {

using sqlite::Connection;
using sqlite::Query;

namespace index_detail {

std::string meta(Connection& connection, const std::string& key) {
  Query query(connection, "SELECT value FROM meta WHERE key = ?", key);
  return query.step() ? query.text(0) : std::string();
}

void set_meta(Connection& connection, const std::string& key, const std::string& value) {
  Query(connection, "INSERT INTO meta(key, value) VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value",
        key, value)
      .run();
}

Instant instant(Connection& connection) {
  Query query(connection,
              "SELECT t.value, g.value, d.value FROM meta t, meta g, meta d "
              "WHERE t.key = 'tokenizer' AND g.key = 'generation' AND d.key = 'dimension'");
  query.step();
  return {query.text(0), std::stoll(query.text(1)), std::stoi(query.text(2))};
}

std::int64_t generation(Connection& connection) {
  return std::stoll(meta(connection, "generation"));
}

int dimension(Connection& connection) {
  return std::stoi(meta(connection, "dimension"));
}

void next_generation(Connection& connection) {
  Query(connection, "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'").run();
}

void next_removal(Connection& connection) {
  Query(connection, "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'removals'").run();
}

}  // namespace index_detail

using namespace index_detail;

void IndexConfig::bind(config::Binder& b) {
  b.field(
      "tokenizer", tokenizer,
      "How Korean is cut into words: bigrams; morphemes (needs Kiwi: setup.sh kiwi); auto (morphemes where Kiwi is)",
      {.one_of = {"bigrams", "morphemes", "auto"}});
  b.field("heading_weight", heading_weight,
          "Weight of words in title and headings in lexical search, beside their text", {.min = 0, .max = 100});
  b.field("max_query_terms", max_query_terms, "Of a longer query the rarest terms are searched",
          {.min = 1, .max = 200});
  b.field("max_query_bytes", max_query_bytes, "Of a longer query the beginning is searched",
          {.min = 16, .max = 1 << 24});
  b.field("rescore_factor", rescore_factor, "Candidates per wanted hit that may be rescored with full precision",
          {.min = 1, .max = 1000});
  b.field("rescore_at_least", rescore_at_least, "The fewest candidates that may be rescored",
          {.min = 1, .max = 100'000});
  b.field("exact_up_to", exact_up_to,
          "Vectors that are compared one by one; more are searched by a graph of neighbours (HNSW)",
          {.min = 1, .max = 1 << 30});
  b.field("graph_links", graph_links, "Neighbours of a vector in the graph (M; twice as many in its lowest layer)",
          {.min = 4, .max = 128});
  b.field("graph_construction", graph_construction, "Candidates looked at for them when the graph is built",
          {.min = 8, .max = 4096});
  b.field("graph_breadth", graph_breadth, "Candidates that a search of the graph keeps, at least (ef)",
          {.min = 1, .max = 100'000});
  b.field("uri", uri,
          "qdrant://host:port/name of an index on a Qdrant server (qdrants:// with TLS; its key is the secret "
          "QDRANT_API_KEY); empty: SQLite in .twin/index",
          {.key_irrelevant = true});
  b.group("qdrant", qdrant, "The index on a Qdrant server");
}

namespace {

VectorSnapshot::Settings vector_settings(const IndexConfig& config) {
  const auto size = [](int value) { return static_cast<std::size_t>(value); };
  return {.exact_up_to = size(config.exact_up_to),
          .graph = {.from = size(config.exact_up_to),
                    .links = size(config.graph_links),
                    .construction = size(config.graph_construction)}};
}

}  // namespace

SqliteIndex::SqliteIndex(const std::filesystem::path& folder, IndexConfig config, sqlite::Options options)
    : config_(std::move(config)),
      tier_(tokenizer_tier(config_.tokenizer)),
      store_(folder / "index.db", {{kIndexV1, kIndexParents, kIndexWords, kIndexPictures}, &register_tokenizer},
             options),
      tokenizer_(tier_.kiwi),
      words_(folder / "words.cache", "words_cache", {.heading_weight = config_.heading_weight}),
      vectors_(folder / "vectors.cache", "vectors_cache", vector_settings(config_)) {
  use_tokenizer();
}

// The words of an index that another tokenizer, or another version of it, made are made again.
void SqliteIndex::use_tokenizer() {
  const std::string version = tier_.identity();
  if (store_.read([](Connection& c) { return meta(c, "tokenizer"); }) == version) return;
  store_.write([&](Connection& c) {
    if (meta(c, "tokenizer") == version) return;
    Query(c, "DELETE FROM words").run();
    Query chunks(c,
                 "SELECT c.key, d.title, c.headings, c.retrieval FROM chunks c JOIN documents d ON d.key = c.document "
                 "ORDER BY c.key");
    while (chunks.step()) {
      add_words(c, chunks.integer(0), chunks.text(1), Json::parse(chunks.text(2)).get<std::vector<std::string>>(),
                chunks.text(3));
    }
    set_meta(c, "tokenizer", version);
    set_meta(c, "words_cache", "");
  });
}

void SqliteIndex::check_tokenizer(Connection& c) const {
  check_tokenizer(meta(c, "tokenizer"));
}

void SqliteIndex::check_tokenizer(const std::string& made_with) const {
  if (made_with == tier_.identity()) return;
  throw Fatal(ErrorKind::invalid,
              tr("The index was made again with another tokenizer ({}, here {})", made_with, tier_.identity()),
              store_.file().string(), tr("start this program again, and give all the same index.tokenizer"));
}

bool SqliteIndex::use_model(const std::string& embedding_model_hash, int dimension) {
  check_dimension(dimension);
  return store_.write([&](Connection& c) {
    const bool same = meta(c, "model") == embedding_model_hash && index_detail::dimension(c) == dimension;
    if (same) return false;
    Query any(c, "SELECT 1 FROM documents LIMIT 1");
    const bool filled = any.step();
    if (filled) {
      log::info("The embedding model changed: the index is made again");
      Query(c, "DELETE FROM chunks").run();
      Query(c, "DELETE FROM documents").run();
      next_removal(c);
    }
    set_meta(c, "model", embedding_model_hash);
    set_meta(c, "dimension", std::to_string(dimension));
    set_meta(c, "centering", "");
    next_generation(c);
    return filled;
  });
}

// A file is whole before the database names it: killed in between, the next search makes what it holds in memory.
void SqliteIndex::settle() {
  const auto save = [&](auto& cache) {
    const auto saved = store_.read([&](Connection& c) { return cache.save(c, generation(c)); });
    if (saved) store_.write([&](Connection& c) { set_meta(c, cache.remembered(), *saved); });
  };
  save(words_);
  save(vectors_);
}

IndexModel SqliteIndex::model() {
  return store_.read([](Connection& c) { return IndexModel{meta(c, "model"), index_detail::dimension(c)}; });
}

void SqliteIndex::set_query_centering(const QueryCentering& centering) {
  store_.write([&](Connection& c) { set_meta(c, "centering", to_text(centering)); });
}

QueryCentering SqliteIndex::query_centering() {
  return store_.read([&](Connection& c) {
    std::string text = meta(c, "centering");
    const std::lock_guard lock(centering_lock_);
    if (centering_.first != text) centering_ = {text, centering_from(text, index_detail::dimension(c))};
    return centering_.second;
  });
}

std::string SqliteIndex::location() const {
  return store_.file().string();
}

// What has to be read for it is half of a search at 100,000 passages: counted once for each change.
IndexCounts SqliteIndex::counts() {
  return store_.read([&](Connection& c) {
    const std::int64_t now = generation(c);
    const std::lock_guard lock(counting_);
    if (counts_ && counts_->first == now) return counts_->second;
    Query query(c,
                "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM chunks), (SELECT count(*) FROM codes), "
                "(SELECT count(*) FROM pictures)");
    query.step();
    const IndexCounts counts{query.integer(0), query.integer(1), query.integer(2), index_detail::dimension(c),
                             query.integer(3)};
    if (!counts_ || counts_->first < now) counts_ = {now, counts};
    return counts;
  });
}

std::string SqliteIndex::digest() {
  return store_.read([](Connection& c) {
    Sha256 hash;
    Query documents(c, "SELECT key, id, feature_key FROM documents ORDER BY id");
    while (documents.step()) {
      hash.field(documents.text(1)).field(documents.text(2));
      Query chunks(c,
                   "SELECT c.id, v.codes FROM chunks c JOIN codes v ON v.chunk = c.key WHERE c.document = ? "
                   "ORDER BY c.position",
                   documents.integer(0));
      while (chunks.step()) hash.field(chunks.text(0)).field(chunks.text(1));
      for (const IndexedPicture& picture : index_detail::pictures_of(c, documents.integer(0))) {
        index_detail::add_to_digest(hash, picture);
      }
    }
    return hash.hex();
  });
}

std::unique_ptr<Index> open_index(const std::filesystem::path& folder, const IndexConfig& config) {
  return std::make_unique<SqliteIndex>(folder, config);
}

}  // namespace twin::stores
