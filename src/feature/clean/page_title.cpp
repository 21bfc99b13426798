#include "feature/clean/page_title.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/text/unicode.h"
#include "feature/clean/page_map.h"

namespace twin::feature::html {
namespace {

constexpr std::array<std::string_view, 13> separators{" | ", " - ", " – ", " — ", " :: ", " ::: ", " : ",
                                                      " » ", " « ", " · ", " • ", " ｜ ", " > "};

/// Where the first or the last separator stands; npos: there is none.
struct Cut {
  std::size_t at = std::string_view::npos;
  std::size_t length = 0;
};

Cut last_cut(std::string_view title) {
  Cut cut;
  for (const auto separator : separators) {
    const std::size_t at = title.rfind(separator);
    if (at != std::string_view::npos && (cut.at == std::string_view::npos || at > cut.at)) cut = {at, separator.size()};
  }
  return cut;
}

Cut first_cut(std::string_view title) {
  Cut cut;
  for (const auto separator : separators) {
    const std::size_t at = title.find(separator);
    if (at != std::string_view::npos && (cut.at == std::string_view::npos || at < cut.at)) cut = {at, separator.size()};
  }
  return cut;
}

std::string without_site(const std::string& title, const std::string& site) {
  if (site.empty() || title.size() <= site.size()) return title;
  if (const Cut cut = last_cut(title); cut.at != std::string_view::npos) {
    if (text::fold(title.substr(cut.at + cut.length)) == text::fold(site)) return title.substr(0, cut.at);
  }
  if (const Cut cut = first_cut(title); cut.at != std::string_view::npos) {
    if (text::fold(title.substr(0, cut.at)) == text::fold(site)) return title.substr(cut.at + cut.length);
  }
  return title;
}

/// The heading of the page that the title names, if it is the greater part of it.
std::string named_heading(const std::string& title, const std::vector<std::string>& headings) {
  for (const auto& heading : headings) {
    if (!heading.empty() && title.find(heading) != std::string::npos && heading.size() * 4 >= title.size())
      return heading;
  }
  return {};
}

/// What stands behind the last separator is the site's name when it is much shorter than what stands before.
std::string without_suffix(const std::string& title) {
  const Cut cut = last_cut(title);
  if (cut.at == std::string_view::npos) return title;
  const auto before = columns_of(std::string_view(title).substr(0, cut.at));
  const auto after = columns_of(std::string_view(title).substr(cut.at + cut.length));
  constexpr std::uint32_t shortest_title = 10, longest_site = 30;
  if (before >= shortest_title && after <= longest_site && after < before) return title.substr(0, cut.at);
  // Old Korean sites name themselves first: "::: Site ::: Post".
  const auto separator = title.substr(cut.at, cut.length);
  const bool site_first = separator == " ::: " || separator == " :: " || separator == " » ";
  return site_first && after >= shortest_title ? title.substr(cut.at + cut.length) : title;
}

}  // namespace

std::string page_title(const TitleParts& parts) {
  if (!parts.open_graph.empty()) {
    std::string title = without_site(parts.open_graph, parts.site_name);
    if (title.size() < parts.open_graph.size()) return title;
    if (auto heading = named_heading(title, parts.headings); !heading.empty()) return heading;
    // Where <title> is the same, the site's name stands in both.
    return title;
  }
  if (!parts.element.empty()) {
    if (auto heading = named_heading(parts.element, parts.headings); !heading.empty()) return heading;
    std::string title = without_site(parts.element, parts.site_name);
    if (title.size() < parts.element.size()) return title;
    if (!parts.headline.empty()) return parts.headline;
    return without_suffix(parts.element);
  }
  if (!parts.headline.empty()) return parts.headline;
  return parts.headings.empty() ? std::string() : parts.headings.front();
}

}  // namespace twin::feature::html
