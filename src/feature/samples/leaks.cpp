#include "feature/samples/leaks.h"

#include <fmt/format.h>

#include "core/text/unicode.h"

namespace twin::feature {
namespace {

/// All that a training sample says, without the system prompt that all have in common.
std::string learned_text(const Sample& sample) {
  std::string out;
  for (const models::Message& message : sample.prompt) {
    if (message.role != "system") out += message.content + "\n";
  }
  return out + sample.answer;
}

}  // namespace

std::unique_ptr<Decontaminator> remove_leaks(std::vector<Sample>& samples, const DatasetConfig& config,
                                             DatasetReport& report) {
  if (config.decontaminate_words == 0) return nullptr;
  auto held_out = std::make_unique<Decontaminator>(
      DecontaminateLimits{config.decontaminate_words, config.decontaminate_common, config.decontaminate_most_ngrams});
  for (const std::string& file : config.decontaminate) value_or_throw(held_out->add_benchmark(file));
  for (const Sample& sample : samples) {
    if (sample.split != "train") held_out->hold_out(sample.answer, sample.id);
  }
  for (const Sample& sample : samples) {
    if (sample.split == "train") held_out->see(sample.provenance.document_id, learned_text(sample));
  }
  std::vector<Sample> clean;
  for (Sample& sample : samples) {
    const auto leak = sample.split == "train" ? held_out->find(learned_text(sample)) : std::nullopt;
    if (!leak) {
      clean.push_back(std::move(sample));
      continue;
    }
    const Provenance& from = sample.provenance;
    report.rejections.push_back({sample.id, from.document_id, from.start, from.end, "contaminated",
                                 fmt::format("\"{}\" as in {}", leak->words, leak->where)});
  }
  samples = std::move(clean);
  report.held_out_ngrams = static_cast<std::int64_t>(held_out->ngrams());
  report.set_phrases = held_out->set_phrases();
  return held_out;
}

}  // namespace twin::feature
