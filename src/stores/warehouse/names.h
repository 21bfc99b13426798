// The names of a person, as every warehouse compares them.
#pragma once

#include <string>
#include <vector>

namespace twin::stores {

/// What two spellings of one name have in common: trimmed, NFC, case-folded.
[[nodiscard]] std::string name_key(const std::string& name);
/// The given names without blanks and repeats, valid UTF-8, the main one first.
[[nodiscard]] std::vector<std::string> names_of(const std::string& name, const std::vector<std::string>& aliases);

}  // namespace twin::stores
