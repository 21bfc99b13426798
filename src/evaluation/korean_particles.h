// Korean particles (josa) by the sound they follow: taken off, exchanged.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace twin::evaluation {

struct ParticleWord {
  std::string_view stem;      ///< at least two syllables where there is a particle
  std::string_view particle;  ///< empty: none
};
/// The longest particle that may follow the sound before it (은 after a consonant, 는 after a vowel). By form alone: 의
/// of 민주주의 is taken for one, too. A word that does not end in Hangul has none.
[[nodiscard]] ParticleWord split_particle(std::string_view word);

/// Another particle that a hasty writer puts there (은 for 이, 를 for 는 …), in the form that the stem asks for; empty
/// where there is no such.
[[nodiscard]] std::string confused_particle(const ParticleWord& word);

/// Number of the particle in the list behind split_particle(), counted from 1; 0: none.
[[nodiscard]] std::size_t particle_number(std::string_view particle);

}  // namespace twin::evaluation
