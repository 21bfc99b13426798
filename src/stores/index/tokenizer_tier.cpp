#include "stores/index/tokenizer_tier.h"

#include "core/i18n.h"
#include "stores/index/tokenizer.h"

namespace twin::stores {

std::string TokenizerTier::identity() const {
  std::string identity = name + " " + std::to_string(kTokenizerVersion);
  if (kiwi) identity += " kiwi " + kiwi->version();
  return identity;
}

TokenizerTier tokenizer_tier(const std::string& name) {
  if (name == "bigrams") return {};
  if (name != "morphemes" && name != "auto") {
    throw Fatal(ErrorKind::usage, tr("There is no tokenizer '{}': bigrams, morphemes or auto", name));
  }
  auto kiwi = text::Kiwi::shared();
  if (kiwi) return {"morphemes", std::move(*kiwi)};
  if (name == "auto" && kiwi.error().kind == ErrorKind::not_found) return {};
  throw Fatal(std::move(kiwi.error()));
}

}  // namespace twin::stores
