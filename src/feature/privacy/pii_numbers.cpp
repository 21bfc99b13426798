// Numbers of persons: a run of digits in groups is read by what the groups look like.
#include <algorithm>
#include <string>

#include "core/text/ascii.h"
#include "feature/privacy/pii_checks.h"
#include "feature/privacy/pii_scanners.h"

namespace twin::feature {
namespace {

constexpr std::size_t kCueReach = 48;       // bytes before a number in which a word may say what it is
constexpr std::size_t kLongestNumber = 64;  // groups of one run that are looked at
constexpr std::size_t kLongestSeparator = 3;

struct DigitGroup {
  std::size_t start = 0, end = 0;
  std::string before;  ///< separators between it and the group before: of " -.()" ; empty for the first
};

/// A separator at `at` as one of " -.()"; its length in bytes, or 0.
std::size_t separator_at(std::string_view text, std::size_t at, char& which) {
  const char c = text[at];
  if (c == ' ' || c == '-' || c == '.' || c == '(' || c == ')') {
    which = c;
    return 1;
  }
  // U+2010 … U+2013 and U+2212: what word processors make of "-".
  const std::string_view rest = text.substr(at, 3);
  if (rest == "\u2010" || rest == "\u2011" || rest == "\u2012" || rest == "\u2013" || rest == "\u2212") {
    which = '-';
    return 3;
  }
  return 0;
}

std::vector<DigitGroup> groups_at(std::string_view text, std::size_t at) {
  std::vector<DigitGroup> groups;
  std::string between;
  while (groups.size() < kLongestNumber) {
    DigitGroup group{at, at, between};
    while (group.end < text.size() && text::is_ascii_digit(text[group.end])) ++group.end;
    groups.push_back(group);
    between.clear();
    at = group.end;
    while (at < text.size() && between.size() < kLongestSeparator) {
      char which = 0;
      const std::size_t length = separator_at(text, at, which);
      if (length == 0) break;
      between += which;
      at += length;
    }
    if (between.empty() || at >= text.size() || !text::is_ascii_digit(text[at])) break;
  }
  return groups;
}

/// One run of groups, and what is tried on it.
class NumberReader {
 public:
  NumberReader(std::string_view text, const std::vector<DigitGroup>& groups, std::vector<PiiFinding>& out)
      : text_(text), groups_(groups), out_(out) {}

  void read() {
    for (std::size_t i = 0; i < groups_.size();) {
      const std::size_t taken = starts_at(i) ? take(i) : 0;
      i += std::max<std::size_t>(taken, 1);
    }
  }

 private:
  std::size_t take(std::size_t i) {
    std::size_t start = groups_[i].start;
    if (start > 0 && text_[start - 1] == '(') --start;
    for (const auto& [kind, count] :
         {std::pair(PiiKind::phone, international(i)), std::pair(PiiKind::card, card(i)),
          std::pair(PiiKind::resident_number, resident(i)), std::pair(PiiKind::phone, korean_phone(i)),
          std::pair(PiiKind::phone, american_phone(i)), std::pair(PiiKind::account, account(i))}) {
      if (count == 0 || !ends_at(i + count)) continue;
      if (kind == PiiKind::phone && start > 0 && text_[start - 1] == '+') --start;
      const bool bracket = text_[start] == '(' &&
                           text_.substr(start, groups_[i + count - 1].end - start).find(')') == std::string_view::npos;
      out_.push_back({{bracket ? groups_[i].start : start, groups_[i + count - 1].end}, kind});
      return count;
    }
    return 0;
  }

