// Questions as people mistype them: Korean without particles, with others, with blanks elsewhere; English with typos.
#pragma once

#include <random>
#include <string>
#include <string_view>

namespace twin::evaluation {

// Each returns the text with at least one mistake, or an empty string where the text has no place for one. Valid UTF-8
// in and out. The same text and generator give the same mistakes.

/// Particles are left out (two of three) or taken for others.
[[nodiscard]] std::string spoil_particles(std::string_view korean, std::mt19937_64& random);
/// Blanks are left out between words, or put inside one.
[[nodiscard]] std::string spoil_spacing(std::string_view korean, std::mt19937_64& random);
/// In one or two words of at least four letters: letters exchanged, left out, doubled, or hit beside (QWERTY). The
/// first letter stays, as it mostly does.
[[nodiscard]] std::string spoil_letters(std::string_view english, std::mt19937_64& random);

}  // namespace twin::evaluation
