// The search index: chunks, their words and their vectors.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/config/binder.h"
#include "core/result.h"
#include "stores/index/centering.h"
#include "stores/index/qdrant/config.h"

namespace twin::stores {

/// How searches are made. Only the tokenizer is of what is stored: when it changes, the words are made again on
/// opening.
struct IndexConfig {
  std::string tokenizer = "bigrams";  ///< bigrams | morphemes | auto: tokenizer_tier(); another one makes words again
  double heading_weight = 2.0;   ///< of words in title and headings, above their weight in the retrieval view itself
  int max_query_terms = 64;      ///< of a longer query the rarest terms are used
  int max_query_bytes = 65'536;  ///< of a longer query the beginning is used
  int rescore_factor = 2;        ///< candidates per wanted hit that may be rescored by their 32-bit vectors …
  int rescore_at_least = 64;     ///< … and no fewer than this; those that their bytes rule out are not read
  int exact_up_to = 100'000;     ///< vectors; more are searched by a graph of neighbours, built by settle()
  int graph_links = 16;          ///< M of HNSW
  int graph_construction = 128;  ///< its efConstruction
  int graph_breadth = 400;       ///< its ef, at least: as many candidates as are rescored are always kept
  std::string uri;               ///< "": SQLite in a folder; qdrant://host:port/name or qdrants://… (location.h)
  QdrantConfig qdrant;
  void bind(config::Binder& b);
};

/// The larger part of a document around a passage, which a reader is given in its place. Bytes of the prose view.
struct ParentSpan {
  std::size_t start = 0;
  std::size_t end = 0;  ///< 0: there is none, the passage is read itself
  int headings = 0;     ///< how many of the passage's headings stand above all of the part
  friend bool operator==(const ParentSpan&, const ParentSpan&) = default;
};

/// A passage of a document. Offsets are bytes of the document's prose view: prose.substr(start, end - start) == text.
struct Chunk {
  std::string id;  ///< stable_id("chunk", document id, version, start, end)
  std::string document_id;
  int document_version = 0;
  std::size_t start = 0;
  std::size_t end = 0;
  std::vector<std::string> headings;  ///< path from the document's title down
  int tokens = 0;                     ///< of the retrieval view, special tokens included, by the embedder's tokenizer
  std::string text;                   ///< prose view
  std::string retrieval;              ///< what is embedded and indexed: title, headings, text
  ParentSpan parent;
};

/// The headings as one line, for a reader: "Packages › Installing".
[[nodiscard]] std::string heading_path(const Chunk& chunk);

/// A picture that a document shows, with a vector of its own, which leads to one of the document's passages.
struct IndexedPicture {
  std::size_t passage = 0;    ///< which of the document's chunks, from 0
  std::string source;         ///< the picture's link as the document has it
  std::string sha256;         ///< of its bytes
  std::vector<float> vector;  ///< L2-normalized, of the same model as those of the passages
  friend bool operator==(const IndexedPicture&, const IndexedPicture&) = default;
};

/// What the index keeps of a document beside its chunks.
struct IndexedDocument {
  std::string id;
  int version = 0;
  std::string feature_key;  ///< hash of everything that made the chunks: cleaning, chunking, embedding model
  std::string url, title, source, category, language;
  std::vector<std::string> author_ids;
  std::int64_t published = 0;
  double weight = 1.0;                        ///< retrieval weight of the category
  std::string prose;                          ///< the prose view that offsets refer to
  std::vector<IndexedPicture> pictures = {};  ///< read back by each_entry() alone; for each passage in a row
};

/// A passage with what the index keeps of its document; the document's prose is left out.
struct IndexedPassage {
  Chunk chunk;
  IndexedDocument document;
};

/// What decides about a passage before it is read.
struct PassageOutline {
  std::string chunk_id, document_id;
  std::size_t start = 0, end = 0;  ///< bytes of the document's prose view
  std::size_t text_bytes = 0;      ///< of the passage's text
  ParentSpan parent;
  double weight = 1.0;         ///< of the document
  std::int64_t published = 0;  ///< the document
  std::string language;        ///< of the document
};

/// Which words of a text passages hold.
struct WordsHeld {
  std::size_t words = 0;                ///< of the text, each once
  std::vector<std::vector<bool>> held;  ///< of each passage: which of them; in no order
};

/// A part of a document's prose view, in bytes.
struct ProseSpan {
  std::string document_id;
  std::size_t start = 0;
  std::size_t end = 0;
};

/// One of each list that is not empty, and within the time: a document of unknown date is in no span of time.
struct IndexFilter {
  std::vector<std::string> categories, sources, author_ids, languages, document_ids;
  UnixMillis published_from = 0, published_before = 0;  ///< the latter not included; 0: no such bound
  [[nodiscard]] bool empty() const {
    return categories.empty() && sources.empty() && author_ids.empty() && languages.empty() && document_ids.empty() &&
           published_from == 0 && published_before == 0;
  }
};

/// What filters can ask for: the values that documents of the index have, each once, sorted.
struct IndexFacets {
  std::vector<std::string> categories, sources, author_ids, languages;
};

struct Hit {
  std::string chunk_id;
  double score = 0;          ///< higher is better; scale depends on the retriever
  std::string picture = {};  ///< of pictures(): the link of the one that is nearest
};

struct IndexCounts {
  std::int64_t documents = 0, chunks = 0, vectors = 0;
  int dimension = 0;
  std::int64_t pictures = 0;  ///< vectors of pictures; not among `vectors`
};

/// Which embedding model filled an index; an empty hash and dimension 0: none yet.
struct IndexModel {
  std::string hash;
  int dimension = 0;
};

/// A document as replace() takes it. chunks[i] has vectors[i].
struct IndexEntry {
  IndexedDocument document;
  std::vector<Chunk> chunks;
  std::vector<std::vector<float>> vectors;
};

/// Lexical and vector search over chunks. Thread-safe. Throws Fatal when the database itself fails.
class Index {
 public:
  virtual ~Index() = default;

