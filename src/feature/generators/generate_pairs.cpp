// Preference triples: a model writes an instruction and its own answer, and names the extract of the author's text that
// answers it better. Chosen is the author's text itself, cut where the extract lies.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/hash.h"
#include "core/text/unicode.h"
#include "feature/chunk/sections.h"
#include "feature/datasets/answers.h"
#include "feature/generators/exchange.h"
#include "feature/generators/generator.h"

namespace twin::feature {
namespace {

constexpr std::string_view kTriplesSchema =
    R"({"type":"object","properties":{"triples":{"type":"array","items":{"type":"object","properties":)"
    R"({"instruction":{"type":"string"},"answer":{"type":"string"},"extract":{"type":"string"}},)"
    R"("required":["instruction","answer","extract"],"additionalProperties":false}}},)"
    R"("required":["triples"],"additionalProperties":false})";

class GeneratePairs final : public Generator {
 public:
  explicit GeneratePairs(const GeneratorSetup& setup) : setup_(setup), prompt_("generate.preference") {}

  [[nodiscard]] std::string version() const override { return prompt_.version(); }

  [[nodiscard]] std::vector<models::ChatRequest> requests(const Draft& draft) const override {
    if (!is_author_text(draft.sample)) return {};
    return {request(draft)};
  }

  [[nodiscard]] Generated make(const Draft& draft, ModelCalls* calls) const override {
    Generated outcome;
    if (!is_author_text(draft.sample)) {
      outcome.refuse(draft.sample, "not_verbatim", "the answer is not the author's text: no extract can be proven");
      return outcome;
    }
    const auto reply = calls->ask(version(), request(draft));
    if (!reply) {
      outcome.failure = reply.error();
      return outcome;
    }
    const auto triples = reply_list(reply->text, "triples");
    if (!triples) {
      outcome.refuse(draft.sample, "bad_reply", quoted_reply(*reply));
      return outcome;
    }
    for (const Json& triple : *triples) add(draft.sample, triple, outcome);
    return outcome;
  }

 private:
  void add(const Sample& source, const Json& triple, Generated& outcome) const {
    const auto text = [&](const char* key) { return triple.is_object() ? reply_text(triple, key) : std::string(); };
    const std::string instruction = text("instruction"), answer = text("answer"), extract = text("extract");
    if (instruction.empty() || answer.empty() || extract.empty()) {
      outcome.refuse(source, "bad_reply", "a triple without instruction, answer or extract");
      return;
    }
    auto within = locate_extract(source.answer, text::repair_utf8(extract));
    if (!within) {
      outcome.refuse(source, "not_an_extract", quoted_reply(extract));
      return;
    }
    Sample sample = source;
    const text::Span prose = prose_span(source, *within);
    sample.answer = source.answer.substr(within->start, within->end - within->start);
    if (characters(sample.answer) < setup_.config.generate.min_extract) {
      outcome.refuse(source, "answer_too_short", fmt::format("{} characters", characters(sample.answer)));
      return;
    }
    if (collapse_space(sample.answer) == collapse_space(answer)) {
      outcome.refuse(source, "rejected_equals_chosen", source.id);
      return;
    }
    sample.kind = "preference";
    sample.rejected = text::repair_utf8(answer);
    sample.prompt = {{"system", setup_.prompts.system}, {"user", text::repair_utf8(instruction)}};
    sample.provenance.start = prose.start;
    sample.provenance.end = prose.end;
    sample.provenance.masked = findings_within(source.provenance.masked, prose);
    sample.provenance.passages.clear();
    sample.provenance.generator = fmt::format("generate-pairs:{}/{}", setup_.tools.model, version());
    sample.provenance.question_template = "model.generate";
    sample.scores.clear();
    sample.scores["characters"] = characters(sample.answer);
    sample.scores["rejected_characters"] = characters(sample.rejected);
    if (const auto grounding = setup_.tools.grounding(answer, source.answer)) sample.scores["grounding"] = *grounding;
    identify(sample);
    sample.id = stable_id("sample", {sample.id, sample.rejected, sample.provenance.generator});
    outcome.proposals.push_back({{std::move(sample)}});
  }

  [[nodiscard]] models::ChatRequest request(const Draft& draft) const {
    // As the instruct samples come, masked.
    const std::string& passage = draft.sample.answer;
    return generator_request(
        models::fill(prompt_.in(draft.sample.language),
                     {{"count", std::to_string(setup_.config.generate.samples_per_passage)}, {"passage", passage}}),
        passage, kTriplesSchema, setup_.config.generate.max_tokens, setup_.config);
  }

  GeneratorSetup setup_;
  GeneratorPrompt prompt_;
};

}  // namespace

std::unique_ptr<Generator> make_generate_pairs(const GeneratorSetup& setup) {
  return std::make_unique<GeneratePairs>(setup);
}

}  // namespace twin::feature
