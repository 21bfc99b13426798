// The index on a Qdrant server (1.10 or newer). Opened by open_index(); this header is for its own .cpp files and
// tests.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>

#include "stores/index/index.h"
#include "stores/index/qdrant/client.h"
#include "stores/index/qdrant/collection.h"
#include "stores/index/qdrant/points.h"
#include "stores/index/tokenizer_tier.h"

namespace twin::stores::qdrant {

/// What makes the sparse vectors of an index: other ones cannot be searched together with them.
[[nodiscard]] std::string words_identity(const TokenizerTier& tier, const IndexConfig& config);

/// The average length of passages in tokens that the first sparse vectors are made with; settle() then knows better.
inline constexpr double first_average_length = 200;

/// A document is one point, its passages are others, and Qdrant has no transactions over several. So:
/// - replace() writes the passages under a new generation, which nobody asks for yet; then the document's point, which
///   names that generation: this one write is the switch; then it deletes the passages of older generations. Each step
///   waits until the server has it in its log.
/// - Readers look up the documents of what they found, and leave out passages of another generation than the document
///   names. A document that was switched after the reader's last look at the meta point makes it search again, so that
///   it never sees a part of a document.
/// - What a crash leaves (passages of a generation that no document names) is seen by no reader and deleted by
///   use_model(), which every writer calls first.
///
/// One writer at a time. Counts, digest, each_chunk() and each_entry() are whole document by document, but not of one
/// instant when another program writes meanwhile. heading_weight is part of the sparse vectors: another one makes them
/// again on opening, like another tokenizer.
class QdrantIndex final : public Index {
 public:
  /// `version`: a collection of the index that stays the same when another one is switched to; empty: the one that
  /// serves. Makes the sparse vectors again when another tokenizer made them. Throws Fatal when no server answers.
  QdrantIndex(IndexConfig config, Server server, std::string name, std::unique_ptr<HttpClient> http,
              std::string version = {});

  /// A text that is not UTF-8, or a document that is too large for one request: an error of the item.
  [[nodiscard]] Result<void> replace(const IndexedDocument& document, const std::vector<Chunk>& chunks,
                                     const std::vector<std::vector<float>>& vectors) override;
  void remove(const std::string& document_id) override;
  /// The new model's collection is empty; the alias moves to it in one request.
  bool use_model(const std::string& embedding_model_hash, int dimension) override;
  IndexModel model() override;
  /// Makes the sparse vectors again when the average length of passages has moved by more than word_drift from the one
  /// that they are made with.
  void settle() override;

  std::optional<IndexedDocument> document(const std::string& id) override;
  std::vector<std::pair<std::string, std::string>> document_keys() override;
  std::vector<IndexedPassage> passages(const std::vector<std::string>& chunk_ids) override;
  std::vector<std::string> prose(const std::vector<ProseSpan>& spans) override;
  std::map<std::string, std::vector<float>> vectors(const std::vector<std::string>& chunk_ids) override;
  void each_chunk(const std::function<bool(Chunk&&)>& visit) override;
  void each_entry(const std::function<bool(IndexEntry&&)>& visit) override;

  std::vector<Hit> lexical(const std::string& query, int k, const IndexFilter& filter) override;
  /// By HNSW over int8 codes, rescored in full precision; by comparing with every vector when `qdrant.exact`.
  [[nodiscard]] Result<std::vector<Hit>> dense(const std::vector<float>& query, int k,
                                               const IndexFilter& filter) override;
  /// By comparing with every vector.
  [[nodiscard]] Result<std::vector<Hit>> pictures(const std::vector<float>& query, int k,
                                                  const IndexFilter& filter) override;
  std::vector<Hit> lexical_scores(const std::string& query, const std::vector<std::string>& chunk_ids) override;
  [[nodiscard]] Result<std::vector<Hit>> dense_scores(const std::vector<float>& query,
                                                      const std::vector<std::string>& chunk_ids) override;
  std::vector<PassageOutline> outlines(const std::vector<std::string>& chunk_ids) override;
  /// By the sparse vectors.
  WordsHeld words_held(const std::string& text, const std::vector<std::string>& chunk_ids) override;

  std::vector<std::string> sample(const std::string& language, int count) override;
  void set_query_centering(const QueryCentering& centering) override;
  QueryCentering query_centering() override;

  IndexCounts counts() override;
  /// Looks at the point of every document.
  IndexFacets facets() override;
  std::string digest() override;
  [[nodiscard]] std::string location() const override { return client_.location(); }

 private:
  struct Found {
    std::string point, chunk, document, generation;
    double score = 0;
  };
  struct Page {
    std::vector<Found> found;  ///< best first, ties of the last one included
    bool all = false;          ///< there is nothing after them
  };
  /// What read_entries() fetches: chunk ids and vectors, texts, or both.
  enum class Wanted { vectors, texts, everything };
  using States = std::map<std::string, DocumentState>;

  /// Also remembered for searches.
  std::optional<Meta> read_meta();
  void check_words(const Meta& meta) const;

  [[nodiscard]] std::string words_identity() const { return qdrant::words_identity(tier_, config_); }

  // qdrant_write.cpp
  void tidy(Meta meta);
  [[nodiscard]] Result<void> write_chunks(const IndexedDocument& document, const std::vector<Chunk>& chunks,
                                          const std::vector<std::vector<float>>& vectors, double average_length,
                                          DocumentState& state);
  void make_words(Meta meta, double average_length);
  /// The sparse vectors of some documents' passages; their number of tokens.
  std::int64_t make_words_of(const std::vector<Json>& documents, double average_length);

  // qdrant_read.cpp
  /// Points of a filter, all of them, page by page; `request` names what is wanted. Return false to stop.
  void scroll(Json request, const std::function<bool(const Json& points)>& visit) const;
  /// Payloads of documents by id, those that are there.
  [[nodiscard]] std::map<std::string, Json> documents(const std::vector<std::string>& ids, const Json& fields) const;
  void read_entries(Wanted wanted, const std::function<bool(IndexEntry&&)>& visit);
  [[nodiscard]] std::vector<IndexEntry> read_batch(Wanted wanted, const std::vector<std::string>& ids) const;

  // qdrant_search.cpp
  [[nodiscard]] Page nearest(const Json& query, const Json& must, const std::set<std::string>& dead, int k) const;
  [[nodiscard]] States states_of(const std::vector<Found>& found) const;
  [[nodiscard]] std::vector<Hit> search(const Json& query, const Json& must, int k);
  /// The sparse query of a text, but for terms of these numbers; null when none of its words is known.
  [[nodiscard]] Json lexical_query(const std::string& text, const std::set<std::uint32_t>& without = {});
  [[nodiscard]] Result<Json> dense_query(const std::vector<float>& query, bool exact, int k);
  /// Names the picture that each passage was found by.
  void name_pictures(const std::vector<float>& query, std::vector<Hit>& hits) const;

  IndexConfig config_;
  TokenizerTier tier_;
  Client client_;
  Collection collection_;
  std::mutex writing_;
  std::atomic<std::int64_t> known_sequence_ = 0;  ///< every change up to this one was complete when it was read
  std::atomic<int> dimension_ = 0;
  std::mutex remembering_;
  std::optional<QueryCentering> centering_;  ///< of the last read_meta(); none: it was not read
};

}  // namespace twin::stores::qdrant
