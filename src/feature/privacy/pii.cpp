#include "feature/privacy/pii.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "core/text/ascii.h"
#include "feature/privacy/pii_scanners.h"

namespace twin::feature {
namespace {

constexpr std::array<std::pair<PiiKind, std::string_view>, 7> kPiiNames = {
    {{PiiKind::email, "email"},
     {PiiKind::phone, "phone"},
     {PiiKind::resident_number, "resident_number"},
     {PiiKind::card, "card"},
     {PiiKind::account, "account"},
     {PiiKind::key, "key"},
     {PiiKind::password, "password"}}};

}  // namespace

std::string_view to_string(PiiKind kind) {
  for (const auto& [known, name] : kPiiNames) {
    if (known == kind) return name;
  }
  return "";
}

bool pii_kind_from(std::string_view name, PiiKind& kind) {
  for (const auto& [known, its_name] : kPiiNames) {
    if (its_name != name) continue;
    kind = known;
    return true;
  }
  return false;
}

bool cue_before(std::string_view text, std::size_t at, std::size_t reach, const std::vector<std::string_view>& cues) {
  const std::size_t from = at > reach ? at - reach : 0;
  const std::string before = text::ascii_lower(text.substr(from, at - from));
  return std::any_of(cues.begin(), cues.end(),
                     [&](std::string_view cue) { return before.find(cue) != std::string::npos; });
}

std::vector<PiiFinding> find_pii(std::string_view bytes) {
  std::vector<PiiFinding> found;
  find_keys(bytes, found);
  find_addresses(bytes, found);
  find_numbers(bytes, found);
  if (found.size() < 2) return found;
  // Of two that overlap the one that begins first, then the longer one: a card inside a key is the key's.
  std::sort(found.begin(), found.end(), [](const PiiFinding& a, const PiiFinding& b) {
    return std::tuple(a.span.start, b.span.end, a.kind) < std::tuple(b.span.start, a.span.end, b.kind);
  });
  std::vector<PiiFinding> out;
  for (const PiiFinding& finding : found) {
    if (out.empty() || finding.span.start >= out.back().span.end) out.push_back(finding);
  }
  return out;
}

std::string pii_mask(PiiKind kind) {
  return "[" + text::ascii_upper(to_string(kind)) + "]";
}

std::vector<PiiFinding> findings_within(const std::vector<PiiFinding>& findings, text::Span span) {
  std::vector<PiiFinding> out;
  for (const PiiFinding& finding : findings) {
    const text::Span common{std::max(finding.span.start, span.start), std::min(finding.span.end, span.end)};
    if (common.start < common.end) out.push_back({common, finding.kind});
  }
  return out;
}

std::string mask_pii(std::string_view bytes, const std::vector<PiiFinding>& findings, std::size_t offset) {
  std::string out;
  std::size_t at = 0;
  for (const PiiFinding& finding : findings_within(findings, {offset, offset + bytes.size()})) {
    out += bytes.substr(at, finding.span.start - offset - at);
    out += pii_mask(finding.kind);
    at = finding.span.end - offset;
  }
  return out.append(bytes.substr(at));
}

std::string describe(const std::vector<PiiFinding>& findings) {
  std::string out;
  for (const PiiFinding& finding : findings) {
    out += fmt::format("{}{} {}-{}", out.empty() ? "" : ", ", to_string(finding.kind), finding.span.start,
                       finding.span.end);
  }
  return out;
}

}  // namespace twin::feature
