#include "feature/chunk/units.h"

#include <algorithm>
#include <string_view>

#include "feature/chunk/sections.h"

namespace twin::feature {
namespace {

constexpr double first_guess_bytes_per_token = 3.0;
constexpr double fill = 0.9;  // aim a little below capacity, so that most pieces fit at the first count

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

bool starts_code_point(std::string_view text, std::size_t at) {
  return at >= text.size() || (static_cast<unsigned char>(text[at]) & 0xC0u) != 0x80u;
}

text::Span trimmed(std::string_view text, text::Span span) {
  while (span.start < span.end && is_space(text[span.start])) ++span.start;
  while (span.end > span.start && is_space(text[span.end - 1])) --span.end;
  return span;
}

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

// The last word boundary in (start, want], else the last code point boundary, else the end of the first code point.
std::size_t cut_at(std::string_view text, std::size_t start, std::size_t want, std::size_t end) {
  if (want >= end) return end;
  for (std::size_t at = want; at > start; --at) {
    if (is_space(text[at])) return at;
  }
  std::size_t at = want;
  while (at > start && !starts_code_point(text, at)) --at;
  if (at > start) return at;
  at = start + 1;
  while (at < end && !starts_code_point(text, at)) ++at;
  return at;
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
  const Block& whole = prose_.blocks[block];
  const std::string_view text = prose_.text;
  const bool by_lines = whole.kind == Block::Kind::code || whole.kind == Block::Kind::table;
  const text::Span content = trimmed(text, whole.span);
  if (content.start == content.end) return {};
  const Result<bool> fits =
      add_if_fits({by_lines ? whole.span.start : content.start, content.end}, block, capacity, out);
  if (!fits) return tl::unexpected(fits.error());
  if (*fits) return {};
  for (const text::Span piece : by_lines ? lines(text, whole.span) : sentences_of(sentences_, text, content)) {
    const Result<bool> added = add_if_fits(piece, block, capacity, out);
    if (!added) return tl::unexpected(added.error());
    if (*added) continue;
    if (Result<void> cut = split_words(piece, block, capacity, out); !cut) return cut;
  }
  return {};
}

Result<void> UnitSplitter::split_words(text::Span span, std::size_t block, int capacity, std::vector<Unit>& out) {
  const std::string_view text = prose_.text;
  const std::size_t longest = static_cast<std::size_t>(capacity) * max_bytes_per_token;
  double bytes_per_token = first_guess_bytes_per_token;
  span = trimmed(text, span);
  while (span.start < span.end) {
    std::size_t length = std::min(scaled(capacity * bytes_per_token * fill), longest);
    for (;;) {
      const text::Span piece{span.start, cut_at(text, span.start, span.start + length, span.end)};
      const Result<int> tokens = size(piece);
      if (!tokens) return tl::unexpected(tokens.error());
      const std::size_t bytes = piece.end - piece.start;
      const bool one_code_point = cut_at(text, piece.start, piece.start + 1, piece.end) >= piece.end;
      if (*tokens <= capacity || one_code_point) {
        out.push_back({piece, *tokens, block});
        bytes_per_token = std::max(1.0, static_cast<double>(bytes) / std::max(1, *tokens));
        span = trimmed(text, {piece.end, span.end});
        break;
      }
      length =
          std::min(scaled(static_cast<double>(bytes) * capacity / *tokens * fill), std::max<std::size_t>(1, bytes / 2));
    }
  }
  return {};
}

}  // namespace twin::feature
