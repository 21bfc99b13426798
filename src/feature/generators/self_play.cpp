// Self-play (SPIN, Chen et al. 2024, arXiv:2401.01335): the author's answer is chosen, the model's own answer to the
// same question rejected. The model is the base model, or with dataset.self_play_adapter the tuned one.
//
// Pairs must not be told apart by anything but how the answers are written: an answer that ends in mid-sentence, or is
// of another length, is ranked by that alone, and DPO learns length (Park et al. 2024, arXiv:2403.19159). So the model
// may write more than the author did, and of that the whole sentences stay that reach the author's length.
#include <fmt/format.h>

#include <algorithm>

#include "core/hash.h"
#include "core/text/sentences.h"
#include "core/text/unicode.h"
#include "feature/chunk/sections.h"
#include "feature/datasets/answers.h"
#include "feature/generators/generator.h"

namespace twin::feature {
namespace {

constexpr std::string_view kSelfPlayVersion =
    "rejected-2";  // part of the provenance: bump when the request or the cut changes
constexpr std::int64_t kSpareTokens = 16;

/// The whole sentences of a reply, up to the one that reaches so many characters.
std::string whole_sentences(const Reply& reply, int length) {
  auto spans = text::sentences(reply.text);
  if (reply.cut && !spans.empty()) spans.pop_back();
  if (spans.empty()) return {};
  const std::string_view from_start = std::string_view(reply.text).substr(spans.front().start);
  std::string_view kept;
  for (const text::Span& span : spans) {
    kept = from_start.substr(0, span.end - spans.front().start);
    if (characters(kept) >= length) break;
  }
  return std::string(kept);
}

class SelfPlay final : public Generator {
 public:
  explicit SelfPlay(const GeneratorSetup& setup) : setup_(setup) {}

  [[nodiscard]] std::string version() const override { return std::string(kSelfPlayVersion); }

  [[nodiscard]] std::vector<models::ChatRequest> requests(const Draft& draft) const override {
    return {request(draft.sample)};
  }

  [[nodiscard]] Generated make(const Draft& draft, ModelCalls* calls) const override {
    Generated outcome;
    const auto reply = calls->ask(kSelfPlayVersion, request(draft.sample));
    if (!reply) {
      outcome.failure = reply.error();
      return outcome;
    }
    Sample sample = draft.sample;
    const std::string instruct_id = sample.id;
    sample.kind = "preference";
    sample.rejected = whole_sentences(*reply, characters(sample.answer));
    sample.provenance.generator = fmt::format("{}/{}", setup_.tools.model, kSelfPlayVersion);
    sample.scores["rejected_characters"] = characters(sample.rejected);
    sample.id = stable_id("sample", {sample.kind, instruct_id, sample.rejected, sample.provenance.generator});
    if (sample.rejected.empty()) {
      outcome.refuse(sample, reply->cut ? "cut_rejected" : "empty_rejected", instruct_id);
    } else if (collapse_space(sample.rejected) == collapse_space(sample.answer)) {
      outcome.refuse(sample, "rejected_equals_chosen", instruct_id);
    } else {
      outcome.proposals.push_back({{std::move(sample)}});
    }
    return outcome;
  }

 private:
  [[nodiscard]] models::ChatRequest request(const Sample& sample) const {
    models::ChatRequest request;
    request.messages = sample.prompt;
    request.max_tokens = max_tokens(sample.answer);
    request.temperature = 0;
    request.seed = setup_.config.seed;
    request.adapter = !setup_.config.self_play_adapter.empty();
    request.reuse_prefix = false;
    return request;
  }

  /// Twice as many as the author's answer has: estimates err, and the last sentence is to end.
  [[nodiscard]] int max_tokens(const std::string& chosen) const {
    const std::int64_t most = setup_.config.rejected_max_tokens;
    if (!setup_.tools.tokens) return static_cast<int>(most);
    return static_cast<int>(std::min(most, 2 * setup_.tools.tokens(chosen) + kSpareTokens));
  }

  GeneratorSetup setup_;
};

}  // namespace

std::unique_ptr<Generator> make_self_play(const GeneratorSetup& setup) {
  return std::make_unique<SelfPlay>(setup);
}

}  // namespace twin::feature
