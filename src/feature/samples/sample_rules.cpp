#include "feature/samples/sample_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "core/text/language.h"
#include "feature/datasets/answers.h"
#include "feature/datasets/order.h"

namespace twin::feature {

std::optional<Refusal> refusal(const DatasetConfig& config, std::string_view answer) {
  constexpr double sure = 0.5;  // of the language model, below which a text is of no certain language
  const int length = characters(answer);
  if (length < config.min_characters) {
    return Refusal{"answer_too_short", fmt::format("{} characters", length)};
  }
  if (config.max_characters > 0 && length > config.max_characters) {
    return Refusal{"answer_too_long", fmt::format("{} characters", length)};
  }
  if (config.languages.empty()) return std::nullopt;
  const text::LanguageGuess guess = text::identify_language(answer);
  const bool taken = std::find(config.languages.begin(), config.languages.end(), guess.code) != config.languages.end();
  if (taken || guess.code.empty() || guess.confidence < sure) return std::nullopt;
  return Refusal{"other_language", fmt::format("{} {:.2f}", guess.code, guess.confidence)};
}

void limit_samples(std::vector<Sample>& samples, const DatasetConfig& config, std::vector<Rejection>& rejections) {
  if (config.max_samples <= 0 || samples.size() <= static_cast<std::size_t>(config.max_samples)) return;
  std::vector<std::pair<std::uint64_t, std::size_t>> by_hash;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    by_hash.emplace_back(hash_order(config.seed, "sample", samples[i].id), i);
  }
  std::sort(by_hash.begin(), by_hash.end());
  std::set<std::string> seen;
  std::stable_partition(by_hash.begin(), by_hash.end(), [&](const auto& entry) {
    return seen.insert(samples[entry.second].provenance.document_id).second;
  });
  std::vector<bool> keep(samples.size(), false);
  for (std::size_t i = 0; i < static_cast<std::size_t>(config.max_samples); ++i) keep[by_hash[i].second] = true;
  std::vector<Sample> rest;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (keep[i]) {
      rest.push_back(std::move(samples[i]));
      continue;
    }
    const Provenance& from = samples[i].provenance;
    rejections.push_back({samples[i].id, from.document_id, from.start, from.end, "over_max_samples", ""});
  }
  samples = std::move(rest);
}

}  // namespace twin::feature
