#include "feature/training_sets/set_stats.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/files.h"
#include "core/i18n.h"
#include "core/text/language.h"
#include "feature/datasets/answers.h"
#include "feature/training_sets/set_reader.h"

namespace twin::feature {
namespace {

void add_count(SetCount& count, std::int64_t tokens, std::int64_t length) {
  ++count.samples;
  count.tokens += tokens;
  count.characters += length;
}

std::int64_t tokens_of(const Example& example, const CountTokens& tokens) {
  std::int64_t sum = example.text.empty() ? 0 : tokens(example.text);
  for (const auto* messages : {&example.messages, &example.chosen, &example.rejected}) {
    for (const models::Message& message : *messages) sum += tokens(message.content);
  }
  return sum;
}

std::string text_member(const Json& json, const char* key, const std::string& otherwise) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

std::string guessed_language(std::string_view text) {
  const std::string code = text::guess_by_script(text).code;
  return code.empty() ? "en" : code;
}

void sort_lengths(SetStats& stats) {
  std::sort(stats.answers.values.begin(), stats.answers.values.end());
  std::sort(stats.questions.values.begin(), stats.questions.values.end());
}

Result<void> add_file(SetStats& stats, const std::filesystem::path& file, const std::string& split,
                      const CountTokens& tokens) {
  const auto read = read_set(file, std::nullopt, [&](Example&& example, std::int64_t) -> Result<void> {
    add_to(stats, example, split, tokens);
    return {};
  });
  if (!read) return tl::unexpected(read.error());
  return {};
}

/// 1, 2 or 5 times a power of ten, not below the value.
std::uint32_t round_up(double value) {
  double power = 1;
  while (power * 10 <= value) power *= 10;
  for (const double step : {1.0, 2.0, 5.0, 10.0}) {
    if (step * power >= value) return static_cast<std::uint32_t>(step * power);
  }
  return 1;
}

}  // namespace

double SetLengths::mean() const {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::uint32_t SetLengths::quantile(double share) const {
  if (values.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

std::vector<SetBin> histogram(const SetLengths& lengths, int bins) {
  if (lengths.values.empty()) return {};
  const std::uint32_t width = round_up((lengths.quantile(0.99) + 1.0) / bins);
  const std::uint32_t count = lengths.quantile(0.99) / width + 1;
  std::vector<SetBin> out;
  for (std::uint32_t i = 0; i < count; ++i) out.push_back({i * width, (i + 1) * width, 0});
  for (const std::uint32_t value : lengths.values) ++out[std::min(value / width, count - 1)].count;
  out.back().to = std::max(out.back().to, lengths.values.back() + 1);
  return out;
}

void add_to(SetStats& stats, const Example& example, const std::string& split, const CountTokens& tokens) {
  const Json metadata = example.metadata.empty() ? Json::object() : Json::parse(example.metadata, nullptr, false);
  const std::string& answer = answer_of(example);
  const std::string question = question_of(example);
  const std::int64_t length = characters(answer), all = tokens_of(example, tokens);
  add_count(stats.all, all, length);
  add_count(stats.splits[text_member(metadata, "split", split)], all, length);
  add_count(stats.kinds[std::string(to_string(example.kind))], all, length);
  add_count(stats.languages[text_member(metadata, "language", guessed_language(answer))], all, length);
  add_count(stats.generators[text_member(metadata, "generator", "-")], all, length);
  add_count(stats.categories[text_member(metadata, "category", "-")], all, length);
  if (metadata.contains("passages") && metadata["passages"].is_array() && !metadata["passages"].empty()) {
    ++stats.with_passages;
  }
  const auto& messages = example.kind == ExampleKind::conversation ? example.messages : example.chosen;
  ++stats.turns[static_cast<int>(
      std::count_if(messages.begin(), messages.end(), [](const auto& m) { return m.role == "assistant"; }))];
  stats.answers.values.push_back(static_cast<std::uint32_t>(length));
  stats.questions.values.push_back(static_cast<std::uint32_t>(characters(question)));
}

Result<SetStats> dataset_stats(const std::filesystem::path& folder, const std::string& name,
                               const CountTokens& tokens) {
  SetStats stats;
  stats.name = name;
  bool any = false;
  for (const char* split : {"train", "validation", "test"}) {
    const auto file = folder / (std::string(split) + ".jsonl");
    const auto status = disk().stat(file);
    if (!status) continue;
    any = true;
    if (status->size == 0) {
      stats.splits[split];
      continue;
    }
    if (auto added = add_file(stats, file, split, tokens); !added) return tl::unexpected(added.error());
  }
  if (!any)
    return fail(ErrorKind::not_found, tr("There is no dataset yet"), folder.string(), tr("make it with: twin dataset"));
  if (const auto manifest = disk().read(folder / "manifest.json")) {
    if (Json::parse(*manifest, nullptr, false).is_object()) stats.manifest = *manifest;
  }
  sort_lengths(stats);
  return stats;
}

Result<SetStats> file_stats(const std::filesystem::path& file, const CountTokens& tokens) {
  SetStats stats;
  stats.name = file.string();
  if (auto added = add_file(stats, file, "-", tokens); !added) return tl::unexpected(added.error());
  sort_lengths(stats);
  return stats;
}

}  // namespace twin::feature
