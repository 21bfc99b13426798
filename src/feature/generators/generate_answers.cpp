// A model writes instruction-answer pairs about a passage; what the passage does not support is left out.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/text/unicode.h"
#include "feature/datasets/answers.h"
#include "feature/generators/exchange.h"
#include "feature/generators/generator.h"

namespace twin::feature {
namespace {

constexpr std::string_view kAnswersSchema =
    R"({"type":"object","properties":{"pairs":{"type":"array","items":{"type":"object","properties":)"
    R"({"instruction":{"type":"string"},"answer":{"type":"string"}},"required":["instruction","answer"],)"
    R"("additionalProperties":false}}},"required":["pairs"],"additionalProperties":false})";

class GenerateAnswers final : public Generator {
 public:
  explicit GenerateAnswers(const GeneratorSetup& setup) : setup_(setup), prompt_("generate.instruct") {}

  [[nodiscard]] std::string version() const override { return prompt_.version(); }

  [[nodiscard]] std::vector<models::ChatRequest> requests(const Draft& draft) const override {
    return {request(draft)};
  }

  [[nodiscard]] Generated make(const Draft& draft, ModelCalls* calls) const override {
    Generated outcome;
    const auto reply = calls->ask(version(), request(draft));
    if (!reply) {
      outcome.failure = reply.error();
      return outcome;
    }
    const auto pairs = reply_list(reply->text, "pairs");
    if (!pairs) {
      outcome.refuse(draft.sample, "bad_reply", quoted_reply(*reply));
      return outcome;
    }
    for (const Json& pair : *pairs) add(draft, pair, outcome);
    return outcome;
  }

 private:
  void add(const Draft& draft, const Json& pair, Generated& outcome) const {
    const std::string instruction = pair.is_object() ? reply_text(pair, "instruction") : std::string();
    const std::string answer = pair.is_object() ? reply_text(pair, "answer") : std::string();
    if (instruction.empty() || answer.empty()) {
      outcome.refuse(draft.sample, "bad_reply", "a pair without instruction or answer");
      return;
    }
    const auto grounding = setup_.tools.grounding(answer, passage_shown(draft.sample, setup_.config));
    if (!grounding || *grounding < setup_.config.generate.min_grounding) {
      outcome.refuse(draft.sample, "not_grounded",
                     grounding ? fmt::format("{:.2f}: {}", *grounding, quoted_reply(answer))
                               : "the answer states nothing: " + quoted_reply(answer));
      return;
    }
    Sample sample = draft.sample;
    sample.answer = answer;
    sample.prompt = {{"system", setup_.prompts.system}, {"user", instruction}};
    sample.provenance.generator = fmt::format("{}{}/{}", generated_prefix, setup_.tools.model, version());
    sample.provenance.question_template = "model.generate";
    sample.scores.erase("prose_share");  // of the passage
    sample.scores["grounding"] = *grounding;
    outcome.proposals.push_back({{std::move(sample)}});
  }

  [[nodiscard]] models::ChatRequest request(const Draft& draft) const {
    const std::string passage = passage_shown(draft.sample, setup_.config);
    return generator_request(models::fill(prompt_.in(draft.sample.language),
                                          {{"title", draft.subject.title.plain},
                                           {"heading", draft.subject.heading.plain},
                                           {"count", std::to_string(setup_.config.generate.samples_per_passage)},
                                           {"passage", passage}}),
                             passage, kAnswersSchema, setup_.config.generate.max_tokens, setup_.config);
  }

  GeneratorSetup setup_;
  GeneratorPrompt prompt_;
};

}  // namespace

std::unique_ptr<Generator> make_generate_answers(const GeneratorSetup& setup) {
  return std::make_unique<GenerateAnswers>(setup);
}

}  // namespace twin::feature
