// Chunk: prose view → passages that fit the embedder's window, by the embedder's own tokenizer.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/result.h"
#include "feature/category.h"
#include "feature/clean/clean.h"
#include "stores/index/index.h"

namespace twin::feature {

inline constexpr int chunk_version = 2;

/// Beginning and end marks that the embedding model's tokenizer adds to a text ([CLS] and [SEP] of BERT).
inline constexpr int special_tokens = 2;
/// The smallest window for which chunks are cut.
inline constexpr int min_window_tokens = 16;

/// Number of tokens of a text by the embedder's tokenizer, without special tokens.
using TokenCount = std::function<Result<int>(std::string_view)>;

/// Chunks in order. Headings open sections and go into `headings`; code and tables stay whole when they fit, else are
/// split by lines; a sentence longer than the window is split by words, then characters. Every byte of `prose.text`
/// that is neither white space nor a heading lies in at least one chunk. window_tokens includes special tokens; title
/// and headings take their part of it. Fails with ErrorKind::limit for a window below min_window_tokens, or with the
/// error of `count`, and when rules.sentences names a splitter that is not installed. Calls of `count` are linear in
/// the number of paragraphs, and of sentences where a paragraph is too long.
[[nodiscard]] Result<std::vector<stores::Chunk>> chunk_document(const std::string& document_id, int version,
                                                                const std::string& title, const ProseView& prose,
                                                                const ChunkRules& rules, int window_tokens,
                                                                const TokenCount& count);

}  // namespace twin::feature
