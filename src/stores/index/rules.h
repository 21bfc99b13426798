// What every index demands of what it is given, and how it orders what it found.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/hash.h"
#include "stores/index/index.h"

namespace twin::stores::index_detail {

/// The conditions of Index::replace(); `dimension` 0: no model yet.
[[nodiscard]] Result<void> check_entry(const IndexedDocument& document, const std::vector<Chunk>& chunks,
                                       const std::vector<std::vector<float>>& vectors, int dimension);
/// Whether a query's vector can be compared with those stored.
[[nodiscard]] Result<void> check_query(const std::vector<float>& query, int expected, const std::string& location);
/// Throws Fatal for a dimension that no index takes.
void check_dimension(int dimension);

/// Whether the chunk's text is what its offsets cut from the document's prose, so that it need not be kept.
[[nodiscard]] bool is_slice(const IndexedDocument& document, const Chunk& chunk);
/// What a digest holds of a picture: its passage, link and content, its vector as bytes.
void add_to_digest(Sha256& hash, const IndexedPicture& picture);
/// Of a vector as it is stored, which need not be aligned, with a query in full precision; -1 for one of another size.
[[nodiscard]] double dot(std::span<const std::byte> stored, std::span<const float> query);
/// Sorts by score, ties by chunk id, and keeps the best k.
[[nodiscard]] std::vector<Hit> best_hits(std::vector<Hit> hits, int k);

}  // namespace twin::stores::index_detail
