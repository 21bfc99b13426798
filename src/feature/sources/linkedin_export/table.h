// Tables of a LinkedIn export. Their headers are in the language of the account.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/csv.h"
#include "core/result.h"

namespace twin::feature::linkedin {

/// A row by the English name of its columns: "ShareCommentary", "First Name" …
using Row = std::map<std::string, std::string>;

enum class Kind { shares, profile, positions, other };

struct Table {
  Kind kind = Kind::other;
  std::vector<Row> rows;
  std::string problem;  ///< why the rest could not be read
};

/// Recognizes the table by its header, whatever the file is called. Korean and English headers are known; shares are
/// also recognized by their links.
[[nodiscard]] Table read_table(std::string_view utf8);

/// LinkedIn writes each line of a text between quotes of its own: `first"⏎"second`. The text without them; a text in
/// which only some lines have quotes is left as it is.
[[nodiscard]] std::string plain_text(const std::string& text);

}  // namespace twin::feature::linkedin
