// Names for groups of texts, by the words that tell them apart.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace twin::evaluation {

/// Words of one group's texts: key → how often, and each form as it was shown.
struct GroupWords {
  std::map<std::string, double> counts;
  std::map<std::string, std::map<std::string, int>> forms;
  void add(const std::string& key, const std::string& shown);
};

/// The best `count` words of each group by class-based tf-idf (Grootendorst, "BERTopic", 2022): frequency in the group
/// times log(1 + mean words of a group / frequency anywhere). Words that occur once in a group of several do not count.
/// Each in the form that its group uses most. Ties by the word.
[[nodiscard]] std::vector<std::vector<std::string>> group_names(const std::vector<GroupWords>& groups,
                                                                std::size_t count);

}  // namespace twin::evaluation
