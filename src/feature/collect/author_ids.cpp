#include "feature/collect/author_ids.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text/unicode.h"

namespace twin::feature {
namespace {

const Author* find_author(const std::vector<Author>& authors, const std::string& name,
                          const std::vector<std::string>& aliases) {
  const auto same = [&](const std::string& known) {
    const std::string folded = text::fold(known);
    return folded == text::fold(name) ||
           std::any_of(aliases.begin(), aliases.end(), [&](const auto& alias) { return folded == text::fold(alias); });
  };
  for (const auto& author : authors) {
    if (same(author.name) || std::any_of(author.aliases.begin(), author.aliases.end(), same)) return &author;
  }
  return nullptr;
}

}  // namespace

std::vector<std::string> known_names(const SourceConfig& source, const std::vector<Author>& authors) {
  std::vector<std::string> names;
  const auto add = [&](const Author& author) {
    names.push_back(author.name);
    names.insert(names.end(), author.aliases.begin(), author.aliases.end());
  };
  if (source.authors.empty()) {
    for (const auto& author : authors) add(author);
  }
  for (const auto& name : source.authors) {
    const Author* author = find_author(authors, name, {});
    author == nullptr ? names.push_back(name) : add(*author);
  }
  return names;
}

std::vector<std::string> AuthorIds::of(const RawDocument& raw) {
  std::vector<std::string> names = raw.authors.empty() ? source_.authors : raw.authors;
  if (names.empty()) {
    for (const auto& author : authors_) names.push_back(author.name);
  }
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool named = !raw.authors.empty() && i == 0;
    std::string id = user(names[i], named ? raw.author_emails : std::vector<std::string>{});
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(std::move(id));
  }
  return ids;
}

std::string AuthorIds::user(const std::string& name, std::vector<std::string> aliases) {
  const std::string key = name + "\n" + fmt::format("{}", fmt::join(aliases, "\n"));
  const auto known = ids_.find(key);
  if (known != ids_.end()) return known->second;
  const Author* author = find_author(authors_, name, aliases);
  if (author != nullptr) {
    if (text::fold(author->name) != text::fold(name)) aliases.push_back(name);
    aliases.insert(aliases.end(), author->aliases.begin(), author->aliases.end());
  }
  const auto user = warehouse_.get_or_create_user(author == nullptr ? name : author->name, aliases);
  return ids_[key] = user.id;
}

}  // namespace twin::feature
