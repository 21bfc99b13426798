// The index in one SQLite file. Opened by open_index(); this header is for its own .cpp files and tests.
#pragma once

#include "stores/index/filter_table.h"
#include "stores/index/index.h"
#include "stores/index/passage_notes.h"
#include "stores/index/picture_vectors.h"
#include "stores/index/rules.h"
#include "stores/index/tokenizer.h"
#include "stores/index/tokenizer_tier.h"
#include "stores/index/vectors/vector_snapshot.h"
#include "stores/index/words/word_snapshot.h"
#include "stores/sqlite/store.h"

namespace twin::stores {

/// The database holds everything. What is searched lies in memory: words as an inverted index, vectors as bytes, and
/// for indexes above a measured size a graph of neighbours; files beside the database keep them for the next start, and
/// are made again whenever they do not fit it. The best vectors are rescored by their 32-bit floats.
class SqliteIndex final : public Index {
 public:
  explicit SqliteIndex(const std::filesystem::path& folder, IndexConfig config = {}, sqlite::Options options = {});

  [[nodiscard]] Result<void> replace(const IndexedDocument& document, const std::vector<Chunk>& chunks,
                                     const std::vector<std::vector<float>>& vectors) override;
  void remove(const std::string& document_id) override;
  bool use_model(const std::string& embedding_model_hash, int dimension) override;
  IndexModel model() override;
  void settle() override;

  std::optional<IndexedDocument> document(const std::string& id) override;
  std::vector<std::pair<std::string, std::string>> document_keys() override;
  std::vector<IndexedPassage> passages(const std::vector<std::string>& chunk_ids) override;
  std::vector<std::string> prose(const std::vector<ProseSpan>& spans) override;
  std::map<std::string, std::vector<float>> vectors(const std::vector<std::string>& chunk_ids) override;
  void each_chunk(const std::function<bool(Chunk&&)>& visit) override;
  void each_entry(const std::function<bool(IndexEntry&&)>& visit) override;

  std::vector<Hit> lexical(const std::string& query, int k, const IndexFilter& filter) override;
  [[nodiscard]] Result<std::vector<Hit>> dense(const std::vector<float>& query, int k,
                                               const IndexFilter& filter) override;
  [[nodiscard]] Result<std::vector<Hit>> pictures(const std::vector<float>& query, int k,
                                                  const IndexFilter& filter) override;
  std::vector<Hit> lexical_scores(const std::string& query, const std::vector<std::string>& chunk_ids) override;
  [[nodiscard]] Result<std::vector<Hit>> dense_scores(const std::vector<float>& query,
                                                      const std::vector<std::string>& chunk_ids) override;

  std::vector<PassageOutline> outlines(const std::vector<std::string>& chunk_ids) override;
  WordsHeld words_held(const std::string& text, const std::vector<std::string>& chunk_ids) override;

  std::vector<std::string> sample(const std::string& language, int count) override;
  void set_query_centering(const QueryCentering& centering) override;
  QueryCentering query_centering() override;

  IndexCounts counts() override;
  IndexFacets facets() override;
  std::string digest() override;
  [[nodiscard]] std::string location() const override;

 private:
  void use_tokenizer();
  /// Throws Fatal when another process has made the words again with another tokenizer since this one opened.
  void check_tokenizer(sqlite::Connection& connection) const;
  void check_tokenizer(const std::string& made_with) const;
  void add_words(sqlite::Connection& connection, std::int64_t chunk, const std::string& title,
                 const std::vector<std::string>& headings, const std::string& retrieval);
  /// The terms of a query that are worth searching for.
  [[nodiscard]] std::vector<WeightedTerm> terms_of(const WordSnapshot& words, const std::string& query) const;
  /// Runs body(connection, snapshot, dimension): all of the same instant.
  template <class Snapshot, class Body>
  std::invoke_result_t<Body, sqlite::Connection&, const Snapshot&, int> with(SegmentCache<Snapshot>& cache,
                                                                             Body&& body);

  IndexConfig config_;
  TokenizerTier tier_;
  sqlite::Store store_;
  Tokenizer tokenizer_;  // of the writer, which is one at a time
  SegmentCache<WordSnapshot> words_;
  SegmentCache<VectorSnapshot> vectors_;
  PictureCache pictures_;
  FilterCache filters_;
  PassageNotes notes_;
  std::mutex counting_;
  std::optional<std::pair<std::int64_t, IndexCounts>> counts_;  // by generation
  std::mutex centering_lock_;
  std::pair<std::string, QueryCentering> centering_;  // by what the database says
};

/// Parts of the implementation that more than one of its .cpp files need. All run inside a transaction.
namespace index_detail {

[[nodiscard]] std::string meta(sqlite::Connection& connection, const std::string& key);
void set_meta(sqlite::Connection& connection, const std::string& key, const std::string& value);
/// What every search asks of an instant of the index, in one statement.
struct Instant {
  std::string tokenizer;
  std::int64_t generation = 0;
  int dimension = 0;
};
[[nodiscard]] Instant instant(sqlite::Connection& connection);
[[nodiscard]] std::int64_t generation(sqlite::Connection& connection);
[[nodiscard]] int dimension(sqlite::Connection& connection);
/// To be called in each transaction that changes chunks.
void next_generation(sqlite::Connection& connection);

/// To be called in each transaction that takes chunks away.
void next_removal(sqlite::Connection& connection);

/// Those of a document by its key, in order of passage.
[[nodiscard]] std::vector<IndexedPicture> pictures_of(sqlite::Connection& connection, std::int64_t document);

/// Keys of the chunks that pass a filter that is not empty: ranges that are ascending and apart.
[[nodiscard]] std::vector<KeyRange> filtered_chunks(sqlite::Connection& connection, const IndexFilter& filter);

}  // namespace index_detail
}  // namespace twin::stores
