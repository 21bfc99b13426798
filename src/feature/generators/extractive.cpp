// No model: questions by the templates of the category, the answer as it was cut.
#include <fmt/format.h>

#include "feature/datasets/order.h"
#include "feature/generators/generator.h"

namespace twin::feature {
namespace {

class Extractive final : public Generator {
 public:
  explicit Extractive(const GeneratorSetup& setup) : setup_(setup) {}

  [[nodiscard]] std::string version() const override { return "extractive-1"; }

  [[nodiscard]] Generated make(const Draft& draft, ModelCalls*) const override {
    const Provenance& from = draft.sample.provenance;
    const std::uint64_t choice =
        hash_order(setup_.config.seed, "question", fmt::format("{}:{}", from.document_id, from.start));
    const QuestionTemplates& templates = setup_.templates.at(draft.sample.category);
    Proposal proposal;
    for (const Question& question : templates.ask(draft.subject, choice)) {
      proposal.ways.push_back(asked(draft.sample, question));
    }
    if (!draft.opening.empty()) {
      Subject opening;
      opening.language = draft.subject.language;
      opening.lead = draft.opening;
      Sample rest = draft.sample;
      rest.answer = rest.answer.substr(draft.after_opening - from.start);
      rest.provenance.start = draft.after_opening;
      for (const Question& question : templates.ask(opening, choice)) proposal.ways.push_back(asked(rest, question));
    }
    Generated outcome;
    outcome.proposals.push_back(std::move(proposal));
    return outcome;
  }

 private:
  [[nodiscard]] Sample asked(Sample sample, const Question& question) const {
    sample.prompt = {{"system", setup_.prompts.system}, {"user", question.text}};
    sample.provenance.question_template = question.template_id;
    return sample;
  }

  GeneratorSetup setup_;
};

}  // namespace

std::unique_ptr<Generator> make_extractive(const GeneratorSetup& setup) {
  return std::make_unique<Extractive>(setup);
}

}  // namespace twin::feature
