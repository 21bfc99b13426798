// The arithmetic that numbers of persons carry in themselves.
#pragma once

#include <string_view>

namespace twin::feature {

/// Luhn's checksum (ISO/IEC 7812-1, annex B) over digits.
[[nodiscard]] bool luhn_valid(std::string_view digits);
/// Whether an issuer of payment cards gives out numbers of this prefix and length.
[[nodiscard]] bool card_issuer_known(std::string_view digits);

/// What thirteen digits YYMMDDSxxxxxC say as a Korean resident (S 1-4) or alien (S 5-8) registration number.
struct ResidentNumber {
  bool date_exists = false;     ///< of birth; S gives the century
  bool checksum_valid = false;  ///< weights 2 … 9, 2 … 5, modulo 11; alien numbers add 2
  bool may_be_random = false;   ///< born in October 2020 or later: the last six digits carry no checksum
};
[[nodiscard]] ResidentNumber check_resident_number(std::string_view thirteen_digits);

/// ISO 13616: upper-case letters and digits without spaces; the country's length and the remainder modulo 97.
[[nodiscard]] bool iban_valid(std::string_view iban);

/// Whether digits behind a "+" are a number of ITU E.164: an assigned country code, a plausible length.
[[nodiscard]] bool e164_valid(std::string_view digits);

}  // namespace twin::feature