  /// Replaces everything of this document in one transaction. vectors.size() == chunks.size(), each of `dimension`
  /// floats, L2-normalized, as those of its pictures are. An error of the item: a wrong dimension, a vector that is not
  /// normalized, chunks of another document or twice the same, a picture of a passage that is not there; nothing is
  /// changed then.
  [[nodiscard]] virtual Result<void> replace(const IndexedDocument& document, const std::vector<Chunk>& chunks,
                                             const std::vector<std::vector<float>>& vectors) = 0;
  virtual void remove(const std::string& document_id) = 0;
  /// To be called before the first replace(). Drops all when the model (or its dimension) differs from the one that
  /// filled the index; returns true when it did.
  virtual bool use_model(const std::string& embedding_model_hash, int dimension) = 0;
  virtual IndexModel model() = 0;
  /// To be called when a number of documents were written: brings up to date what replace() leaves for later.
  virtual void settle() {}

  virtual std::optional<IndexedDocument> document(const std::string& id) = 0;
  /// (id, feature_key) of every document, to find what has to be done again.
  virtual std::vector<std::pair<std::string, std::string>> document_keys() = 0;
  /// In the order of the ids; those that are no longer there are left out.
  virtual std::vector<IndexedPassage> passages(const std::vector<std::string>& chunk_ids) = 0;
  /// The same without what only a reader needs, which costs a fraction of it.
  virtual std::vector<PassageOutline> outlines(const std::vector<std::string>& chunk_ids) = 0;
  std::optional<Chunk> chunk(const std::string& chunk_id);
  /// The texts of parts of documents, in the order of `spans`; empty for one whose document is no longer there or has
  /// no such bytes now.
  virtual std::vector<std::string> prose(const std::vector<ProseSpan>& spans) = 0;
  /// In order of document id, then of position; all of one instant. Return false to stop.
  virtual void each_chunk(const std::function<bool(Chunk&&)>& visit) = 0;

  /// Every document with its chunks and vectors, bit for bit, in order of document id; for copies. Return false to
  /// stop.
  virtual void each_entry(const std::function<bool(IndexEntry&&)>& visit) = 0;

  /// BM25 over the retrieval view, title and headings. Any text is a valid query (operators are not interpreted). Words
  /// that more than half of the passages hold are left out where there are others: BM25 gives them no weight.
  virtual std::vector<Hit> lexical(const std::string& query, int k, const IndexFilter& filter = {}) = 0;
  /// Cosine similarity; approximate above IndexConfig::exact_up_to. `query` is L2-normalized; one of another dimension
  /// is ErrorKind::invalid.
  [[nodiscard]] virtual Result<std::vector<Hit>> dense(const std::vector<float>& query, int k,
                                                       const IndexFilter& filter = {}) = 0;
  /// The passages whose pictures are nearest, each once, by its nearest picture; cosine similarity, compared with every
  /// picture in full precision. `query` as in dense().
  [[nodiscard]] virtual Result<std::vector<Hit>> pictures(const std::vector<float>& query, int k,
                                                          const IndexFilter& filter = {}) = 0;
  /// What lexical() and dense() say of these passages, whatever their rank; those that are no longer there are left
  /// out. A passage without any word of the query has the lexical score 0.
  virtual std::vector<Hit> lexical_scores(const std::string& query, const std::vector<std::string>& chunk_ids) = 0;
  [[nodiscard]] virtual Result<std::vector<Hit>> dense_scores(const std::vector<float>& query,
                                                              const std::vector<std::string>& chunk_ids) = 0;
  /// Which words of a text, as lexical() cuts it, each of these passages holds in what lexical() searches; those that
  /// are no longer there are left out.
  virtual WordsHeld words_held(const std::string& text, const std::vector<std::string>& chunk_ids) = 0;

  /// Ids of at most `count` passages of documents in this language: the same ones as long as the index holds the same,
  /// from all over it.
  virtual std::vector<std::string> sample(const std::string& language, int count) = 0;
  /// What those who search take from a question's vector before they call dense(): measured by feature/embed, gone with
  /// the model; nothing measured before. It is read with counts() and may be as old as the last call of that.
  virtual void set_query_centering(const QueryCentering& centering) = 0;
  virtual QueryCentering query_centering() = 0;

  virtual IndexCounts counts() = 0;
  virtual IndexFacets facets() = 0;
  /// SHA-256 over (document id, feature_key, chunk ids, vectors quantized, pictures): equal indexes, equal digests.
  virtual std::string digest() = 0;
  /// For messages: the file, or the server and the name there.
  [[nodiscard]] virtual std::string location() const = 0;
  /// The vectors of passages by chunk id; those that are no longer there are left out.
  virtual std::map<std::string, std::vector<float>> vectors(const std::vector<std::string>& chunk_ids) = 0;
};

/// SQLite at <folder>/index.db.
[[nodiscard]] std::unique_ptr<Index> open_index(const std::filesystem::path& folder, const IndexConfig& config = {});

}  // namespace twin::stores
