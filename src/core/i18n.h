// Messages in the user's language (English, Korean), chosen by LC_ALL, LC_MESSAGES or LANG.
// The English text is the key; po/ko.yaml holds the Korean one. scripts/check-messages.py asserts that each
// tr() text of the source has a translation with the same placeholders.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>

namespace twin {

/// The translation of an English message, or the message itself. The view lives as long as `english` or the program.
[[nodiscard]] std::string_view translated(std::string_view english);

/// "en" or "ko". Set by the environment at first use; set_language() overrides it (anything but "ko" is English).
[[nodiscard]] std::string_view language();
void set_language(std::string_view code);

/// Formats a translated message: tr("No twin.yaml in {}", folder).
template <class... Args>
[[nodiscard]] std::string tr(fmt::format_string<Args...> english, Args&&... args) {
  const fmt::string_view key = english;
  const std::string_view text = translated({key.data(), key.size()});
  return fmt::vformat(fmt::string_view(text.data(), text.size()), fmt::make_format_args(args...));
}

}  // namespace twin
