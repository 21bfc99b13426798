// Which way Korean is cut into words, and how that is remembered with an index.
#pragma once

#include <memory>
#include <string>

#include "core/result.h"
#include "core/text/kiwi.h"

namespace twin::stores {

/// - bigrams: overlapping pairs of syllables; needs nothing, ten times as fast.
/// - morphemes: the content words that Kiwi finds, by their dictionary form; needs Kiwi to be installed.
struct TokenizerTier {
  std::string name = "bigrams";            ///< bigrams | morphemes
  std::shared_ptr<const text::Kiwi> kiwi;  ///< of morphemes; else null

  /// What an index remembers: tier, its version and Kiwi's. Another identity: its words are made again.
  [[nodiscard]] std::string identity() const;
};

/// "bigrams", "morphemes", or "auto": morphemes where Kiwi is installed. Throws Fatal when Kiwi is asked for and is not
/// there, or for another name.
[[nodiscard]] TokenizerTier tokenizer_tier(const std::string& name);

}  // namespace twin::stores
