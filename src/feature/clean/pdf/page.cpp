#include "feature/clean/pdf/page.h"

#include <algorithm>
#include <map>

#include "core/i18n.h"
#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "feature/clean/formats.h"
#include "feature/clean/office/package.h"

namespace twin::feature::pdf {
namespace {

/// Headers and footers stand in this share of the page's height, at either end.
constexpr double margin = 0.12;
/// On fewer pages a repeated line may be chance.
constexpr int fewest_pages = 3;
/// And on at least this share: a header of a chapter stands on its pages only, left and right ones alternate.
constexpr double least_share = 0.04;

double number(const pugi::xml_node& node, const char* name) {
  return node.attribute(name).as_double();
}

/// Digits and roman numerals of page numbers become one sign.
std::string shape_of(const std::string& line) {
  std::string out;
  for (const auto& word : text::split(line, ' ')) {
    const bool roman =
        !word.empty() && word.size() < 8 && word.find_first_not_of("ivxlcIVXLC") == std::string_view::npos;
    if (word.empty()) continue;
    out += ' ';
    if (roman) {
      out += '#';
      continue;
    }
    bool in_number = false;
    for (const char c : word) {
      const bool digit = text::is_ascii_digit(c);
      if (!digit) out += c;
      if (digit && !in_number) out += '#';
      in_number = digit;
    }
  }
  return out;
}

/// "12", "- 12 -", "12 / 40", "Page 12", "p. 12", "12쪽".
bool only_number(const std::string& shape) {
  std::string rest;
  for (const char c : text::fold(shape)) {
    if (c != ' ' && c != '#' && c != '-' && c != '/' && c != '|' && c != '.' && c != '[' && c != ']') rest += c;
  }
  const bool counted = shape.find('#') != std::string::npos;
  return counted && (rest.empty() || rest == "page" || rest == "pageof" || rest == "of" || rest == "p" ||
                     rest == "쪽" || rest == "페이지" || rest == "\u2013\u2013" || rest == "\u2014\u2014");
}

}  // namespace

Result<std::vector<Page>> parse_pages(std::string_view xhtml, const FormatRules& rules) {
  const std::string repaired = normalize_characters(text::repair_utf8(xhtml), true);
  const auto document = office::parse_xml(repaired, "pdftotext", rules);
  if (!document) return tl::unexpected(document.error());
  std::vector<Page> pages;
  for (const auto& node : document->document_element().child("body").child("doc").children("page")) {
    Page& page = pages.emplace_back();
    page.width = number(node, "width");
    page.height = number(node, "height");
    for (const auto& flow : node.children("flow")) {
      for (const auto& area : flow.children("block")) {
        Block block;
        for (const auto& entry : area.children("line")) {
          Line line{number(entry, "xMin"), number(entry, "yMin"), number(entry, "xMax"), number(entry, "yMax"), {}};
          for (const auto& word : entry.children("word")) {
            const std::string text(text::trim(office::text_below(word)));
            if (text.empty()) continue;
            if (!line.text.empty()) line.text += ' ';
            line.text += text;
          }
          if (!line.text.empty()) block.lines.push_back(std::move(line));
        }
        if (!block.lines.empty()) page.blocks.push_back(std::move(block));
      }
    }
  }
  return pages;
}

std::vector<Furniture> remove_furniture(std::vector<Page>& pages) {
  struct Seen {
    std::string text;
    std::size_t pages = 0, last = static_cast<std::size_t>(-1);
  };
  const auto in_margin = [](const Page& page, const Line& line) {
    return line.y1 < page.height * margin || line.y0 > page.height * (1 - margin);
  };
  std::map<std::string, Seen> seen;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    for (const Block& block : pages[i].blocks) {
      for (const Line& line : block.lines) {
        if (!in_margin(pages[i], line)) continue;
        Seen& entry = seen[shape_of(line.text)];
        if (entry.text.empty()) entry.text = line.text;
        if (entry.last == i) continue;
        entry.last = i;
        ++entry.pages;
      }
    }
  }
  const auto least =
      std::max<std::size_t>(fewest_pages, static_cast<std::size_t>(static_cast<double>(pages.size()) * least_share));
  std::map<std::string, Furniture> removed;
  for (Page& page : pages) {
    for (Block& block : page.blocks) {
      std::erase_if(block.lines, [&](const Line& line) {
        if (!in_margin(page, line)) return false;
        const std::string shape = shape_of(line.text);
        const Seen& entry = seen.at(shape);
        const bool numbered = only_number(shape) && (entry.pages >= 2 || pages.size() == 1);
        if (!numbered && entry.pages < least) return false;
        Furniture& out = removed[shape];
        out.text = entry.text;
        out.pages = static_cast<int>(entry.pages);
        return true;
      });
    }
    std::erase_if(page.blocks, [](const Block& block) { return block.lines.empty(); });
  }
  std::vector<Furniture> out;
  out.reserve(removed.size());
  for (auto& [shape, furniture] : removed) out.push_back(std::move(furniture));
  return out;
}

}  // namespace twin::feature::pdf
