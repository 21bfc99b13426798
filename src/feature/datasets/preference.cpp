#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/i18n.h"
#include "feature/datasets/answer_log.h"
#include "feature/datasets/datasets.h"
#include "feature/datasets/order.h"
#include "feature/datasets/samples_file.h"
#include "feature/generators/draft_verdicts.h"
#include "feature/generators/run_generator.h"
#include "feature/samples/sample_privacy.h"
#include "feature/training_sets/decisions.h"

namespace twin::feature {
namespace {

class PreferenceBuilder {
 public:
  PreferenceBuilder(const DatasetConfig& config, const DatasetContext& context, models::ChatEngine& base,
                    const std::string& base_model_id)
      : config_(config),
        context_(context),
        tools_(context.tools),
        prompts_(value_or_throw(models::load_prompts())),
        entry_(find_generator(config.preference_generator, "preference")) {
    tools_.engine = &base;
    tools_.model = base_model_id;
    generator_ = entry_.make({config_, tools_, prompts_, templates_});
  }

  DatasetReport run(std::vector<Sample> questions) {
    choose(questions);
    std::vector<Draft> drafts;
    drafts.reserve(questions.size());
    for (Sample& sample : questions) drafts.push_back({.sample = std::move(sample), .subject = {}, .opening = {}});
    std::vector<const Draft*> all;
    all.reserve(drafts.size());
    for (const Draft& draft : drafts) all.push_back(&draft);
    const std::vector<bool> drawn = draw_passages(entry_, config_, all);
    std::vector<const Draft*> asked;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (drawn[i]) {
        asked.push_back(all[i]);
      } else {
        reject(all[i]->sample, "over_max_calls", "");
      }
    }
    ModelCalls calls(config_, tools_,
                     value_or_throw(AnswerLog::open(context_.folder / "answers.jsonl", context_.objects)),
                     context_.stop);
    auto outcomes = run_generator(*generator_, config_, tools_, asked, calls, context_.progress, context_.stop);
    for (std::size_t i = 0; i < outcomes.size() && !context_.stop.stop_requested(); ++i) {
      settle(asked[i]->sample, std::move(outcomes[i]));
    }
    if (context_.stop.stop_requested()) {
      report_.failures.push_back({ErrorKind::cancelled, tr("Making the preference samples was stopped"), "",
                                  tr("run the same command again to continue")});
      return std::move(report_);
    }
    apply_decisions(context_.decisions, config_, kept_, report_.rejections);
    DatasetConfig config = config_;
    const Json facts{{"config", config::canonical(config)},
                     {"rejected_by", tools_.model},
                     {"prompt_version", generator_->version()}};
    write_dataset(context_.folder, "preference", {{"train", std::move(kept_)}}, facts, report_);
    return std::move(report_);
  }

 private:
  void choose(std::vector<Sample>& questions) const {
    const auto order = [this](const Sample& s) { return hash_order(config_.seed, "preference", s.id); };
    std::sort(questions.begin(), questions.end(),
              [&](const Sample& a, const Sample& b) { return std::pair(order(a), a.id) < std::pair(order(b), b.id); });
    questions.resize(std::min(questions.size(), static_cast<std::size_t>(config_.preference_samples)));
  }

  void settle(const Sample& question, Generated outcome) {
    if (outcome.failure) {
      outcome.failure->where = question.id;
      report_.failures.push_back(std::move(*outcome.failure));
      return;
    }
    for (Rejection& refused : outcome.refused) report_.rejections.push_back(std::move(refused));
    for (Proposal& proposal : outcome.proposals) {
      Sample& sample = proposal.ways.front();
      if (protect(sample)) kept_.push_back(std::move(sample));
    }
  }

  // The author's answer comes masked; a model may make up numbers of its own.
  bool protect(Sample& sample) {
    const auto found = config_.pii == "off" ? std::vector<PiiFinding>() : find_pii(sample.rejected);
    if (found.empty()) return true;
    const bool drop = config_.pii == "drop";
    for (const PiiFinding& finding : found) {
      report_.pii.push_back({sample.id, sample.provenance.document_id, "rejected", std::string(to_string(finding.kind)),
                             finding.span.start, finding.span.end, drop ? "dropped" : "masked"});
    }
    if (drop) {
      reject(sample, "pii", describe(found));
    } else {
      sample.rejected = mask_pii(sample.rejected, found);
    }
    return !drop;
  }

  void reject(const Sample& sample, std::string reason, std::string detail) {
    report_.rejections.push_back(rejection_of(sample, std::move(reason), std::move(detail)));
  }

  const DatasetConfig& config_;
  const DatasetContext& context_;
  GeneratorTools tools_;
  const models::Prompts prompts_;
  const std::map<std::string, QuestionTemplates> templates_;  // none: questions are there, or a model's
  const GeneratorEntry& entry_;
  std::unique_ptr<Generator> generator_;
  DatasetReport report_;
  std::vector<Sample> kept_;
};

}  // namespace

DatasetReport build_preference(const DatasetConfig& config, const DatasetContext& context,
                               const std::filesystem::path& instruct_folder, models::ChatEngine& base,
                               const std::string& base_model_id) {
  std::vector<Sample> questions = value_or_throw(read_samples(instruct_folder / "train.jsonl"));
  return PreferenceBuilder(config, context, base, base_model_id).run(std::move(questions));
}

}  // namespace twin::feature
