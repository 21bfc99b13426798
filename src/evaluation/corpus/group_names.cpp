#include "evaluation/corpus/group_names.h"

#include <algorithm>
#include <cmath>

namespace twin::evaluation {

void GroupWords::add(const std::string& key, const std::string& shown) {
  counts[key] += 1;
  ++forms[key][shown];
}

std::vector<std::vector<std::string>> group_names(const std::vector<GroupWords>& groups, std::size_t count) {
  std::map<std::string, double> anywhere;
  double words = 0;
  for (const GroupWords& group : groups) {
    for (const auto& [key, times] : group.counts) {
      anywhere[key] += times;
      words += times;
    }
  }
  const double mean = groups.empty() ? 0 : words / static_cast<double>(groups.size());
  std::vector<std::vector<std::string>> names;
  for (const GroupWords& group : groups) {
    std::vector<std::pair<double, std::string>> ranked;
    for (const auto& [key, times] : group.counts) {
      if (times < 2 && group.counts.size() > count) continue;
      ranked.emplace_back(-times * std::log(1 + mean / anywhere[key]), key);
    }
    std::sort(ranked.begin(), ranked.end());
    if (ranked.size() > count) ranked.resize(count);
    std::vector<std::string> best;
    for (const auto& [weight, key] : ranked) {
      const auto& forms = group.forms.at(key);
      best.push_back(std::max_element(forms.begin(), forms.end(), [](const auto& a, const auto& b) {
                       return a.second < b.second;
                     })->first);
    }
    names.push_back(std::move(best));
  }
  return names;
}

}  // namespace twin::evaluation
