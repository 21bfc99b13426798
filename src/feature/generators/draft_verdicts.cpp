#include "feature/generators/draft_verdicts.h"

#include <fmt/format.h>

#include "core/hash.h"
#include "core/text/unicode.h"
#include "feature/chunk/sections.h"
#include "feature/generators/run_generator.h"
#include "feature/samples/sample_rules.h"

namespace twin::feature {

Rejection rejection_of(const Sample& sample, std::string reason, std::string detail) {
  const Provenance& from = sample.provenance;
  return {sample.id, from.document_id, from.start, from.end, std::move(reason), std::move(detail)};
}

void DraftVerdicts::judge(const Draft& draft) {
  DraftVerdict verdict;
  verdict.draft = &draft;
  const Sample& sample = draft.sample;
  // Where the model writes the answers, the rules are asked of those.
  const bool is_answer = entry_.id != "generate";
  if (auto refused = is_answer ? refusal(config_, sample.answer) : std::nullopt) {
    verdict.rejected = rejection_of(sample, std::move(refused->reason), std::move(refused->detail));
    verdicts_.push_back(std::move(verdict));
    return;
  }
  const std::string plain = text::fold(collapse_space(sample.answer));
  const auto [same, is_new] = answers_.try_emplace(sha256_hex(plain), verdicts_.size());
  if (!is_new) {
    verdict.like = same->second;
  } else if (const auto match = near_.add(plain)) {
    answers_.erase(same);
    verdict.like = near_drafts_[match->index];
    verdict.similarity = match->similarity;
  } else {
    near_drafts_.push_back(verdicts_.size());
  }
  verdicts_.push_back(std::move(verdict));
}

Rejection DraftVerdicts::duplicate(const DraftVerdict& verdict) const {
  const Sample& sample = verdict.draft->sample;
  const Sample& first = verdicts_[verdict.like].draft->sample;
  if (verdict.similarity == 0) return rejection_of(sample, "duplicate", "the answer of " + first.id);
  return rejection_of(sample, first.split != sample.split ? "near_duplicate_across_splits" : "near_duplicate",
                      fmt::format("{:.2f} like {}", verdict.similarity, first.id));
}

std::optional<Rejection> GeneratedAnswers::refuse(const Sample& sample) {
  if (is_author_text(sample)) return std::nullopt;
  if (auto refused = refusal(config_, sample.answer)) {
    return rejection_of(sample, std::move(refused->reason), std::move(refused->detail));
  }
  const auto match = near_.add(text::fold(collapse_space(sample.answer)));
  if (!match) {
    splits_.push_back(sample.split);
    return std::nullopt;
  }
  return rejection_of(sample, splits_[match->index] != sample.split ? "near_duplicate_across_splits" : "near_duplicate",
                      fmt::format("{:.2f} like another generated answer", match->similarity));
}

void DraftVerdicts::generate(const Generator& generator, const DatasetContext& context) {
  if (entry_.calls == 0) return;
  std::vector<const Draft*> open;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < verdicts_.size(); ++i) {
    if (!verdicts_[i].is_open()) continue;
    open.push_back(verdicts_[i].draft);
    places.push_back(i);
  }
  const std::vector<bool> drawn = draw_passages(entry_, config_, open);
  std::vector<const Draft*> asked;
  std::vector<std::size_t> asked_places;
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (drawn[i]) {
      asked.push_back(open[i]);
      asked_places.push_back(places[i]);
    } else {
      verdicts_[places[i]].rejected = rejection_of(open[i]->sample, "over_max_calls", "");
    }
  }
  ModelCalls calls(config_, context.tools,
                   value_or_throw(AnswerLog::open(context.folder / "answers.jsonl", context.objects)), context.stop);
  auto outcomes = run_generator(generator, config_, context.tools, asked, calls, context.progress, context.stop);
  for (std::size_t i = 0; i < outcomes.size(); ++i) verdicts_[asked_places[i]].made = std::move(outcomes[i]);
}

}  // namespace twin::feature
