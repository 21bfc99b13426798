#include "core/i18n.h"
#include "evaluation/arms.h"
#include "evaluation/evaluation.h"
#include "evaluation/perplexity.h"
#include "evaluation/questions.h"
#include "evaluation/retrieval.h"

namespace twin::evaluation {

namespace {

const std::vector<ArmPair> compared_arms = {
    {"tuned", "base"}, {"tuned+RAG", "base+RAG"}, {"base+RAG", "base"}, {"tuned+RAG", "tuned"}};

}  // namespace

std::string_view name(Arm arm) {
  switch (arm) {
    case Arm::base:
      return "base";
    case Arm::base_rag:
      return "base+RAG";
    case Arm::tuned:
      return "tuned";
    case Arm::tuned_rag:
      return "tuned+RAG";
  }
  return "base";
}

bool is_tuned(Arm arm) {
  return arm == Arm::tuned || arm == Arm::tuned_rag;
}
bool has_retrieval(Arm arm) {
  return arm == Arm::base_rag || arm == Arm::tuned_rag;
}

std::vector<MetricInfo> arm_metrics() {
  return {
      {"support", tr("support"),
       tr("Share of the answer's content words that occur in the author's text on the matter"), 1},
      {"supported_sentences", tr("supported sentences"),
       tr("Share of the answer's sentences whose content words and numbers one passage of the author holds"), 1},
      {"coverage", tr("coverage"), tr("Share of the content words of the author's own answer that the answer holds"),
       1},
      {"style_distance", tr("style distance"),
       tr("Distance to the author's style; 1 is where the author's own answers to these questions lie"), -1},
      {"style_words", tr("… function words"), tr("Burrows's Delta on function words (Korean: endings)"), -1},
      {"style_chars", tr("… characters"), tr("Cosine distance of character n-gram profiles"), -1},
      {"length", tr("words"), tr("Words of the answer"), 0},
  };
}

EvalReport evaluate(const EvalConfig& config, const EvalContext& context) {
  EvalReport report;
  report.config = config;
  report.lineage = context.lineage;
  const auto chosen = [&](int count) { return choose_samples(context.held_out, count, config.seed); };
  const auto questions = [&](int count) {
    std::vector<Question> result;
    for (const feature::Sample& sample : chosen(count)) result.push_back(to_question(sample));
    return result;
  };
  const auto asked = questions(config.questions);
  if (asked.empty()) {
    throw Fatal(ErrorKind::usage, tr("There is no held-out question to evaluate with"), {},
                tr("raise dataset.test_share, or add documents"));
  }
  if (context.search && config.retrieval_questions > 0) {
    measure_retrieval(questions(config.retrieval_questions), config, context, report);
  }
  if (context.ask) {
    ask_arms(asked, context, report);
    measure_arms(context.held_out, config, compared_arms, report);
  }
  if (context.score && config.perplexity_passages > 0) {
    const auto passages = chosen(config.perplexity_passages);
    std::vector<PerplexityModel> models = {
        {"base", [&](const auto& samples) { return context.score(samples, false); }}};
    if (context.tuned) models.push_back({"tuned", [&](const auto& samples) { return context.score(samples, true); }});
    std::vector<PerplexityChange> changes;
    if (context.tuned) changes.push_back({"change", 1, 0});
    measure_perplexity(passages, config, models, changes, report);
  }
  return report;
}

}  // namespace twin::evaluation
