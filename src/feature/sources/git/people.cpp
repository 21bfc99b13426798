#include "feature/sources/git/people.h"

#include "core/text/unicode.h"
#include "feature/collect/path_filter.h"

namespace twin::feature::git {

std::size_t People::add(const std::string& name, const std::string& email) {
  const std::string folded_name = text::fold(text::trim(name)), folded_email = text::fold(text::trim(email));
  const auto known_email = by_email_.find(folded_email);
  const auto known_name = by_name_.find(folded_name);
  std::size_t index = people_.size();
  if (!folded_email.empty() && known_email != by_email_.end()) {
    index = known_email->second;
  } else if (!folded_name.empty() && known_name != by_name_.end()) {
    index = known_name->second;
  }
  if (index == people_.size()) {
    people_.push_back({.name = name.empty() ? email : name, .names = {}, .emails = {}});
  }
  if (!folded_name.empty()) {
    by_name_.emplace(folded_name, index);
    people_[index].names.insert(name);
  }
  if (!folded_email.empty()) {
    by_email_.emplace(folded_email, index);
    people_[index].emails.insert(email);
  }
  return index;
}

std::string matching_author(const std::vector<std::string>& wanted, const std::string& name, const std::string& email) {
  const std::string folded_name = text::fold(name), folded_email = text::fold(email);
  for (const auto& author : wanted) {
    const std::string pattern = text::fold(text::trim(author));
    if (glob_match(pattern, folded_name) || glob_match(pattern, folded_email)) return author;
  }
  return {};
}

std::string matching_author(const std::vector<std::string>& wanted, const Person& person) {
  for (const auto& name : person.names) {
    if (auto author = matching_author(wanted, name, ""); !author.empty()) return author;
  }
  for (const auto& email : person.emails) {
    if (auto author = matching_author(wanted, "", email); !author.empty()) return author;
  }
  return {};
}

}  // namespace twin::feature::git
