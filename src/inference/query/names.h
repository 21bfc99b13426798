// Names of authors and languages as questions write them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stores/warehouse/document.h"

namespace twin::inference {

/// A way to call something, folded, and what is meant: an id.
struct Called {
  std::string name, id;
};

/// Names, aliases that are no addresses, and parts of names of three bytes or more that no other of these authors has.
[[nodiscard]] std::vector<Called> author_names(const std::vector<stores::User>& authors);

/// Whether `name` (folded) stands in `text` (folded) as a word of its own, particles after it allowed ("김철수가",
/// "jane's").
[[nodiscard]] bool names_word(std::string_view text, std::string_view name);

/// Codes of the languages that are called by their names in English or Korean: "german" and "독일어" are "de".
[[nodiscard]] const std::vector<Called>& language_names();
/// "de" is "German"; a code that is not known is itself.
[[nodiscard]] std::string language_name(std::string_view code);

}  // namespace twin::inference
