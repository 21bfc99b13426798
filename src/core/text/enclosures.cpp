#include "core/text/enclosures.h"

#include <string_view>

namespace twin::text {
namespace {

constexpr std::u32string_view kOpening = U"“‘「『《〈（([";
constexpr std::u32string_view kClosing = U"”’」』》〉）)]";

struct Open {
  char32_t closes = 0;
  std::size_t at = 0;
};

}  // namespace

std::vector<std::size_t> enclosures(const std::vector<Codepoint>& points, std::size_t most) {
  std::vector<std::size_t> closed_at(points.size(), 0);
  std::vector<Open> open;
  const auto at = [&](std::size_t i) { return i < points.size() ? points[i].value : U'\0'; };
  const auto space = [&](std::size_t i) { return i >= points.size() || is_space(points[i].value); };

  for (std::size_t i = 0; i < points.size(); ++i) {
    const char32_t c = points[i].value;
    if (c == U'\n' && at(i + 1) == U'\n') open.clear();
    while (!open.empty() && i - open.front().at > most) open.erase(open.begin());
    std::size_t closes = open.size();  // index into open
    if (c == U'"') {
      for (closes = 0; closes < open.size() && open[closes].closes != U'"'; ++closes) continue;
      if (closes == open.size()) {
        if (!space(i + 1)) open.push_back({U'"', i});
        continue;
      }
      if (i == 0 || space(i - 1)) {  // cannot close: a new one opens
        open.resize(closes);
        if (!space(i + 1)) open.push_back({U'"', i});
        continue;
      }
    } else if (const std::size_t which = kOpening.find(c); which != std::u32string_view::npos) {
      open.push_back({kClosing[which], i});
      continue;
    } else if (kClosing.find(c) != std::u32string_view::npos) {
      while (closes > 0 && open[closes - 1].closes != c) --closes;
      if (closes == 0) continue;
      --closes;
    } else {
      continue;
    }
    for (std::size_t k = open[closes].at + 1; k < i; ++k) closed_at[k] = i;
    open.resize(closes);
  }
  return closed_at;
}

}  // namespace twin::text
