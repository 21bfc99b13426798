#include "evaluation/support.h"

#include <algorithm>
#include <set>

#include "core/text/sentences.h"
#include "core/text/unicode.h"
#include "evaluation/words.h"

namespace twin::evaluation {

namespace {

using Units = std::set<std::string, std::less<>>;

Units units_of(std::string_view text) {
  const auto list = content_units(text::repair_utf8(text));
  return {list.begin(), list.end()};
}

double share(const std::vector<std::string>& units, const Units& among) {
  const auto found = std::count_if(units.begin(), units.end(), [&](const auto& unit) { return among.contains(unit); });
  return static_cast<double>(found) / static_cast<double>(units.size());
}

bool supports(const Units& evidence, const std::vector<std::string>& sentence, double threshold) {
  const bool numbers = std::all_of(sentence.begin(), sentence.end(),
                                   [&](const auto& unit) { return !is_number(unit) || evidence.contains(unit); });
  return numbers && share(sentence, evidence) >= threshold;
}

}  // namespace

std::optional<Support> measure_support(std::string_view answer, const std::vector<std::string>& evidence,
                                       double threshold) {
  std::vector<Units> texts;
  Units all;
  for (const std::string& text : evidence) {
    texts.push_back(units_of(text));
    all.insert(texts.back().begin(), texts.back().end());
  }
  const std::string plain = without_marks(answer);
  std::vector<std::string> answer_units;
  int stated = 0, supported = 0;
  for (const text::Span& span : text::sentences(plain)) {
    const auto units = content_units(std::string_view(plain).substr(span.start, span.end - span.start));
    if (units.empty()) continue;
    ++stated;
    answer_units.insert(answer_units.end(), units.begin(), units.end());
    if (std::any_of(texts.begin(), texts.end(), [&](const Units& text) { return supports(text, units, threshold); })) {
      ++supported;
    }
  }
  if (stated == 0) return std::nullopt;
  return Support{share(answer_units, all), static_cast<double>(supported) / stated};
}

std::optional<double> measure_coverage(std::string_view answer, std::string_view reference) {
  const Units wanted = units_of(reference);
  if (wanted.empty()) return std::nullopt;
  return share({wanted.begin(), wanted.end()}, units_of(without_marks(answer)));
}

}  // namespace twin::evaluation
