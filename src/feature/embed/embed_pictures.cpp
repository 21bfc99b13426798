#include "feature/embed/embed_pictures.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

#include "core/hash.h"
#include "core/i18n.h"
#include "feature/clean/image/size.h"
#include "stores/warehouse/shown_pictures.h"

namespace twin::feature {
namespace {

static_assert(std::endian::native == std::endian::little, "vectors are kept as the machine has them");

/// Bump when the same picture would get another vector by the same model.
constexpr int embedding_version = 1;

std::string kept_vector(const std::vector<float>& vector) {
  return {reinterpret_cast<const char*>(vector.data()), vector.size() * sizeof(float)};
}

/// nullopt: what is kept is no vector of this dimension.
std::optional<std::vector<float>> from_kept_vector(const std::string& kept, int dimension) {
  std::vector<float> vector(static_cast<std::size_t>(std::max(dimension, 0)));
  if (vector.empty() || kept.size() != vector.size() * sizeof(float)) return std::nullopt;
  std::memcpy(vector.data(), kept.data(), kept.size());
  return vector;
}

Result<std::vector<float>> vector_of_picture(models::EmbeddingEngine& engine, const std::string& bytes) {
  if (!image_size(bytes)) {
    return fail(ErrorKind::invalid, tr("it is broken, or of a format that cannot be embedded"));
  }
  return engine.embed_picture(bytes);
}

/// Errors other than invalid and limit are not the picture's own.
Result<std::vector<float>> kept_or_embedded(models::EmbeddingEngine& engine, stores::Warehouse& warehouse,
                                            const std::string& sha256) {
  const std::string key = stable_id("picture", {sha256, engine.model_hash(), std::to_string(embedding_version)});
  if (const auto object = warehouse.cursor(key)) {
    if (const auto kept = warehouse.objects().get(*object)) {
      if (auto vector = from_kept_vector(*kept, engine.dimension())) return std::move(*vector);
    }
  }
  const auto bytes = warehouse.objects().get(sha256);
  if (!bytes) return fail(ErrorKind::io, bytes.error().message, bytes.error().where, bytes.error().hint);
  auto vector = vector_of_picture(engine, *bytes);
  if (!vector) return vector;
  const auto object = warehouse.objects().put(kept_vector(*vector));
  if (!object) return tl::unexpected(object.error());
  warehouse.set_cursor(key, *object);
  return vector;
}

std::size_t distance(const stores::Chunk& chunk, const text::Span& span) {
  if (span.end < chunk.start) return chunk.start - span.end;
  return span.start > chunk.end ? span.start - chunk.end : 0;
}

/// The first of the passages that lie nearest to a picture of this link. An author's passage comes before what OCR
/// read.
std::optional<std::size_t> passage_of(const std::string& source, const ProseView& shown,
                                      const std::vector<stores::Chunk>& chunks) {
  std::optional<std::size_t> best;
  std::size_t least = 0;
  for (const Picture& picture : shown.pictures) {
    if (picture.source != source) continue;
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      const std::size_t away = distance(chunks[i], picture.span);
      if (best && away >= least) continue;
      best = i;
      least = away;
    }
  }
  return best;
}

}  // namespace

PicturesEmbedded embed_pictures(models::EmbeddingEngine& engine, stores::Warehouse& warehouse,
                                const stores::Document& document, const ProseView& shown,
                                const std::vector<stores::Chunk>& chunks, const std::stop_token& stop) {
  PicturesEmbedded out;
  if (!engine.sees_pictures()) return out;
  for (const stores::ShownPicture& picture : stores::shown_pictures(document)) {
    if (stop.stop_requested()) {
      out.tried_all = false;
      return out;
    }
    const auto note = [&](const Error& error) {
      out.notes.push_back({error.kind,
                           tr("The picture {} is not found by what it shows: {}", picture.source, error.message),
                           document.url, error.hint});
    };
    const auto passage = passage_of(picture.source, shown, chunks);
    if (!passage) {
      note({ErrorKind::invalid, tr("the document has no passage that could show it"), {}, {}});
      continue;
    }
    auto vector = kept_or_embedded(engine, warehouse, picture.sha256);
    if (vector) {
      out.pictures.push_back({*passage, picture.source, picture.sha256, std::move(*vector)});
      continue;
    }
    note(vector.error());
    const ErrorKind kind = vector.error().kind;
    out.tried_all &= kind == ErrorKind::invalid || kind == ErrorKind::limit;
  }
  std::stable_sort(out.pictures.begin(), out.pictures.end(),
                   [](const auto& a, const auto& b) { return a.passage < b.passage; });
  return out;
}

}  // namespace twin::feature
