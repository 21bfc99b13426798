#include "evaluation/korean_particles.h"

#include <algorithm>
#include <array>

#include "core/text/unicode.h"

namespace twin::evaluation {
namespace {

enum class Sound { any, vowel, consonant, vowel_or_l };

struct KoreanParticle {
  std::string_view form;
  Sound after;
  std::string_view confused_vowel = "", confused_consonant = "";  // what stands for it by mistake, by the stem's sound
};

// Longest first, so that 에서는 is not taken for 는. At most 63: TopicWords keeps them as bits.
constexpr std::array<KoreanParticle, 45> kParticles = {{
    {"으로부터", Sound::consonant},
    {"에서부터", Sound::any},
    {"이라는", Sound::consonant},
    {"이라고", Sound::consonant},
    {"으로는", Sound::consonant},
    {"으로써", Sound::consonant},
    {"으로서", Sound::consonant},
    {"에서는", Sound::any, "에는", "에는"},
    {"에서도", Sound::any, "에도", "에도"},
    {"에게서", Sound::any},
    {"에게는", Sound::any},
    {"로부터", Sound::vowel_or_l},
    {"라는", Sound::vowel},
    {"라고", Sound::vowel},
    {"로는", Sound::vowel_or_l},
    {"로써", Sound::vowel_or_l},
    {"로서", Sound::vowel_or_l},
    {"와는", Sound::vowel},
    {"과는", Sound::consonant},
    {"와의", Sound::vowel},
    {"과의", Sound::consonant},
    {"에서", Sound::any, "에", "에"},
    {"에게", Sound::any, "한테", "한테"},
    {"에는", Sound::any, "에서는", "에서는"},
    {"에도", Sound::any, "에서도", "에서도"},
    {"한테", Sound::any, "에게", "에게"},
    {"께서", Sound::any},
    {"까지", Sound::any},
    {"부터", Sound::any},
    {"보다", Sound::any},
    {"처럼", Sound::any},
    {"마다", Sound::any},
    {"으로", Sound::consonant, "", "을"},
    {"이나", Sound::consonant},
    {"이란", Sound::consonant},
    {"은", Sound::consonant, "", "이"},
    {"는", Sound::vowel, "가", ""},
    {"이", Sound::consonant, "", "은"},
    {"가", Sound::vowel, "는", ""},
    {"을", Sound::consonant, "", "은"},
    {"를", Sound::vowel, "는", ""},
    {"과", Sound::consonant, "", "랑"},
    {"와", Sound::vowel, "랑", ""},
    {"에", Sound::any, "에서", "에서"},
    {"의", Sound::any, "에", "에"},
}};
// 로, 도, 만, 나, 란 end too many nouns to be taken off by form alone (고속도로, 낱말만큼, 제도).

/// Final consonant of the last syllable, as its number in the block of Hangul syllables; -1: no syllable.
int final_consonant(std::string_view word) {
  const auto points = text::codepoints(word);
  if (points.empty()) return -1;
  const char32_t last = points.back().value;
  return last >= 0xAC00 && last <= 0xD7A3 ? static_cast<int>((last - 0xAC00) % 28) : -1;
}

bool follows(Sound sound, int final) {
  constexpr int rieul = 8;
  if (final < 0) return false;
  switch (sound) {
    case Sound::any:
      return true;
    case Sound::vowel:
      return final == 0;
    case Sound::consonant:
      return final > 0;
    case Sound::vowel_or_l:
      return final == 0 || final == rieul;
  }
  return false;
}

}  // namespace

ParticleWord split_particle(std::string_view word) {
  constexpr std::size_t syllable_bytes = 3;
  for (const KoreanParticle& particle : kParticles) {
    if (word.size() < particle.form.size() + 2 * syllable_bytes || !word.ends_with(particle.form)) continue;
    const std::string_view stem = word.substr(0, word.size() - particle.form.size());
    if (follows(particle.after, final_consonant(stem))) return {stem, particle.form};
  }
  return {word, {}};
}

std::string confused_particle(const ParticleWord& word) {
  const std::size_t number = particle_number(word.particle);
  if (number == 0) return {};
  const KoreanParticle& particle = kParticles.at(number - 1);
  return std::string(final_consonant(word.stem) == 0 ? particle.confused_vowel : particle.confused_consonant);
}

std::size_t particle_number(std::string_view form) {
  const auto* found =
      std::find_if(kParticles.begin(), kParticles.end(), [&](const KoreanParticle& p) { return p.form == form; });
  return form.empty() || found == kParticles.end() ? 0 : static_cast<std::size_t>(found - kParticles.begin()) + 1;
}

}  // namespace twin::evaluation
