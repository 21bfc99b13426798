// Which way sentences are split, by its name in the configuration.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/text/sentences.h"

namespace twin::text {

struct SentenceSplitter {
  std::function<std::vector<Span>(std::string_view utf8)> split;
  std::string version;  ///< "free-2", "kiwi-0.24.1": part of cache keys
};

/// "free": text::sentences(). "kiwi": Kiwi for Korean texts (text::sentences() for others); an error where it is not
/// installed. "auto": Kiwi where it is installed, else free: results then depend on the machine, and say so by
/// `version`.
[[nodiscard]] Result<SentenceSplitter> sentence_splitter(const std::string& tier);

}  // namespace twin::text
