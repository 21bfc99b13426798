// Groups of texts with names: what index maps and the diversity of training sets share.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace twin::evaluation {

/// Named by the words that its texts hold and the others lack: class-based tf-idf (group_names()).
struct NamedGroup {
  std::string name;                ///< the first words, joined by ", "
  std::vector<std::string> words;  ///< best first
  int points = 0;
};

/// `groups`: the group of each text, numbered from 0. `name_words`: how many words are in a name.
[[nodiscard]] std::vector<NamedGroup> name_groups(const std::vector<std::string>& texts, const std::vector<int>& groups,
                                                  std::size_t name_words);

/// The first characters, white space as single blanks; "…" where there are more.
[[nodiscard]] std::string shortened_text(const std::string& text, std::size_t characters);

}  // namespace twin::evaluation
