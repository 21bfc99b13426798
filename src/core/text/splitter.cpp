#include "core/text/splitter.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "core/i18n.h"
#include "core/text/kiwi.h"
#include "core/text/unicode.h"

namespace twin::text {

Result<SentenceSplitter> sentence_splitter(const std::string& tier) {
  const SentenceSplitter free{sentences, fmt::format("free-{}", sentences_version)};
  if (tier == "free") return free;
  if (tier != "kiwi" && tier != "auto") {
    return fail(ErrorKind::usage, tr("There is no way of splitting sentences called '{}'", tier), {},
                tr("write free, kiwi or auto"));
  }
  const auto kiwi = Kiwi::shared();
  if (!kiwi) return tier == "auto" ? Result<SentenceSplitter>(free) : tl::unexpected(kiwi.error());
  return SentenceSplitter{[kiwi = *kiwi](std::string_view utf8) {
                            if (guess_language(utf8) != "ko") return sentences(utf8);
                            // A text that Kiwi cannot take is split all the same.
                            auto spans = kiwi->sentences(utf8);
                            return spans ? std::move(*spans) : sentences(utf8);
                          },
                          fmt::format("kiwi-{}-{}", (*kiwi)->version(), sentences_version)};
}

}  // namespace twin::text
