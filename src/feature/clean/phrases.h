// What headings and labels around an article say, in the languages of the web: "Related articles", "관련 글".
#pragma once

#include <string>
#include <string_view>

namespace twin::feature::html {

enum class Phrase {
  none,
  related,  ///< heads a list of other articles
  comments,
  promotion,  ///< newsletter, subscription, donation
  share,
  label,  ///< "Tags:", "Advertisement", "Source:": says nothing by itself
};

/// What a heading, a label or a short line is. Longer texts are none.
[[nodiscard]] Phrase phrase_of(std::string_view text);

}  // namespace twin::feature::html
