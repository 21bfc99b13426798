// Which language a text is in: by its scripts where they tell, else by a model of 176 languages that is loaded when it
// is needed for the first time.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

namespace twin::text {

struct LanguageGuess {
  std::string code;       ///< ISO 639-1 ("ko", "en", "zh" …), or 639-2 where there is no shorter one; "" unknown
  double confidence = 0;  ///< 0 to 1
};

/// By the scripts of the letters alone: Korean (also in posts that are mostly English terms and code), Japanese,
/// Chinese and languages with a script of their own. Several languages share Latin, Cyrillic, Arabic …: for these the
/// code is empty.
[[nodiscard]] LanguageGuess guess_by_script(std::string_view utf8);

/// The fastText model lid.176.ftz (Joulin et al. 2016; Grave 2018). Thread-safe once loaded.
class LanguageModel {
 public:
  /// Of `file`; ErrorKind::not_found, or ErrorKind::invalid when it is no such model.
  [[nodiscard]] static Result<std::shared_ptr<const LanguageModel>> load(const std::filesystem::path& file);
  /// The one that Twin brings along: loaded at the first call, kept for the life of the program.
  [[nodiscard]] static Result<std::shared_ptr<const LanguageModel>> shared();
  virtual ~LanguageModel() = default;
  /// The most probable language. Looks at the first few thousand bytes.
  [[nodiscard]] virtual LanguageGuess predict(std::string_view utf8) const = 0;
};

/// guess_by_script(), then the model. Without letters: unknown. Without the model, or where a few words leave it
/// undecided: English with confidence 0 for Latin script, else unknown.
[[nodiscard]] LanguageGuess identify_language(std::string_view utf8);

}  // namespace twin::text
