// Chunk: prose view → passages that fit the embedder's window, by the embedder's own tokenizer.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "feature/category.h"
#include "feature/clean/clean.h"
#include "stores/index/index.h"

namespace twin::feature {

/// Bump when strategy "structure" makes other chunks, or all do; for one of the others see chunk_identity().
inline constexpr int chunk_version = 2;

/// Beginning and end marks that the embedding model's tokenizer adds to a text ([CLS] and [SEP] of BERT).
inline constexpr int special_tokens = 2;
/// The smallest window for which chunks are cut.
inline constexpr int min_window_tokens = 16;

/// Number of tokens of a text by the embedder's tokenizer, without special tokens.
using TokenCount = std::function<Result<int>(std::string_view)>;
/// Texts to L2-normalized vectors of the embedder, in order; a text longer than its window is cut at its end.
using EmbedTexts = std::function<Result<std::vector<std::vector<float>>>(const std::vector<std::string>&)>;

/// Chunks in order. Every byte of `prose.text` that is neither white space nor a heading lies in at least one chunk,
/// and code and tables stay whole when they fit (not with "fixed"), else are split by lines; a sentence longer than the
/// window is split by words, then characters. Chunks lie within one section, whose headings go into `headings`, and are
/// by rules.strategy
///   structure  whole paragraphs, as many as fit; one that is too long is cut between sentences
///   sentence   whole sentences, as many as fit, whatever paragraph they are of
///   semantic   sentences until what they are about changes (meaning.h); needs `embed`, and calls it once at most
///   fixed      as many words as fit, across sections (`headings` are those of the first word)
/// window_tokens includes special tokens; title and headings take their part of it. Parents: parents.h.
///
/// Fails with ErrorKind::limit for a window below min_window_tokens, ErrorKind::usage for "semantic" without `embed`
/// and an unknown strategy, with the error of `count` or `embed`, and when rules.sentences names a splitter that is not
/// installed. Calls of `count` are linear in the number of paragraphs, and of sentences where they are cut into them.
[[nodiscard]] Result<std::vector<stores::Chunk>> chunk_document(const std::string& document_id, int version,
                                                                const std::string& title, const ProseView& prose,
                                                                const ChunkRules& rules, int window_tokens,
                                                                const TokenCount& count, const EmbedTexts& embed = {});

/// Whether chunks can be cut so. ErrorKind::usage for an unknown strategy, and for "semantic" without an embedding
/// model.
[[nodiscard]] Result<void> check_strategy(const std::string& strategy, bool has_embedder);

/// What of the rules makes the chunks: those that the strategy looks at, its version, and that of the sentence
/// splitter. Equal identities (and chunk_version), equal chunks: input of cache keys.
[[nodiscard]] Json chunk_identity(const ChunkRules& rules);

}  // namespace twin::feature
