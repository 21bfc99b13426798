// Units: the pieces that chunks are packed from, each known to fit.
#pragma once

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "core/result.h"
#include "core/text/splitter.h"
#include "feature/chunk/chunk.h"
#include "feature/chunk/cut_points.h"

namespace twin::feature {

/// A token stands for at most this many bytes when sizes are judged. WordPiece makes one unknown token of a word of any
/// length: without this bound a megabyte without spaces would pass for a chunk of one token.
inline constexpr std::size_t max_bytes_per_token = 16;

/// Bytes of a token before any has been counted: first_piece().
inline constexpr double first_guess_bytes_per_token = 3.0;

/// A paragraph, sentence, line or piece of one.
struct Unit {
  text::Span span;        ///< bytes of ProseView::text
  int size = 0;           ///< tokens, or bytes / max_bytes_per_token when that is more
  std::size_t block = 0;  ///< index into ProseView::blocks
};

/// Cuts blocks into units. Every call of `count` may be a request to a worker: a text is counted once, never with more
/// than capacity * max_bytes_per_token bytes, and the number of calls is linear in the number of units.
class UnitSplitter {
 public:
  /// References outlive the splitter. `whole`: what split_words() never cuts through.
  UnitSplitter(const ProseView& prose, const TokenCount& count, const text::SentenceSplitter& sentences, Whole whole)
      : prose_(prose), count_(count), sentences_(sentences), whole_(whole) {}

  /// Appends the units of a block: the whole block when it fits into `capacity` tokens; else lines of code and tables,
  /// sentences of anything else; those too long by words, then by characters. They hold every non-space byte.
  [[nodiscard]] Result<void> split(std::size_t block, int capacity, std::vector<Unit>& out);
  /// As split(), but running text is always cut into its sentences.
  [[nodiscard]] Result<void> split_sentences(std::size_t block, int capacity, std::vector<Unit>& out);
  /// Appends the pieces of a span cut at words, then characters.
  [[nodiscard]] Result<void> split_words(text::Span span, std::size_t block, int capacity, std::vector<Unit>& out);
  /// The first of these pieces. `span` begins with no white space and is not empty. `bytes_per_token`: a guess, made
  /// better by each call.
  [[nodiscard]] Result<Unit> first_piece(text::Span span, std::size_t block, int capacity, double& bytes_per_token);
  /// Size of a span, as in Unit.
  [[nodiscard]] Result<int> size(text::Span span);

 private:
  [[nodiscard]] Result<void> split_block(std::size_t block, int capacity, bool keep_whole, std::vector<Unit>& out);
  [[nodiscard]] Result<bool> add_if_fits(text::Span span, std::size_t block, int capacity, std::vector<Unit>& out);

  const ProseView& prose_;
  const TokenCount& count_;
  const text::SentenceSplitter& sentences_;
  Whole whole_;
  std::map<std::pair<std::size_t, std::size_t>, int> sizes_;
};

}  // namespace twin::feature
