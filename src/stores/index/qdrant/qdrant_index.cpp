// Opening, the embedding model, counts and digest.
#include "stores/index/qdrant/qdrant_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/log.h"
#include "stores/index/quantize.h"
#include "stores/index/rules.h"

namespace twin::stores {

void QdrantConfig::bind(config::Binder& b) {
  b.field("exact", exact, "Dense search compares with every vector in full precision instead of searching a graph",
          {.key_irrelevant = true});
  b.field("search_width", search_width, "HNSW's ef: candidates kept while searching; more finds more, slower",
          {.min = 1, .max = 10'000, .key_irrelevant = true});
  b.field("word_drift", word_drift,
          "After indexing, the words are weighted again when the average length of passages is off by this share",
          {.min = 0, .max = 10, .key_irrelevant = true});
  b.field("max_looked_up_terms", max_looked_up_terms, "Of a longer query the first distinct terms are looked up",
          {.min = 1, .max = 100'000, .key_irrelevant = true});
  b.field("page", page, "Points that are read at once", {.min = 1, .max = 10'000, .key_irrelevant = true});
  b.field("batch_bytes", batch_bytes, "Largest request of points; the server's own limit is 32 MB unless changed there",
          {.min = 1 << 16, .max = 1 << 30, .key_irrelevant = true});
  b.field("answer_bytes", answer_bytes, "Largest answer that is read",
          {.min = 1 << 20, .max = 1ll << 40, .key_irrelevant = true});
  b.field("connect_seconds", connect_seconds, "Longest wait for a connection",
          {.min = 1, .max = 600, .key_irrelevant = true});
  b.field("request_seconds", request_seconds, "Longest wait for an answer",
          {.min = 1, .max = 3600, .key_irrelevant = true});
  b.field("retry_seconds", retry_seconds, "How long a request that failed on the way is tried again",
          {.min = 0, .max = 3600, .key_irrelevant = true});
}

namespace qdrant {

QdrantIndex::QdrantIndex(IndexConfig config, Server server, std::string name, std::unique_ptr<HttpClient> http,
                         std::string version)
    : config_(std::move(config)),
      tier_(tokenizer_tier(config_.tokenizer)),
      client_(std::move(server), std::move(http)),
      collection_(client_, std::move(name), std::move(version)) {
  if (auto meta = read_meta(); meta && meta->words != words_identity()) {
    const std::lock_guard lock(writing_);
    const double average = meta->average_length;
    make_words(*std::move(meta), average);
  }
}

std::string words_identity(const TokenizerTier& tier, const IndexConfig& config) {
  return fmt::format("{} headings {}", tier.identity(), config.heading_weight);
}

void QdrantIndex::check_words(const Meta& meta) const {
  if (meta.words == words_identity()) return;
  throw Fatal(ErrorKind::invalid,
              tr("The index was made again with another tokenizer ({}, here {})", meta.words, words_identity()),
              location(), tr("start this program again, and give all the same index.tokenizer"));
}

std::optional<Meta> QdrantIndex::read_meta() {
  auto meta = collection_.meta();
  known_sequence_ = meta ? meta->sequence : 0;
  dimension_ = meta ? meta->dimension : 0;
  const std::lock_guard lock(remembering_);
  centering_ = meta ? centering_from(meta->centering, meta->dimension) : QueryCentering();
  return meta;
}

bool QdrantIndex::use_model(const std::string& embedding_model_hash, int dimension) {
  index_detail::check_dimension(dimension);
  const std::lock_guard lock(writing_);
  auto present = read_meta();
  if (present && present->model == embedding_model_hash && present->dimension == dimension) {
    tidy(*std::move(present));
    return false;
  }
  const bool filled = present && present->documents > 0;
  if (filled) log::info("The embedding model changed: the index is made again");
  Meta next;
  next.model = embedding_model_hash;
  next.dimension = dimension;
  next.words = words_identity();
  next.average_length = present ? present->average_length : first_average_length;
  next.served = present ? present->served + 1 : 1;
  next.sequence = present ? present->sequence + 1 : 0;  // never goes back: readers compare with what they have seen
  collection_.switch_to(next);
  read_meta();
  return filled;
}

IndexModel QdrantIndex::model() {
  const auto meta = read_meta();
  return meta ? IndexModel{meta->model, meta->dimension} : IndexModel{};
}

void QdrantIndex::settle() {
  const std::lock_guard lock(writing_);
  auto meta = read_meta();
  if (!meta || meta->chunks == 0 || meta->tokens == 0) return;
  check_words(*meta);
  const double average = static_cast<double>(meta->tokens) / static_cast<double>(meta->chunks);
  if (std::abs(average / meta->average_length - 1) <= config_.qdrant.word_drift) return;
  make_words(*std::move(meta), average);
}

void QdrantIndex::set_query_centering(const QueryCentering& centering) {
  const std::lock_guard lock(writing_);
  auto meta = read_meta();
  if (!meta) return;
  meta->centering = to_text(centering);
  collection_.write(*meta);
  read_meta();
}

QueryCentering QdrantIndex::query_centering() {
  {
    const std::lock_guard lock(remembering_);
    if (centering_) return *centering_;
  }
  read_meta();
  const std::lock_guard lock(remembering_);
  return *centering_;
}

IndexCounts QdrantIndex::counts() {
  const auto meta = read_meta();
  if (!meta) return {};
  return {meta->documents, meta->chunks, meta->chunks, meta->dimension, meta->pictures};
}

std::string QdrantIndex::digest() {
  Sha256 hash;
  read_entries(Wanted::vectors, [&](IndexEntry&& entry) {
    hash.field(entry.document.id).field(entry.document.feature_key);
    for (std::size_t i = 0; i < entry.chunks.size(); ++i) {
      const QuantizedVector quantized = quantize(entry.vectors[i]);
      hash.field(entry.chunks[i].id)
          .field({reinterpret_cast<const char*>(quantized.codes.data()), quantized.codes.size()});
    }
    for (const IndexedPicture& picture : entry.document.pictures) index_detail::add_to_digest(hash, picture);
    return true;
  });
  return hash.hex();
}

}  // namespace qdrant
}  // namespace twin::stores
