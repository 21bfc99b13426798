// What a declarative source says about a site: where its pages are and what is what on them.
#pragma once

#include <string>
#include <vector>

#include "core/config/binder.h"

namespace twin::feature::pages {

/// A value on a page: the text, or an attribute, of the elements that a selector finds, and of it what a pattern finds.
struct ValueRule {
  std::string selector;   ///< CSS; empty: this value is not read
  std::string attribute;  ///< empty: the text
  std::string pattern;    ///< regular expression; its first group, else all of it, is the value
  void bind(config::Binder& b);
};

struct BodyRule {
  std::string selector;             ///< CSS; empty: the main content is found as on any page
  std::vector<std::string> remove;  ///< CSS of what is inside and no writing
  void bind(config::Binder& b);
};

/// Keys of the source `pages`, in twin.yaml or in a file of their own.
struct Definition {
  std::string url;
  std::vector<std::string> urls;
  std::string link_selector, link_pattern;
  std::vector<std::string> include, exclude;
  bool other_hosts = false;
  std::string next_selector, page_url;
  int first_page = 1, page_step = 1, max_pages = 100, max_documents = 10'000;
  ValueRule title, author, published, tags, language;
  BodyRule body;
  std::vector<std::string> date_formats;
  std::string timezone = "+00:00";

  /// Broken selectors, patterns and formats are errors with file and line.
  void bind(config::Binder& b);
  /// Whether pages are looked through for links; else the start pages are the documents.
  [[nodiscard]] bool follows() const { return !link_selector.empty() || !link_pattern.empty(); }
};

/// A definition in a file of its own; the text of all errors, each with file and line, when there are any.
[[nodiscard]] std::string load_definition(const std::string& file, Definition& into);

}  // namespace twin::feature::pages
