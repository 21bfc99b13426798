// How Korean words at the end of a clause look: what may end a sentence without a full stop, and what goes on.
#pragma once

#include <string_view>

namespace twin::text {

enum class Ending {
  none,        ///< a noun or anything else
  connective,  ///< the sentence goes on: -고, -며, -는데, particles
  plain,       ///< -다 and other endings that also stand inside sentences
  final,       ///< -습니다, -어요, -거든: hardly ever anything but the end
};

/// By the last syllables of a word of Hangul (a token between spaces, without what closes it). Valid UTF-8.
[[nodiscard]] Ending ending_of(std::string_view word);

/// Whether a word that follows an ending joins it into a longer sentence: "…했다 라고", "…합니다 만".
[[nodiscard]] bool joins(std::string_view word);

}  // namespace twin::text
