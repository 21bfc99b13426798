// Opening, the embedding model, counts and digest.
#include "stores/index/sqlite_index.h"

#include "core/hash.h"
#include "core/i18n.h"
#include "core/log.h"
#include "stores/index/fts5_tokenizer.h"
#include "stores/index/schema.h"
#include "stores/index/tokenizer.h"

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

std::int64_t generation(Connection& connection) {
  return std::stoll(meta(connection, "generation"));
}

int dimension(Connection& connection) {
  return std::stoi(meta(connection, "dimension"));
}

void next_generation(Connection& connection) {
  Query(connection, "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'").run();
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
  b.field("rescore_factor", rescore_factor, "Candidates per wanted hit that are rescored with full precision",
          {.min = 1, .max = 1000});
  b.field("rescore_at_least", rescore_at_least, "The fewest candidates that are rescored", {.min = 1, .max = 100'000});
  b.field("uri", uri,
          "qdrant://host:port/name of an index on a Qdrant server (qdrants:// with TLS; its key is the secret "
          "QDRANT_API_KEY); empty: SQLite in .twin/index",
          {.key_irrelevant = true});
  b.group("qdrant", qdrant, "The index on a Qdrant server");
}

SqliteIndex::SqliteIndex(const std::filesystem::path& folder, IndexConfig config, sqlite::Options options)
    : config_(std::move(config)),
      tier_(tokenizer_tier(config_.tokenizer)),
      store_(folder / "index.db", {{kIndexV1, kIndexV2}, tier_.kiwi ? &register_morphemes : &register_tokenizer},
             options) {
  use_tokenizer();
}

// The words of an index that another tokenizer, or another version of it, made are made again.
void SqliteIndex::use_tokenizer() {
  const std::string version = tier_.identity();
  if (store_.read([](Connection& c) { return meta(c, "tokenizer"); }) == version) return;
  store_.write([&](Connection& c) {
    if (meta(c, "tokenizer") == version) return;
    Query(c, "INSERT INTO passages(passages) VALUES('delete-all')").run();
    Query chunks(c,
                 "SELECT c.key, d.title, c.headings, c.retrieval FROM chunks c JOIN documents d ON d.key = c.document "
                 "ORDER BY c.key");
    while (chunks.step()) {
      change_words(c, Words::add, chunks.integer(0), chunks.text(1), chunks.text(2), chunks.text(3));
    }
    set_meta(c, "tokenizer", version);
  });
}

void SqliteIndex::check_tokenizer(Connection& c) const {
  const std::string made_with = meta(c, "tokenizer");
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
      Query(c, "INSERT INTO passages(passages) VALUES('delete-all')").run();
      Query(c, "DELETE FROM chunks").run();
      Query(c, "DELETE FROM documents").run();
    }
    set_meta(c, "model", embedding_model_hash);
    set_meta(c, "dimension", std::to_string(dimension));
    next_generation(c);
    return filled;
  });
}

IndexModel SqliteIndex::model() {
  return store_.read([](Connection& c) { return IndexModel{meta(c, "model"), index_detail::dimension(c)}; });
}

std::string SqliteIndex::location() const {
  return store_.file().string();
}

IndexCounts SqliteIndex::counts() {
  return store_.read([](Connection& c) {
    Query query(c,
                "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM chunks), (SELECT count(*) FROM codes)");
    query.step();
    return IndexCounts{query.integer(0), query.integer(1), query.integer(2), index_detail::dimension(c)};
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
    }
    return hash.hex();
  });
}

std::unique_ptr<Index> open_index(const std::filesystem::path& folder, const IndexConfig& config) {
  return std::make_unique<SqliteIndex>(folder, config);
}

}  // namespace twin::stores
