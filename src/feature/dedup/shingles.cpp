#include "feature/dedup/shingles.h"

#include <algorithm>
#include <string>

#include "core/split_mix.h"
#include "core/text/unicode.h"

namespace twin::feature {
namespace {

constexpr std::uint64_t base = 0xD6E8FEB86659FD93u;  // of the rolling polynomial; odd, otherwise arbitrary

/// Characters that normalization and case folding leave alone, and that never compose with a neighbour of this set:
/// almost all of Korean, Chinese, Japanese and typographic text. ASCII is treated apart.
bool is_inert(char32_t c) {
  return (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3041 && c <= 0x3096) ||
         (c >= 0x30A1 && c <= 0x30FC) || (c >= 0x2010 && c <= 0x2027) || (c >= 0x3001 && c <= 0x3029) || c == 0x00B7;
}

bool is_ascii_space(char32_t c) {
  return c == U' ' || (c >= U'\t' && c <= U'\r');
}

/// The inert part of folding, or false when a character needs the whole of it.
bool fold_inert(std::string_view utf8, std::vector<char32_t>& out) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(utf8[i]); };
  for (std::size_t i = 0; i < utf8.size();) {
    const unsigned char first = byte(i);
    char32_t c = first;
    if (first < 0x80) {
      if (c >= U'A' && c <= U'Z') c += U'a' - U'A';
      i += 1;
    } else if (first < 0xE0) {
      if (i + 1 >= utf8.size()) return false;
      c = static_cast<char32_t>((first & 0x1Fu) << 6u | (byte(i + 1) & 0x3Fu));
      i += 2;
    } else if (first < 0xF0) {
      if (i + 2 >= utf8.size()) return false;
      c = static_cast<char32_t>((first & 0x0Fu) << 12u | (byte(i + 1) & 0x3Fu) << 6u | (byte(i + 2) & 0x3Fu));
      i += 3;
    } else {
      return false;
    }
    if (c >= 0x80 && !is_inert(c)) return false;
    if (!is_ascii_space(c)) {
      out.push_back(c);
    } else if (!out.empty() && out.back() != U' ') {
      out.push_back(U' ');
    }
  }
  if (!out.empty() && out.back() == U' ') out.pop_back();
  return true;
}

std::vector<char32_t> folded(std::string_view utf8) {
  std::vector<char32_t> out;
  out.reserve(utf8.size() / 2 + 1);
  if (fold_inert(utf8, out)) return out;
  out.clear();
  for (const text::Codepoint& point : text::codepoints(text::fold(utf8))) {
    if (!text::is_space(point.value)) {
      out.push_back(point.value);
    } else if (!out.empty() && out.back() != U' ') {
      out.push_back(U' ');
    }
  }
  if (!out.empty() && out.back() == U' ') out.pop_back();
  return out;
}

}  // namespace

std::vector<std::uint64_t> shingle_hashes(std::string_view utf8, std::size_t length) {
  const std::vector<char32_t> points = folded(utf8);
  std::vector<std::uint64_t> out;
  if (points.empty()) return out;
  length = std::clamp<std::size_t>(length, 1, points.size());
  std::uint64_t leaving = 1;  // base ^ length: the weight with which a character leaves the window
  for (std::size_t i = 0; i < length; ++i) leaving *= base;
  out.resize(points.size() - length + 1);
  std::uint64_t rolling = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    rolling = rolling * base + points[i] + 1;
    if (i >= length) rolling -= leaving * (points[i - length] + 1);
    if (i + 1 >= length) out[i + 1 - length] = split_mix(rolling);
  }
  return out;
}

void make_set(std::vector<std::uint64_t>& hashes) {
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
}

std::vector<std::uint64_t> shingles(std::string_view utf8, std::size_t length) {
  std::vector<std::uint64_t> out = shingle_hashes(utf8, length);
  make_set(out);
  return out;
}

double jaccard(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b) {
  if (a.empty() && b.empty()) return 1.0;
  std::size_t common = 0;
  for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end();) {
    const bool equal = *x == *y;
    const bool x_first = *x < *y;
    common += equal ? 1 : 0;
    x += equal || x_first ? 1 : 0;
    y += equal || !x_first ? 1 : 0;
  }
  return static_cast<double>(common) / static_cast<double>(a.size() + b.size() - common);
}

}  // namespace twin::feature
