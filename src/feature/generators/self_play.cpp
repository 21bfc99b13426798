// Self-play (SPIN, Chen et al. 2024, arXiv:2401.01335): the author's answer is chosen, the model's own answer to the
// same question rejected. The model is the base model, or with dataset.self_play_adapter the tuned one.
#include <fmt/format.h>

#include "core/hash.h"
#include "core/text/unicode.h"
#include "feature/chunk/sections.h"
#include "feature/datasets/answers.h"
#include "feature/generators/generator.h"

namespace twin::feature {
namespace {

constexpr std::string_view kSelfPlayVersion = "rejected-1";  // part of the provenance: bump when the request changes

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
    sample.rejected = std::string(text::trim(*reply));
    sample.provenance.generator = fmt::format("{}/{}", setup_.tools.model, kSelfPlayVersion);
    sample.scores["rejected_characters"] = characters(sample.rejected);
    sample.id = stable_id("sample", {sample.kind, instruct_id, sample.rejected, sample.provenance.generator});
    if (sample.rejected.empty()) {
      outcome.refuse(sample, "empty_rejected", instruct_id);
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
    request.max_tokens = setup_.config.rejected_max_tokens;
    request.temperature = 0;
    request.seed = setup_.config.seed;
    request.adapter = !setup_.config.self_play_adapter.empty();
    request.reuse_prefix = false;
    return request;
  }

  GeneratorSetup setup_;
};

}  // namespace

std::unique_ptr<Generator> make_self_play(const GeneratorSetup& setup) {
  return std::make_unique<SelfPlay>(setup);
}

}  // namespace twin::feature
