// What lies in a collection: one point for the index itself, one for each document, one for each passage.
//
//   kind "meta"      one point: the model, the counts, the sequence number of the last change (Meta)
//   kind "document"  everything of IndexedDocument; `generation` says which passages are its own
//   kind "chunk"     a passage: vectors "dense" and "bm25", the passage, and what IndexFilter asks of its document; one
//                    that shows pictures has their vectors together in "pictures", of which the nearest one counts
//
// The point of a document or passage is named by a hash (UUID form) of what it is, so that writing it again overwrites.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "stores/index/index.h"

namespace twin::stores::qdrant {

struct Meta {
  std::string model;
  int dimension = 0;
  std::string words;          ///< what made the sparse vectors: tokenizer and weight of headings
  double average_length = 0;  ///< of passages in tokens, that the sparse vectors are made with
  std::int64_t sequence = 0;  ///< of the last change; a document has that of its own last change
  std::int64_t documents = 0, chunks = 0, pictures = 0;
  std::int64_t tokens = 0;    ///< of all passages, as BM25 counts them
  std::string last_document;  ///< changed by the last change: what a crash may have left there is looked for
  std::string embedder;       ///< id of the embedding model; empty: made before it was recorded
  std::string centering;      ///< QueryCentering as to_text() has it; empty: none
  std::int64_t served = 0;    ///< which switch made this version the serving one, counted from 1; 0: none so far
};

/// What a reader must know of a document to tell its passages from those of a replaced or half-written one.
struct DocumentState {
  std::string generation;
  std::int64_t sequence = 0, chunks = 0, tokens = 0, pictures = 0;
};

[[nodiscard]] std::string meta_point();
[[nodiscard]] std::string document_point(std::string_view document_id);
[[nodiscard]] std::string chunk_point(std::string_view generation, std::string_view chunk_id);

/// A hash of all that replace() is given: equal content, equal generation.
[[nodiscard]] std::string generation_of(const IndexedDocument& document, const std::vector<Chunk>& chunks,
                                        const std::vector<std::vector<float>>& vectors);

/// A point with that payload; `vectors` is JSON text, "{}" for none. Throws nlohmann's type_error when a text of the
/// payload is not UTF-8.
[[nodiscard]] std::string point_json(const std::string& id, const Json& payload, std::string_view vectors = "{}");

[[nodiscard]] Json meta_payload(const Meta& meta);
[[nodiscard]] Meta meta_of(const Json& payload);
/// The weight is a text: the server reads numbers of 64 bits with an error in the last one.
[[nodiscard]] Json document_payload(const IndexedDocument& document, const DocumentState& state);
[[nodiscard]] IndexedDocument document_of(const Json& payload);
[[nodiscard]] DocumentState state_of(const Json& payload);
/// The text is left out where the document's prose has it.
[[nodiscard]] Json chunk_payload(const IndexedDocument& document, const Chunk& chunk, std::size_t position,
                                 const DocumentState& state);
/// Pictures of the passage at this position, as its payload lists them and the server gives their vectors (null: none).
[[nodiscard]] std::vector<IndexedPicture> pictures_of(const Json& chunk_payload, const Json& vectors,
                                                      std::size_t position);
[[nodiscard]] ParentSpan parent_of(const Json& chunk_payload);
[[nodiscard]] Chunk chunk_of(const Json& payload, const std::string& prose);

/// Each float by its shortest decimal form: what is read back is the same to the bit.
[[nodiscard]] std::string number_list(const std::vector<float>& values);
[[nodiscard]] std::vector<float> floats_of(const Json& numbers);

}  // namespace twin::stores::qdrant
