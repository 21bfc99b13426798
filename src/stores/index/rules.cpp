#include "stores/index/rules.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <optional>
#include <set>

#include "core/i18n.h"
#include "stores/index/quantize.h"

namespace twin::stores::index_detail {
namespace {

constexpr double kNormTolerance = 0.01;
constexpr int kLargestDimension = 1 << 16;

std::optional<std::string> wrong_vector(const std::vector<float>& vector, int dimension) {
  if (vector.size() != static_cast<std::size_t>(dimension)) {
    return tr("it has {} dimensions, the index {}", vector.size(), dimension);
  }
  double norm = 0;
  for (const float x : vector) norm += double{x} * double{x};
  if (!(std::abs(std::sqrt(norm) - 1) <= kNormTolerance)) {  // also when it is not a number
    return tr("its length is {:.4f}, not 1", std::sqrt(norm));
  }
  return std::nullopt;
}

}  // namespace

Result<void> check_entry(const IndexedDocument& document, const std::vector<Chunk>& chunks,
                         const std::vector<std::vector<float>>& vectors, int dimension) {
  if (dimension == 0) {
    return fail(ErrorKind::internal, tr("The index has no embedding model yet: use_model() comes first"), document.id);
  }
  if (chunks.size() != vectors.size()) {
    return fail(ErrorKind::internal, tr("{} passages came with {} vectors", chunks.size(), vectors.size()),
                document.id);
  }
  std::set<std::string_view> ids;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const Chunk& chunk = chunks[i];
    if (chunk.document_id != document.id) {
      return fail(ErrorKind::internal, tr("The passage {} belongs to another document", chunk.id), document.id);
    }
    if (!ids.insert(chunk.id).second) {
      return fail(ErrorKind::internal, tr("The passage {} occurs twice", chunk.id), document.id);
    }
    if (const auto wrong = wrong_vector(vectors[i], dimension)) {
      return fail(ErrorKind::invalid, tr("The vector of passage {} cannot be used: {}", chunk.id, *wrong), document.id,
                  tr("Check that the embedding model is the one that the index is made with"));
    }
  }
  std::size_t passage = 0;
  for (const IndexedPicture& picture : document.pictures) {
    if (picture.passage < passage || picture.passage >= chunks.size()) {
      return fail(ErrorKind::internal,
                  tr("The picture {} belongs to passage {} of {}, or is out of order", picture.source, picture.passage,
                     chunks.size()),
                  document.id);
    }
    passage = picture.passage;
    if (const auto wrong = wrong_vector(picture.vector, dimension)) {
      return fail(ErrorKind::invalid, tr("The vector of picture {} cannot be used: {}", picture.source, *wrong),
                  document.id, tr("Check that the embedding model is the one that the index is made with"));
    }
  }
  return {};
}

Result<void> check_query(const std::vector<float>& query, int expected, const std::string& location) {
  if (query.size() != static_cast<std::size_t>(expected)) {
    return fail(ErrorKind::invalid, tr("The query's vector has {} dimensions, the index {}", query.size(), expected),
                location, tr("Use the embedding model that the index is made with"));
  }
  if (!std::all_of(query.begin(), query.end(), [](float x) { return std::isfinite(x); })) {
    return fail(ErrorKind::invalid, tr("The query's vector holds a value that is no number"));
  }
  return {};
}

void check_dimension(int dimension) {
  if (dimension < 1 || dimension > kLargestDimension) {
    throw Fatal(ErrorKind::invalid, tr("An embedding of {} dimensions cannot be indexed", dimension));
  }
}

bool is_slice(const IndexedDocument& document, const Chunk& chunk) {
  return chunk.start <= chunk.end && chunk.end <= document.prose.size() &&
         std::string_view(document.prose).substr(chunk.start, chunk.end - chunk.start) == chunk.text;
}

void add_to_digest(Sha256& hash, const IndexedPicture& picture) {
  const QuantizedVector quantized = quantize(picture.vector);
  hash.field("picture").field(std::to_string(picture.passage)).field(picture.source).field(picture.sha256);
  hash.field({reinterpret_cast<const char*>(quantized.codes.data()), quantized.codes.size()});
}

// In eight sums, which the compiler computes side by side.
double dot(std::span<const std::byte> stored, std::span<const float> query) {
  if (stored.size() != query.size() * sizeof(float)) return -1;
  constexpr std::size_t kLanes = 8;
  std::array<double, kLanes> sums{};
  std::array<float, kLanes> values;
  std::size_t i = 0;
  for (; i + kLanes <= query.size(); i += kLanes) {
    std::memcpy(values.data(), stored.data() + i * sizeof(float), sizeof values);
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += double{values[lane]} * double{query[i + lane]};
  }
  for (std::size_t lane = 0; i < query.size(); ++i, ++lane) {
    std::memcpy(values.data(), stored.data() + i * sizeof(float), sizeof(float));
    sums[lane] += double{values[0]} * double{query[i]};
  }
  double sum = 0;
  for (const double lane : sums) sum += lane;
  return sum;
}

std::vector<Hit> best_hits(std::vector<Hit> hits, int k) {
  std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) {
    return a.score != b.score ? a.score > b.score : a.chunk_id < b.chunk_id;
  });
  if (hits.size() > static_cast<std::size_t>(std::max(k, 0))) hits.resize(static_cast<std::size_t>(std::max(k, 0)));
  return hits;
}

}  // namespace twin::stores::index_detail
