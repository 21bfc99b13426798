#include "feature/privacy/pii_checks.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "core/text/ascii.h"
#include "feature/privacy/pii_scanners.h"

namespace twin::feature {
namespace {

int digits_to_int(std::string_view digits) {
  int value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

bool within(int value, int first, int last) {
  return value >= first && value <= last;
}

int days_of_month(int year, int month) {
  constexpr std::array<int, 12> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return days[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

/// Length of an IBAN by country (SWIFT's IBAN registry); 0: no such country.
std::size_t iban_length(std::string_view country) {
  constexpr std::pair<std::string_view, std::size_t> lengths[] = {
      {"AD", 24}, {"AE", 23}, {"AT", 20}, {"BE", 16}, {"BG", 22}, {"BR", 29}, {"CH", 21}, {"CY", 28}, {"CZ", 24},
      {"DE", 22}, {"DK", 18}, {"EE", 20}, {"ES", 24}, {"FI", 18}, {"FR", 27}, {"GB", 22}, {"GR", 27}, {"HR", 21},
      {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IS", 26}, {"IT", 27}, {"KW", 30}, {"LI", 21}, {"LT", 20}, {"LU", 20},
      {"LV", 21}, {"MC", 27}, {"MT", 31}, {"NL", 18}, {"NO", 15}, {"PL", 28}, {"PT", 25}, {"QA", 29}, {"RO", 24},
      {"SA", 24}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"TR", 26}, {"UA", 29}};
  for (const auto& [code, length] : lengths) {
    if (code == country) return length;
  }
  return 0;
}

/// Length of the country code at the start of a number (ITU-T E.164, list of assigned codes); 0: none begins so.
std::size_t country_code_length(std::string_view digits) {
  if (digits.size() < 3) return 0;
  if (digits[0] == '1' || digits[0] == '7') return 1;
  constexpr std::string_view two[] = {"20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41",
                                      "43", "44", "45", "46", "47", "48", "49", "51", "52", "53", "54",
                                      "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66",
                                      "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98"};
  for (const std::string_view code : two) {
    if (digits.starts_with(code)) return 2;
  }
  // The codes of three digits fill what is left of these decades.
  constexpr std::string_view decades[] = {"21", "22", "23", "24", "25", "26", "29", "35", "37", "38", "42",
                                          "50", "59", "67", "68", "80", "85", "87", "88", "96", "97", "99"};
  for (const std::string_view decade : decades) {
    if (digits.starts_with(decade)) return 3;
  }
  return 0;
}

}  // namespace

bool luhn_valid(std::string_view digits) {
  int sum = 0;
  bool twice = false;
  for (std::size_t i = digits.size(); i-- > 0;) {
    int value = digits[i] - '0';
    if (twice) value = value > 4 ? 2 * value - 9 : 2 * value;
    sum += value;
    twice = !twice;
  }
  return !digits.empty() && sum % 10 == 0;
}

bool card_issuer_known(std::string_view digits) {
  if (digits.size() < 14) return false;
  const std::size_t n = digits.size();
  const int four = digits_to_int(digits.substr(0, 4));
  const int two = four / 100;
  if (digits[0] == '4') return n == 16 || n == 19;                                       // Visa
  if (within(two, 51, 55) || within(four, 2221, 2720)) return n == 16;                   // Mastercard
  if (two == 34 || two == 37) return n == 15;                                            // American Express
  if (within(four, 3000, 3059) || two == 36 || two == 38) return n == 14;                // Diners Club
  if (within(four, 3528, 3589)) return n == 16;                                          // JCB
  if (four == 6011 || two == 65 || within(four, 6440, 6499)) return n == 16 || n == 19;  // Discover
  if (two == 62) return n == 16 || n == 19;                                              // UnionPay
  return digits[0] == '9' && n == 16;                                                    // cards of one country
}

ResidentNumber check_resident_number(std::string_view d) {
  ResidentNumber out;
  if (d.size() != 13 || !std::all_of(d.begin(), d.end(), text::is_ascii_digit)) return out;
  const int kind = d[6] - '0';
  if (kind < 1 || kind > 8) return out;  // 9 and 0: born before 1900
  const bool twentieth = kind == 1 || kind == 2 || kind == 5 || kind == 6;
  const int year = (twentieth ? 1900 : 2000) + digits_to_int(d.substr(0, 2));
  const int month = digits_to_int(d.substr(2, 2)), day = digits_to_int(d.substr(4, 2));
  constexpr int last_year = 2040;  // the century leaves no other sign of a number that is none
  out.date_exists = within(month, 1, 12) && day >= 1 && day <= days_of_month(year, month) && year <= last_year;
  int sum = 0;
  for (std::size_t i = 0; i < 12; ++i) sum += (d[i] - '0') * static_cast<int>(2 + i % 8);
  const int check = kind >= 5 ? (13 - sum % 11) % 10 : (11 - sum % 11) % 10;
  out.checksum_valid = check == d[12] - '0';
  out.may_be_random = out.date_exists && (year > 2020 || (year == 2020 && month >= 10));
  return out;
}

bool iban_valid(std::string_view iban) {
  if (iban.size() < 15 || iban_length(iban.substr(0, 2)) != iban.size()) return false;
  int remainder = 0;
  for (std::size_t i = 0; i < iban.size(); ++i) {
    const char c = iban[(i + 4) % iban.size()];  // the first four move to the end
    if (text::is_ascii_digit(c)) {
      remainder = (remainder * 10 + (c - '0')) % 97;
    } else if (text::is_ascii_upper(c)) {
      remainder = (remainder * 100 + (c - 'A' + 10)) % 97;
    } else {
      return false;
    }
  }
  return remainder == 1;
}

bool e164_valid(std::string_view digits) {
  const std::size_t code = country_code_length(digits);
  if (code == 0 || digits.size() > 15) return false;
  std::string_view national = digits.substr(code);
  if (digits.starts_with("82")) {
    if (national.starts_with('0')) national.remove_prefix(1);  // "+82 (0)10 …"
    return !national.starts_with('0') && national.size() >= 8 && national.size() <= 10;
  }
  if (code == 1) return national.size() == 10 && national[0] >= '2';
  return national.size() >= 6 && national.size() <= 12;
}

}  // namespace twin::feature