  [[nodiscard]] std::string_view digits(std::size_t i) const {
    return text_.substr(groups_[i].start, groups_[i].end - groups_[i].start);
  }
  [[nodiscard]] std::size_t length(std::size_t i) const {
    return i < groups_.size() ? groups_[i].end - groups_[i].start : 0;
  }
  [[nodiscard]] std::string joined(std::size_t first, std::size_t count) const {
    std::string all;
    for (std::size_t i = first; i < first + count; ++i) all += digits(i);
    return all;
  }
  /// Groups from i on have these lengths.
  [[nodiscard]] bool shape(std::size_t i, std::initializer_list<std::size_t> lengths) const {
    for (const std::size_t wanted : lengths) {
      if (length(i++) != wanted) return false;
    }
    return true;
  }
  /// The separators within `count` groups from i on are all this one.
  [[nodiscard]] bool separated_by(std::size_t i, std::size_t count, std::string_view separator) const {
    for (std::size_t k = i + 1; k < i + count; ++k) {
      if (groups_[k].before != separator) return false;
    }
    return true;
  }
  [[nodiscard]] bool evenly_separated(std::size_t i, std::size_t count) const {
    return separated_by(i, count, " ") || separated_by(i, count, "-");
  }

  /// A number begins here, not the middle of a longer one or of a word.
  [[nodiscard]] bool starts_at(std::size_t i) const {
    if (i > 0) return groups_[i].before.find_first_of(" ()") != std::string::npos;
    if (groups_[0].start == 0) return true;
    const char before = text_[groups_[0].start - 1];
    const bool plain = groups_.size() == 1 || groups_[1].before.find_first_of(" ()") != std::string::npos;
    // In paths, queries and fractions a bare run of digits is some id or amount.
    return !text::is_ascii_alnum(before) && before != '_' && before != '-' && before != '.' &&
           !(plain && std::string_view("/=#%&?~").find(before) != std::string_view::npos);
  }
  [[nodiscard]] bool ends_at(std::size_t i) const {
    if (i < groups_.size()) return groups_[i].before.find_first_of(" (") != std::string::npos;
    const std::size_t end = groups_.back().end;
    return end >= text_.size() || (!text::is_ascii_alnum(text_[end]) && text_[end] != '_');
  }

  [[nodiscard]] std::size_t international(std::size_t i) const {
    const std::size_t start = groups_[i].start;
    if (start == 0 || text_[start - 1] != '+' || digits(i)[0] == '0') return 0;
    if (start > 1 && (text::is_ascii_alnum(text_[start - 2]) || text_[start - 2] == ')')) return 0;  // a sum
    constexpr std::size_t enough = 12;  // digits from which a blank ends the number
    std::size_t best = 0, total = 0;
    for (std::size_t k = i; k < groups_.size(); ++k) {
      if (k > i && total >= enough && groups_[k].before == " ") break;
      total += length(k);
      if (total > 15) break;
      if (e164_valid(joined(i, k + 1 - i)) && ends_at(k + 1)) best = k + 1 - i;
    }
    return best;
  }

  [[nodiscard]] std::size_t card(std::size_t i) const {
    const auto is_card = [&](std::size_t count) {
      const std::string all = joined(i, count);
      return card_issuer_known(all) && luhn_valid(all);
    };
    if (length(i) >= 14) return length(i) <= 16 && digits(i)[0] != '9' && is_card(1) ? 1 : 0;
    if (shape(i, {4, 4, 4, 4, 3}) && evenly_separated(i, 5) && is_card(5)) return 5;
    if (shape(i, {4, 4, 4, 4}) && evenly_separated(i, 4) && is_card(4)) return 4;
    if ((shape(i, {4, 6, 5}) || shape(i, {4, 6, 4})) && evenly_separated(i, 3) && is_card(3)) return 3;
    return 0;
  }

  [[nodiscard]] std::size_t resident(std::size_t i) const {
    std::size_t count = 0;
    if (length(i) == 13) count = 1;
    if (shape(i, {6, 7}) &&
        (groups_[i + 1].before == "-" || groups_[i + 1].before == " - " || groups_[i + 1].before == " ")) {
      count = 2;
    }
    if (count == 0) return 0;
    const ResidentNumber number = check_resident_number(joined(i, count));
    if (!number.date_exists) return 0;
    if (number.checksum_valid) return count;
    const bool said = cue_before(text_, groups_[i].start, kCueReach,
                                 {"주민", "외국인등록", "외국인 등록", "resident registration", "rrn"});
    return said || (count == 2 && groups_[i + 1].before == "-" && number.may_be_random) ? count : 0;
  }

