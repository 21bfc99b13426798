#include "feature/clean/picture.h"

#include <algorithm>

#include "core/text/unicode.h"
#include "feature/clean/dom.h"
#include "feature/clean/markdown_escape.h"

namespace twin::feature {
namespace {

/// A line of a text and where it went.
struct MovedLine {
  std::size_t from = 0, end = 0;  ///< what is left of it, in the old text
  std::size_t to = 0;             ///< in the new one
};

/// Where a byte of the old text is now; what went is where the next line begins.
std::size_t moved(const std::vector<MovedLine>& lines, std::size_t at, std::size_t size) {
  const auto line = std::find_if(lines.begin(), lines.end(), [at](const MovedLine& l) { return at <= l.end; });
  if (line == lines.end()) return size;
  return line->to + (std::max(at, line->from) - line->from);
}

void append_picture(const html::Node* node, std::string& out, std::vector<Picture>& pictures) {
  const std::string words = words_of_picture(html::attribute(node, "alt"), html::attribute(node, "title"));
  const bool apart = !words.empty() && !out.empty() && out.back() != ' ' && out.back() != '\n';
  if (apart) out += ' ';
  const std::size_t start = out.size();
  out += words;
  pictures.push_back({{start, out.size()}, picture_source(html::attribute(node, "src")), false});
  if (!words.empty()) out += ' ';
}

}  // namespace

std::string words_of_picture(std::string_view alternative, std::string_view title) {
  std::string alt = collapse_spaces(text::trim(alternative));
  const std::string said = collapse_spaces(text::trim(title));
  if (said.empty() || said == alt) return alt;
  return alt.empty() ? said : alt + " (" + said + ")";
}

std::string picture_source(std::string_view link) {
  const std::string_view trimmed = text::trim(link);
  if (!trimmed.starts_with("data:")) return std::string(trimmed);
  return std::string(trimmed.substr(0, trimmed.find_first_of(";,")));
}

std::string text_of_html(std::string_view html, std::vector<Picture>& pictures) {
  const auto document = html::Document::parse(html);
  std::string out;
  if (!document || document->body() == nullptr) return out;
  html::walk(document->body(), [&](html::Node* node) {
    if (html::is_text(node)) out += html::data(node);
    if (html::name(node) == "img") append_picture(node, out, pictures);
    return !html::one_of(html::name(node), "script style template");
  });
  return out;
}

std::string join_trimmed_lines(std::string_view text, char between, std::vector<Picture>& pictures) {
  std::string out;
  std::vector<MovedLine> lines;
  for (const auto line : text::split(text, '\n')) {
    const auto trimmed = text::trim(line);
    if (trimmed.empty()) continue;
    if (!out.empty()) out += between;
    const auto from = static_cast<std::size_t>(trimmed.data() - text.data());
    lines.push_back({from, from + trimmed.size(), out.size()});
    out += trimmed;
  }
  for (Picture& picture : pictures) {
    picture.span = {moved(lines, picture.span.start, out.size()), moved(lines, picture.span.end, out.size())};
    picture.span.end = std::max(picture.span.start, picture.span.end);
  }
  return out;
}

}  // namespace twin::feature
