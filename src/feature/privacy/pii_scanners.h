// The scanners behind find_pii(): each adds what it finds, in any order, overlaps with others allowed.
#pragma once

#include <string_view>
#include <vector>

#include "feature/privacy/pii.h"

namespace twin::feature {

void find_addresses(std::string_view text, std::vector<PiiFinding>& out);  ///< e-mail, passwords in URLs
void find_numbers(std::string_view text, std::vector<PiiFinding>& out);    ///< phones, cards, accounts, residents
void find_keys(std::string_view text, std::vector<PiiFinding>& out);       ///< keys, tokens, private keys

/// Whether one of the cues stands in the `reach` bytes before `at`; ASCII letters of any case, cues in lower case.
[[nodiscard]] bool cue_before(std::string_view text, std::size_t at, std::size_t reach,
                              const std::vector<std::string_view>& cues);

}  // namespace twin::feature
