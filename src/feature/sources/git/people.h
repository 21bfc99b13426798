// Who wrote in a repository: one entry per person, whatever names and addresses the commits carry.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace twin::feature::git {

/// How much each person did (commits, lines), by index into People.
using Shares = std::map<std::size_t, int>;

struct Person {
  std::string name;              ///< as seen first
  std::set<std::string> names;   ///< all, as written
  std::set<std::string> emails;  ///< all, as written; without empty ones
};

/// Persons in the order they were seen. Two signatures are the same person when the e-mail address or the name is the
/// same (case aside); what .mailmap joins was joined before.
class People {
 public:
  std::size_t add(const std::string& name, const std::string& email);
  [[nodiscard]] const Person& operator[](std::size_t index) const { return people_[index]; }
  [[nodiscard]] std::size_t size() const { return people_.size(); }

 private:
  std::vector<Person> people_;
  std::map<std::string, std::size_t> by_name_, by_email_;  ///< folded
};

/// The first of `wanted` (names or e-mail addresses, "*" for any part) that this name or address matches; empty: none.
[[nodiscard]] std::string matching_author(const std::vector<std::string>& wanted, const std::string& name,
                                          const std::string& email);
/// The same for any name or address of a person.
[[nodiscard]] std::string matching_author(const std::vector<std::string>& wanted, const Person& person);

}  // namespace twin::feature::git
