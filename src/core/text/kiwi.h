// Korean morphemes and sentences by Kiwi (Lee Minchul), a library that is loaded when it is asked for.
//
// Kiwi is not part of the program: a folder "kiwi" with libkiwi.so and model/ lies in $TWIN_KIWI, beside the programs
// or in ../lib/twin (scripts/setup/setup.sh kiwi builds it). Without it everything but this works.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/text/sentences.h"

namespace twin::text {

struct Morpheme {
  std::string form;            ///< as in the dictionary: "하" of "했다", "었", "다"
  std::string tag;             ///< of the Sejong tag set: NNG, NNP, VV, VA, JKS, EF, SL …
  Span span;                   ///< bytes of the text; contracted morphemes overlap
  std::uint32_t word = 0;      ///< number of its word between spaces
  std::uint32_t sentence = 0;  ///< number of its sentence
};

/// Nouns, verbs, adjectives, adverbs, roots, numbers and foreign words: what a search looks for. Not: particles,
/// endings, affixes, punctuation.
[[nodiscard]] bool is_content(const Morpheme& morpheme);

/// Thread-safe. Texts are valid UTF-8 and answers the same for the same text, model and version.
class Kiwi {
 public:
  /// From such a folder. ErrorKind::not_found when it or the library is not there, ErrorKind::invalid when they are of
  /// no use.
  [[nodiscard]] static Result<std::shared_ptr<const Kiwi>> load(const std::filesystem::path& folder);
  /// The one installed. Loaded at the first call (about a second, 150 MB) and kept; a failure is remembered, too.
  [[nodiscard]] static Result<std::shared_ptr<const Kiwi>> shared();
  virtual ~Kiwi() = default;

  /// As text::sentences(): in order, trimmed, holding every character that is no space. Its rules settle lines,
  /// marks and quotations; Kiwi adds the ends that no mark shows.
  [[nodiscard]] virtual Result<std::vector<Span>> sentences(std::string_view utf8) const = 0;
  /// In the order of the text.
  [[nodiscard]] virtual Result<std::vector<Morpheme>> morphemes(std::string_view utf8) const = 0;
  /// "0.24.1": part of cache keys of what is made with it.
  [[nodiscard]] virtual std::string version() const = 0;
};

}  // namespace twin::text
