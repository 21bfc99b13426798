#include "core/text/unicode.h"
#include "feature/clean/clean.h"

namespace twin::feature {
namespace {

void append_collapsed(std::string& out, std::string_view text) {
  bool space = !out.empty() && out.back() != '\n';
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      space = true;
      continue;
    }
    if (space && !out.empty() && out.back() != '\n') out += ' ';
    space = false;
    out += c;
  }
}

}  // namespace

std::string retrieval_view(const std::string& title, const std::vector<std::string>& headings,
                           std::string_view passage) {
  // The path begins with the title in most documents: once is enough.
  std::string path;
  append_collapsed(path, title);
  std::string last = path;
  for (const auto& heading : headings) {
    std::string collapsed;
    append_collapsed(collapsed, heading);
    if (collapsed.empty() || collapsed == last) continue;
    if (!path.empty()) path += " > ";
    path += collapsed;
    last = collapsed;
  }
  std::string out = path;
  if (!out.empty()) out += '\n';
  append_collapsed(out, passage);
  return text::nfc(out);
}

}  // namespace twin::feature
