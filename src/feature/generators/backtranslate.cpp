// Instruction backtranslation (Li et al. 2023, arXiv:2308.06259): a model writes the question that a passage of the
// author's answers, then judges how well the two fit; the answer stays the author's, byte for byte.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/text/unicode.h"
#include "feature/chunk/sections.h"
#include "feature/datasets/answers.h"
#include "feature/generators/exchange.h"
#include "feature/generators/generator.h"

namespace twin::feature {
namespace {

constexpr int kQuestionTokens = 96, kFitTokens = 16;
constexpr int kFewestCharacters = 6, kMostCharacters = 400;  // of a question
constexpr int kWorstFit = 1, kBestFit = 5;

constexpr std::string_view kQuestionSchema =
    R"({"type":"object","properties":{"question":{"type":"string"}},"required":["question"],"additionalProperties":false})";
constexpr std::string_view kFitSchema =
    R"({"type":"object","properties":{"score":{"type":"integer","enum":[1,2,3,4,5]}},"required":["score"],"additionalProperties":false})";

class Backtranslate final : public Generator {
 public:
  explicit Backtranslate(const GeneratorSetup& setup)
      : setup_(setup),
        question_("backtranslate.question"),
        fit_("backtranslate.fit"),
        version_(question_.version() + "-" + fit_.version()) {}

  [[nodiscard]] std::string version() const override { return version_; }

  [[nodiscard]] std::vector<models::ChatRequest> requests(const Draft& draft) const override {
    std::vector<models::ChatRequest> out = {question_request(draft)};
    if (judges()) out.push_back(fit_request(draft, std::string(kQuestionTokens * 4, 'x')));
    return out;
  }

  [[nodiscard]] Generated make(const Draft& draft, ModelCalls* calls) const override {
    Generated outcome;
    const auto reply = calls->ask(version_, question_request(draft));
    if (!reply) return failed(reply.error());
    const auto json = json_reply(reply->text);
    const std::string question = json ? collapse_space(reply_text(*json, "question")) : std::string();
    const int length = characters(question);
    if (length < kFewestCharacters || length > kMostCharacters) {
      outcome.refuse(draft.sample, "bad_reply", quoted_reply(*reply));
      return outcome;
    }
    if (draft.sample.answer.find(question) != std::string::npos) {
      outcome.refuse(draft.sample, "bad_reply", "the question is a part of the answer: " + quoted_reply(question));
      return outcome;
    }
    // Very small models say an example of the prompt again.
    if (question_.in(draft.sample.language).find(question) != std::string::npos) {
      outcome.refuse(draft.sample, "bad_reply", "an example of the prompt: " + quoted_reply(question));
      return outcome;
    }
    Sample sample = draft.sample;
    if (judges()) {
      const auto judged = calls->ask(version_, fit_request(draft, question));
      if (!judged) return failed(judged.error());
      const int fit = score_of(judged->text);
      if (fit < kWorstFit || fit > kBestFit) {
        outcome.refuse(draft.sample, "bad_reply", quoted_reply(*judged));
        return outcome;
      }
      if (fit < setup_.config.generate.min_fit) {
        outcome.refuse(draft.sample, "low_fit", fmt::format("{} of 5: {}", fit, question));
        return outcome;
      }
      sample.scores["fit"] = fit;
    }
    sample.prompt = {{"system", setup_.prompts.system}, {"user", question}};
    sample.provenance.generator = fmt::format("backtranslate:{}/{}", setup_.tools.model, version_);
    sample.provenance.question_template = "model.backtranslate";
    outcome.proposals.push_back({{std::move(sample)}});
    return outcome;
  }

 private:
  [[nodiscard]] bool judges() const { return setup_.config.generate.min_fit > kWorstFit; }

  static Generated failed(const Error& error) {
    Generated outcome;
    outcome.failure = error;
    return outcome;
  }

  static int score_of(const std::string& reply) {
    const auto json = json_reply(reply);
    if (!json || !json->contains("score") || !(*json)["score"].is_number_integer()) return 0;
    return (*json)["score"].get<int>();
  }

  [[nodiscard]] models::ChatRequest question_request(const Draft& draft) const {
    const std::string passage = passage_shown(draft.sample, setup_.config);
    return generator_request(
        models::fill(
            question_.in(draft.sample.language),
            {{"title", draft.subject.title.plain}, {"heading", draft.subject.heading.plain}, {"passage", passage}}),
        passage, kQuestionSchema, kQuestionTokens, setup_.config);
  }

  [[nodiscard]] models::ChatRequest fit_request(const Draft& draft, const std::string& question) const {
    const std::string passage = passage_shown(draft.sample, setup_.config);
    auto request =
        generator_request(models::fill(fit_.in(draft.sample.language), {{"question", question}, {"passage", passage}}),
                          passage, kFitSchema, kFitTokens, setup_.config);
    request.temperature = 0;
    return request;
  }

  GeneratorSetup setup_;
  GeneratorPrompt question_, fit_;
  std::string version_;
};

}  // namespace

std::unique_ptr<Generator> make_backtranslate(const GeneratorSetup& setup) {
  return std::make_unique<Backtranslate>(setup);
}

}  // namespace twin::feature
