// The first steps of a tokenizer.json (Hugging Face's tokenizers): how a text is normalized, and where it is split.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"

namespace twin::models {

using Normalizer = std::function<std::string(std::string)>;
/// Of "normalizer"; null is one that changes nothing. Another type than these is ErrorKind::invalid with its name:
/// Sequence, BertNormalizer, Precompiled, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Prepend, and Replace of
/// a text, of white space ("\s+") or of several blanks (" {2,}").
[[nodiscard]] Result<Normalizer> make_normalizer(const Json& json);

/// Pieces of a text. `first`: it stands at the very beginning of what is tokenized.
using Splitter = std::function<std::vector<std::string>(const std::string& text, bool first)>;
/// Of "pre_tokenizer"; null is one that leaves the text whole. Types: Sequence, BertPreTokenizer, Whitespace,
/// WhitespaceSplit, Metaspace, Punctuation (isolated), Digits.
[[nodiscard]] Result<Splitter> make_splitter(const Json& json);

}  // namespace twin::models
