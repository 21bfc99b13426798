#include "training/trainer/reference.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/files.h"
#include "core/i18n.h"

namespace twin::training {
namespace {

constexpr std::size_t slice = 32;  // samples between two reports of progress

Sequence joined(const Sequence& question, const Sequence& answer) {
  const auto prompt = question.learned.front().begin;
  const auto& from = answer.learned.front();
  Sequence sequence;
  sequence.ids.assign(question.ids.begin(), question.ids.begin() + prompt);
  sequence.ids.insert(sequence.ids.end(), answer.ids.begin() + from.begin, answer.ids.begin() + from.end);
  sequence.learned = {{prompt, sequence.size()}};
  return sequence;
}

std::vector<Sequence*> sequences_of(EncodedSample& sample) {
  std::vector<Sequence*> all;
  for (auto& sequence : sample.sequences) all.push_back(&sequence);
  if (!sample.mismatched.ids.empty()) all.push_back(&sample.mismatched);
  return all;
}

std::optional<std::vector<double>> read_scores(const std::filesystem::path& file, const std::string& key) {
  const auto text = disk().read(file);
  if (!text) return std::nullopt;
  const auto json = Json::parse(*text, nullptr, false);
  if (!json.is_object() || json.value("key", "") != key || !json.contains("values") || !json["values"].is_array())
    return std::nullopt;
  std::vector<double> values;
  for (const auto& value : json["values"]) {
    if (!value.is_number()) return std::nullopt;
    values.push_back(value.get<double>());
  }
  return values;
}

}  // namespace

void mismatch_answers(std::vector<EncodedSample>& samples, const std::filesystem::path& data) {
  if (samples.size() < 2) {
    throw Fatal(ErrorKind::invalid,
                tr("KTO needs at least two samples: it compares answers with those to other prompts"), data.string());
  }
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i].mismatched = joined(samples[i].sequences.front(), samples[(i + 1) % samples.size()].sequences.front());
  }
}

void score_references(std::vector<EncodedSample>& samples, const Objective& objective, World& world,
                      const std::filesystem::path& cache, const std::string& key,
                      const std::function<void(std::int64_t done, std::int64_t total)>& progress) {
  std::vector<Sequence*> all;
  for (auto& sample : samples) {
    for (auto* sequence : sequences_of(sample)) all.push_back(sequence);
  }
  std::vector<double> values(all.size());
  const auto cached = world.first() ? read_scores(cache, key) : std::nullopt;
  const bool known = cached && cached->size() == all.size();
  if (known) values = *cached;
  if (world.broadcast(known ? 1.0 : 0.0) == 0.0) {
    for (std::size_t from = 0; from < all.size(); from += slice) {
      if (static_cast<int>(from / slice % static_cast<std::size_t>(world.size())) != world.rank()) continue;
      const auto end = std::min(all.size(), from + slice);
      const auto scores = objective.log_probabilities(
          {all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(end)});
      std::copy(scores.begin(), scores.end(), values.begin() + static_cast<std::ptrdiff_t>(from));
      if (progress) progress(static_cast<std::int64_t>(end), static_cast<std::int64_t>(all.size()));
    }
  }
  // Zeros where another rank has the value.
  if (!values.empty()) world.sum(at::from_blob(values.data(), {static_cast<std::int64_t>(values.size())}, at::kDouble));
  if (world.first() && !known)
    value_or_throw(disk().write(cache, Json{{"key", key}, {"values", values}}.dump() + "\n"));
  for (std::size_t i = 0; i < all.size(); ++i) all[i]->reference = values[i];
}

}  // namespace twin::training
