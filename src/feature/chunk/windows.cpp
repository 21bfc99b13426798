#include "feature/chunk/windows.h"

#include <algorithm>

namespace twin::feature {
namespace {

constexpr int most_growths = 4;
constexpr double well_filled = 0.9;
constexpr double growth_aim = 0.97;  // of the capacity: one token too many costs the whole try

/// The window made longer where the first guess was too short; where that is too much, halfway to it.
Result<Unit> grown(const ProseView& prose, UnitSplitter& splitter, Unit window, text::Span rest, int capacity) {
  const std::size_t longest = static_cast<std::size_t>(capacity) * max_bytes_per_token;
  std::size_t too_long = rest.start + longest + 1;
  for (int i = 0; i < most_growths && window.size < well_filled * capacity; ++i) {
    const double bytes = static_cast<double>(window.span.end - window.span.start);
    std::size_t want = rest.start + static_cast<std::size_t>(bytes * capacity * growth_aim / std::max(1, window.size));
    if (want >= too_long) want = window.span.end + (too_long - window.span.end) / 2;
    const text::Span longer{rest.start, cut_at(prose.text, rest.start, want, rest.end, longest, Whole::graphemes)};
    if (longer.end <= window.span.end || longer.end >= too_long) break;
    const Result<int> size = splitter.size(longer);
    if (!size) return tl::unexpected(size.error());
    if (*size > capacity) {
      too_long = longer.end;
    } else {
      window.span = longer;
      window.size = *size;
    }
  }
  return window;
}

}  // namespace

Result<Unit> first_window(const ProseView& prose, UnitSplitter& splitter, text::Span rest, int capacity, int least,
                          double& bytes_per_token) {
  Result<Unit> window = splitter.first_piece(rest, 0, capacity, bytes_per_token);
  if (window) window = grown(prose, splitter, *window, rest, capacity);
  if (!window) return window;
  const text::Span left = trimmed(prose.text, {window->span.end, rest.end}, Whole::graphemes);
  if (left.start == left.end || left.end - left.start > static_cast<std::size_t>(least) * max_bytes_per_token) {
    return window;
  }
  const Result<int> size = splitter.size(left);
  if (!size) return tl::unexpected(size.error());
  if (*size >= least) return window;
  return splitter.first_piece(rest, 0, std::max(1, (window->size + *size + 1) / 2), bytes_per_token);
}

}  // namespace twin::feature
