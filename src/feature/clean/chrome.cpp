#include "feature/clean/chrome.h"

#include <algorithm>

#include "core/text/ascii.h"
#include "feature/clean/characters.h"
#include "feature/clean/math.h"

namespace twin::feature::html {
namespace {

/// A form, or what is hidden until a script shows it, that holds this share of the page is the page.
constexpr double page_share = 0.5;

constexpr std::string_view chrome_roles =
    "navigation banner contentinfo complementary search menu menubar dialog alert alertdialog toolbar tablist tooltip "
    "listbox status progressbar";

struct ChromeTags {
  TagSet silent{
      "script style template iframe object embed canvas audio video map area button input select "
      "textarea datalist progress meter head title meta link base param source track rp option optgroup"};
  TagSet chrome{"nav dialog menu"};
  TagSet formula{"math"};
  TagSet shows{"p pre img h1 h2 h3"};
  TagSet around_header{"article main section"};
  TagSet around_footer{"blockquote figure"};
  TagSet title_or_text{"h1 p"};
  unsigned header = tag_of_name("header"), footer = tag_of_name("footer"), aside = tag_of_name("aside"),
           form = tag_of_name("form"), svg = tag_of_name("svg"), script = tag_of_name("script"),
           noscript = tag_of_name("noscript");
};
const ChromeTags& chrome_tags() {
  static const ChromeTags instance;
  return instance;
}

bool contains(const PageMap& page, std::size_t index, const TagSet& wanted) {
  for (std::size_t i = index + 1; i < page[index].end; ++i) {
    if (wanted.has(page[i].tag)) return true;
  }
  return false;
}

bool has_ancestor(const PageMap& page, std::size_t index, const TagSet& wanted) {
  while (index != 0) {
    index = page[index].parent;
    if (wanted.has(page[index].tag)) return true;
  }
  return false;
}

bool hides(std::string_view style) {
  std::string plain;
  for (const char c : style) {
    if (!is_space(c)) plain += text::ascii_lower(c);
  }
  return plain.find("display:none") != std::string::npos || plain.find("visibility:hidden") != std::string::npos;
}

/// TeX kept for MathJax.
bool is_written(const Node* node, unsigned tag) {
  return tag == chrome_tags().script && attribute(node, "type").substr(0, 8) == "math/tex";
}

/// Why an element's attributes say that it is no writing.
std::string attribute_reason(const PageMap& page, std::size_t index) {
  if (contains(page, index, chrome_tags().formula)) return {};  // Wikipedia hides the source of what it shows
  const void* at = nullptr;
  std::string_view key, value;
  while (next_attribute(page[index].node, at, key, value)) {
    if (key == "role" && one_of(value, chrome_roles)) return "role=" + std::string(value);
    if (key == "hidden" || (key == "style" && hides(value))) return "hidden";
    if (key == "aria-hidden" && value == "true" && !contains(page, index, chrome_tags().shows)) return "hidden";
  }
  return {};
}

/// Why an element is chrome; empty when it is not.
std::string chrome_reason(const PageMap& page, std::size_t index) {
  const Element& element = page[index];
  const unsigned tag = element.tag;
  if (is_written(element.node, tag)) return {};
  if (chrome_tags().silent.has(tag) || tag == chrome_tags().svg) return std::string(name(element.node));
  // Some blogs keep the whole post there and let a script show it.
  constexpr double post_share = 0.3;
  if (tag == chrome_tags().noscript) {
    return element.text > post_share * static_cast<double>(page[0].text) ? std::string() : std::string("noscript");
  }
  if (is_rendered_formula(element.node)) return "formula as shown";
  if (static_cast<double>(element.text) >= page_share * static_cast<double>(page[0].text)) return {};
  if (chrome_tags().chrome.has(tag)) return std::string(name(element.node));
  // The header of an article holds its title and lead; that of the page does not.
  if (tag == chrome_tags().header && !has_ancestor(page, index, chrome_tags().around_header) &&
      !contains(page, index, chrome_tags().title_or_text)) {
    return "header";
  }
  if (tag == chrome_tags().footer && !has_ancestor(page, index, chrome_tags().around_footer)) return "footer";
  if (tag == chrome_tags().aside) return "aside";
  if (tag == chrome_tags().form) return "form";
  return attribute_reason(page, index);
}

}  // namespace

void drop_chrome(PageMap& page, const std::vector<bool>& kept) {
  for (std::size_t i = 1; i < page.size(); ++i) {
    if (page[i].reason == 0 && !kept[i]) {
      if (const auto reason = chrome_reason(page, i); !reason.empty()) page.remove(i, reason);
    }
    if (page[i].reason != 0) i = page[i].end - 1;
  }
}

}  // namespace twin::feature::html
