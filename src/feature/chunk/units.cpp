#include "feature/chunk/units.h"

#include <algorithm>
#include <string_view>

#include "feature/chunk/sections.h"

namespace twin::feature {
namespace {

constexpr double fill = 0.9;  // aim a little below capacity, so that most pieces fit at the first count

std::vector<text::Span> lines(std::string_view text, text::Span span) {
  std::vector<text::Span> out;
  for (std::size_t at = span.start; at < span.end;) {
    const std::size_t end = std::min(text.find('\n', at), span.end);
    const text::Span content = trimmed(text, {at, end});
    if (content.start < content.end) out.push_back({at, content.end});  // indentation belongs to the line
    at = end + 1;
  }
  return out;
}

std::vector<text::Span> sentences_of(const text::SentenceSplitter& sentences, std::string_view text, text::Span span) {
  std::vector<text::Span> out = sentences.split(text.substr(span.start, span.end - span.start));
  for (text::Span& sentence : out) {
    sentence.start += span.start;
    sentence.end += span.start;
  }
  return out;
}

std::size_t scaled(double bytes) {
  return std::max<std::size_t>(1, static_cast<std::size_t>(bytes));
}

}  // namespace

Result<int> UnitSplitter::size(text::Span span) {
  const auto key = std::pair(span.start, span.end);
  if (const auto it = sizes_.find(key); it != sizes_.end()) return it->second;
  const std::size_t bytes = span.end - span.start;
  Result<int> tokens = count_(text_of(prose_, span));
  if (!tokens) return tokens;
  const int least = static_cast<int>((bytes + max_bytes_per_token - 1) / max_bytes_per_token);
  return sizes_[key] = std::max(*tokens, least);
}

Result<bool> UnitSplitter::add_if_fits(text::Span span, std::size_t block, int capacity, std::vector<Unit>& out) {
  if (span.end - span.start > static_cast<std::size_t>(capacity) * max_bytes_per_token) return false;
  const Result<int> tokens = size(span);
  if (!tokens) return tl::unexpected(tokens.error());
  if (*tokens > capacity) return false;
  out.push_back({span, *tokens, block});
  return true;
}

Result<void> UnitSplitter::split(std::size_t block, int capacity, std::vector<Unit>& out) {
  return split_block(block, capacity, true, out);
}

Result<void> UnitSplitter::split_sentences(std::size_t block, int capacity, std::vector<Unit>& out) {
  return split_block(block, capacity, false, out);
}

Result<void> UnitSplitter::split_block(std::size_t block, int capacity, bool keep_whole, std::vector<Unit>& out) {
  const Block& whole = prose_.blocks[block];
  const std::string_view text = prose_.text;
  const bool by_lines = whole.kind == Block::Kind::code || whole.kind == Block::Kind::table;
  const text::Span content = trimmed(text, whole.span);
  if (content.start == content.end) return {};
  if (keep_whole || by_lines) {
    const Result<bool> fits =
        add_if_fits({by_lines ? whole.span.start : content.start, content.end}, block, capacity, out);
    if (!fits) return tl::unexpected(fits.error());
    if (*fits) return {};
  }
  for (const text::Span piece : by_lines ? lines(text, whole.span) : sentences_of(sentences_, text, content)) {
    const Result<bool> added = add_if_fits(piece, block, capacity, out);
    if (!added) return tl::unexpected(added.error());
    if (*added) continue;
    if (Result<void> cut = split_words(piece, block, capacity, out); !cut) return cut;
  }
  return {};
}

Result<void> UnitSplitter::split_words(text::Span span, std::size_t block, int capacity, std::vector<Unit>& out) {
  double bytes_per_token = first_guess_bytes_per_token;
  span = trimmed(prose_.text, span, whole_);
  while (span.start < span.end) {
    const Result<Unit> piece = first_piece(span, block, capacity, bytes_per_token);
    if (!piece) return tl::unexpected(piece.error());
    out.push_back(*piece);
    span = trimmed(prose_.text, {piece->span.end, span.end}, whole_);
  }
  return {};
}

Result<Unit> UnitSplitter::first_piece(text::Span span, std::size_t block, int capacity, double& bytes_per_token) {
  const std::string_view text = prose_.text;
  const std::size_t longest = static_cast<std::size_t>(capacity) * max_bytes_per_token;
  std::size_t length = std::min(scaled(capacity * bytes_per_token * fill), longest);
  Whole whole = whole_;
  for (;;) {
    const text::Span piece{span.start, cut_at(text, span.start, span.start + length, span.end, longest, whole)};
    const Result<int> tokens = size(piece);
    if (!tokens) return tl::unexpected(tokens.error());
    const std::size_t bytes = piece.end - piece.start;
    const auto is_one = [&](Whole what) {
      return cut_at(text, piece.start, piece.start + 1, piece.end, longest, what) >= piece.end;
    };
    if (*tokens <= capacity || is_one(Whole::code_points)) {
      bytes_per_token = std::max(1.0, static_cast<double>(bytes) / std::max(1, *tokens));
      return Unit{piece, *tokens, block};
    }
    if (is_one(whole)) whole = Whole::code_points;  // a single character of more tokens than a passage may have
    length =
        std::min(scaled(static_cast<double>(bytes) * capacity / *tokens * fill), std::max<std::size_t>(1, bytes / 2));
  }
}

}  // namespace twin::feature
