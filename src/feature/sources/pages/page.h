// One page of a site, read by the rules of its definition.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/http/http.h"
#include "feature/clean/dom.h"
#include "feature/sources/pages/definition.h"
#include "feature/sources/source.h"

namespace twin::feature::pages {

/// An HTML page as it was answered, as a tree.
class Page {
 public:
  /// Decodes by the charset that the answer or the page declares.
  [[nodiscard]] static Result<Page> parse(const HttpResponse& response, const std::string& url);

  /// Addresses of what `selector` finds (links, or elements around them): absolute, without fragment, http(s) only, in
  /// document order, each once.
  [[nodiscard]] std::vector<std::string> links(const std::string& selector) const;
  /// All values of a rule, white space collapsed, without empty ones.
  [[nodiscard]] std::vector<std::string> values(const ValueRule& rule) const;
  /// The document by the rules; not_found when the body's selector finds nothing. Detaches what is removed: call last.
  [[nodiscard]] Result<RawDocument> document(const Definition& definition, std::vector<Error>& notes);

 private:
  Page(html::Document document, std::string url, std::string text)
      : document_(std::move(document)), url_(std::move(url)), text_(std::move(text)) {}

  html::Document document_;
  std::string url_;   ///< that was asked for
  std::string base_;  ///< that links are relative to
  std::string text_;  ///< UTF-8
};

/// Media type of an answer, without parameters, in lower case; text/html when it says nothing.
[[nodiscard]] std::string media_type(const HttpResponse& response);

/// Whether an address may be a document by link_pattern, include, exclude and other_hosts.
class LinkRules {
 public:
  explicit LinkRules(const Definition& definition);
  ~LinkRules();
  LinkRules(LinkRules&&) noexcept;
  LinkRules& operator=(LinkRules&&) = delete;
  [[nodiscard]] bool accepts(const std::string& url) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace twin::feature::pages
