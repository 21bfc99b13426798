// The index in one SQLite file. Opened by open_index(); this header is for its own .cpp files and tests.
#pragma once

#include "stores/index/index.h"
#include "stores/index/rules.h"
#include "stores/index/tokenizer_tier.h"
#include "stores/index/vector_snapshot.h"
#include "stores/sqlite/store.h"

namespace twin::stores {

/// Vectors are searched exactly, by scanning them as bytes and rescoring the best by their 32-bit floats; an HNSW graph
/// for indexes above a measured size is to come.
class SqliteIndex final : public Index {
 public:
  explicit SqliteIndex(const std::filesystem::path& folder, IndexConfig config = {}, sqlite::Options options = {});

  [[nodiscard]] Result<void> replace(const IndexedDocument& document, const std::vector<Chunk>& chunks,
                                     const std::vector<std::vector<float>>& vectors) override;
  void remove(const std::string& document_id) override;
  bool use_model(const std::string& embedding_model_hash, int dimension) override;
  IndexModel model() override;

  std::optional<IndexedDocument> document(const std::string& id) override;
  std::vector<std::pair<std::string, std::string>> document_keys() override;
  std::vector<IndexedPassage> passages(const std::vector<std::string>& chunk_ids) override;
  std::map<std::string, std::vector<float>> vectors(const std::vector<std::string>& chunk_ids) override;
  void each_chunk(const std::function<bool(Chunk&&)>& visit) override;
  void each_entry(const std::function<bool(IndexEntry&&)>& visit) override;

  std::vector<Hit> lexical(const std::string& query, int k, const IndexFilter& filter) override;
  [[nodiscard]] Result<std::vector<Hit>> dense(const std::vector<float>& query, int k,
                                               const IndexFilter& filter) override;
  std::vector<Hit> lexical_scores(const std::string& query, const std::vector<std::string>& chunk_ids) override;
  [[nodiscard]] Result<std::vector<Hit>> dense_scores(const std::vector<float>& query,
                                                      const std::vector<std::string>& chunk_ids) override;

  IndexCounts counts() override;
  std::string digest() override;
  [[nodiscard]] std::string location() const override;

 private:
  void use_tokenizer();
  /// Throws Fatal when another process has made the words again with another tokenizer since this one opened.
  void check_tokenizer(sqlite::Connection& connection) const;
  /// The terms of a query that are worth searching for.
  [[nodiscard]] std::vector<std::string> terms_of(sqlite::Connection& connection, const std::string& query) const;

  IndexConfig config_;
  TokenizerTier tier_;
  sqlite::Store store_;
  VectorCache vectors_;
};

/// Parts of the implementation that more than one of its .cpp files need. All run inside a transaction.
namespace index_detail {

[[nodiscard]] std::string meta(sqlite::Connection& connection, const std::string& key);
void set_meta(sqlite::Connection& connection, const std::string& key, const std::string& value);
[[nodiscard]] std::int64_t generation(sqlite::Connection& connection);
[[nodiscard]] int dimension(sqlite::Connection& connection);
/// To be called in each transaction that changes chunks.
void next_generation(sqlite::Connection& connection);

/// Adds the words of one chunk, or takes them away: then everything must be as it was when added.
enum class Words { add, take_away };
void change_words(sqlite::Connection& connection, Words what, std::int64_t chunk, const std::string& title,
                  const std::string& headings_json, const std::string& retrieval);

/// Keys of the chunks that pass a filter that is not empty, ascending.
[[nodiscard]] std::vector<std::int64_t> filtered_chunks(sqlite::Connection& connection, const IndexFilter& filter);

}  // namespace index_detail
}  // namespace twin::stores