  [[nodiscard]] static bool is_korean_area(std::string_view code) {
    if (code == "02" || code == "070") return true;
    if (code.size() == 4) return code.starts_with("050");
    if (code.size() != 3 || code[0] != '0') return false;
    const bool mobile = code[1] == '1' && std::string_view("016789").find(code[2]) != std::string_view::npos;
    const bool area = code[1] >= '3' && code[1] <= '6' && code[2] >= '1' && code[2] <= '5';
    return mobile || area;
  }
  [[nodiscard]] std::size_t korean_phone(std::size_t i) const {
    if (length(i) == 11) return digits(i).starts_with("010") && digits(i)[3] >= '2' ? 1 : 0;
    if (!is_korean_area(digits(i))) return 0;
    if (digits(i) == "010" && length(i + 1) == 8) return 2;
    if ((length(i + 1) == 3 || length(i + 1) == 4) && length(i + 2) == 4 && digits(i + 1)[0] != '0') return 3;
    return 0;
  }

  [[nodiscard]] std::size_t american_phone(std::size_t i) const {
    std::size_t first = i;
    if (digits(i) == "1" && i + 1 < groups_.size() && groups_[i + 1].before != " ") ++first;
    if (!shape(first, {3, 3, 4}) || digits(first)[0] < '2' || digits(first + 1)[0] < '2') return 0;
    const std::string& middle = groups_[first + 1].before;
    const std::string& last = groups_[first + 2].before;
    const bool bracketed = middle.starts_with(')') && (last == "-" || last == " ");
    return bracketed || (middle == last && (middle == "-" || middle == ".")) ? first + 3 - i : 0;
  }

  /// Any grouping of ten to fourteen digits, but only where a bank or an account is named just before.
  [[nodiscard]] std::size_t account(std::size_t i) const {
    std::size_t count = 1;
    while (i + count < groups_.size() && groups_[i + count].before == "-") ++count;
    const std::size_t total = joined(i, count).size();
    if (total < 10 || total > 14) return 0;
    return cue_before(text_, groups_[i].start, kCueReach,
                      {"계좌", "은행", "농협", "신협", "수협", "새마을금고", "카카오뱅크", "토스뱅크", "케이뱅크",
                       "account number", "account no", "bank account"})
               ? count
               : 0;
  }

  std::string_view text_;
  const std::vector<DigitGroup>& groups_;
  std::vector<PiiFinding>& out_;
};

/// Two letters, two digits, then letters and digits, in one or in groups of four.
void iban_at(std::string_view text, std::size_t at, std::vector<PiiFinding>& out) {
  constexpr std::size_t longest = 34;
  std::string iban;
  std::size_t end = at;
  for (std::size_t i = at; i < text.size() && iban.size() < longest; ++i) {
    const char c = text[i];
    if (text::is_ascii_digit(c) || text::is_ascii_upper(c)) {
      iban += c;
      const bool whole = i + 1 >= text.size() || !text::is_ascii_alnum(text[i + 1]);
      if (whole && iban_valid(iban)) end = i + 1;
    } else if (c != ' ' || iban.size() % 4 != 0) {
      break;
    }
  }
  if (end > at) out.push_back({{at, end}, PiiKind::account});
}

}  // namespace

void find_numbers(std::string_view text, std::vector<PiiFinding>& out) {
  for (std::size_t i = 0; i < text.size();) {
    if (!text::is_ascii_digit(text[i])) {
      const bool iban = text::is_ascii_upper(text[i]) && i + 3 < text.size() && text::is_ascii_upper(text[i + 1]) &&
                        text::is_ascii_digit(text[i + 2]) && text::is_ascii_digit(text[i + 3]) &&
                        (i == 0 || !text::is_ascii_alnum(text[i - 1]));
      if (iban) iban_at(text, i, out);
      ++i;
      continue;
    }
    const std::vector<DigitGroup> groups = groups_at(text, i);
    constexpr std::size_t shortest = 8;  // digits of the shortest number that is looked for
    if (groups.back().end - groups.front().start >= shortest) NumberReader(text, groups, out).read();
    i = groups.back().end;
  }
}

}  // namespace twin::feature
