#include "feature/chunk/cut_points.h"

#include "core/text/graphemes.h"

namespace twin::feature {
namespace {

bool starts_code_point(std::string_view text, std::size_t at) {
  return at >= text.size() || (static_cast<unsigned char>(text[at]) & 0xC0u) != 0x80u;
}

std::size_t cut_at_code_point(std::string_view text, std::size_t start, std::size_t want, std::size_t end) {
  for (std::size_t at = want; at > start; --at) {
    if (is_white(text[at])) return at;
  }
  std::size_t at = want;
  while (at > start && !starts_code_point(text, at)) --at;
  if (at > start) return at;
  at = start + 1;
  while (at < end && !starts_code_point(text, at)) ++at;
  return at;
}

/// Whether the white space at `at`, where a grapheme begins, is one by itself or with white space only (CR LF).
bool stands_alone(std::string_view text, std::size_t at) {
  const std::size_t end = text::grapheme_end(text, at, at + 2);
  return end == at + 1 || (end == at + 2 && is_white(text[at + 1]));
}

std::size_t cut_at_grapheme(std::string_view text, std::size_t start, std::size_t want, std::size_t end,
                            std::size_t longest) {
  std::size_t at = start, word = start;
  while (at < want) {
    const std::size_t next = text::grapheme_end(text, at, want + 1);
    if (next > want) break;
    at = next;
    if (is_white(text[at]) && !is_white(text[at - 1]) && stands_alone(text, at)) word = at;
  }
  if (word > start) return word;
  if (at > start) return at;
  const std::size_t whole = text::grapheme_end(text.substr(0, end), start, start + longest + 1);
  return whole - start <= longest ? whole : cut_at_code_point(text, start, want, end);
}

}  // namespace

bool is_white(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

text::Span trimmed(std::string_view text, text::Span span, Whole whole) {
  while (span.start < span.end && is_white(text[span.start]) &&
         (whole == Whole::code_points || stands_alone(text, span.start))) {
    ++span.start;
  }
  while (span.end > span.start && is_white(text[span.end - 1])) --span.end;
  return span;
}

std::size_t cut_at(std::string_view text, std::size_t start, std::size_t want, std::size_t end, std::size_t longest,
                   Whole whole) {
  if (want >= end) return end;
  return whole == Whole::graphemes ? cut_at_grapheme(text, start, want, end, longest)
                                   : cut_at_code_point(text, start, want, end);
}

}  // namespace twin::feature
