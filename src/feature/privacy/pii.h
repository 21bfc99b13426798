// Personal data and secrets in texts: found by their form, confirmed by their own arithmetic where they have one.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/sentences.h"

namespace twin::feature {

/// Bump when the results of find_pii() change: part of the keys of what is masked by it.
inline constexpr int pii_version = 1;

enum class PiiKind { email, phone, resident_number, card, account, key, password };
/// "email", "phone", "resident_number" …
[[nodiscard]] std::string_view to_string(PiiKind kind);
/// The kind of a name; false when there is none.
[[nodiscard]] bool pii_kind_from(std::string_view name, PiiKind& kind);

struct PiiFinding {
  text::Span span;  ///< bytes of the text
  PiiKind kind = PiiKind::email;
  friend bool operator==(const PiiFinding&, const PiiFinding&) = default;
};

/// What a text holds, in order, without overlaps. Takes any bytes. What is looked for:
///   email            local@domain.tld; not scp's user@host:path, not icon@2x.png
///   phone            Korean mobile, area, internet numbers (010-1234-5678, 02)123-4567, +82 10 …); international ones
///                    behind a + (ITU E.164, country code and length checked); North American with separators.
///                    Korean numbers of companies (1588-0000) are not personal and look like years: left alone
///   resident_number  Korean resident and alien registration numbers: a real date of birth, and the checksum; the
///                    checksum is not asked of those born since October 2020 (drawn at random since), nor where the
///                    text says what it is. Thirteen digits in a row need the checksum
///   card             payment cards: issuer's prefix and length, and Luhn's checksum (ISO/IEC 7812-1)
///   account          IBAN with its checksum (ISO 13616); other bank accounts only right behind a bank or "계좌"
///   key              keys and tokens: known prefixes (AWS, GitHub, Slack, OpenAI …), JSON web tokens, private keys in
///                    PEM, random strings: long ones alone, shorter ones and hexadecimal ones behind "key=", "token:" …
///   password         of a URL: scheme://user:password@host
[[nodiscard]] std::vector<PiiFinding> find_pii(std::string_view bytes);

/// What stands for a finding in a masked text: "[EMAIL]", "[RESIDENT_NUMBER]" … find_pii() finds nothing in it.
[[nodiscard]] std::string pii_mask(PiiKind kind);

/// The text with findings masked. Their spans are bytes of a larger text in which this one begins at `offset`; what
/// lies outside is passed over, what reaches over an end is cut to it.
[[nodiscard]] std::string mask_pii(std::string_view bytes, const std::vector<PiiFinding>& findings,
                                   std::size_t offset = 0);

/// Findings that overlap [span.start, span.end), cut to it.
[[nodiscard]] std::vector<PiiFinding> findings_within(const std::vector<PiiFinding>& findings, text::Span span);

/// "email 10-25, phone 31-44": kinds and bytes, never the values.
[[nodiscard]] std::string describe(const std::vector<PiiFinding>& findings);

}  // namespace twin::feature
