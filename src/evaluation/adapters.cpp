#include "evaluation/adapters.h"

#include <nlohmann/json.hpp>

#include "core/files.h"
#include "training/client.h"

namespace twin::evaluation {

std::string model_of(Arm arm) {
  switch (arm) {
    case Arm::base:
      return "base";
    case Arm::base_rag:
      return "base:rag";
    case Arm::tuned:
      return "twin:no-rag";
    case Arm::tuned_rag:
      return "twin";
  }
  return "base";
}

AskArm ask_assistant(inference::Assistant& assistant, int max_tokens, std::stop_token stop) {
  return [&assistant, max_tokens, stop](const Question& question, Arm arm) -> Result<ArmAnswer> {
    inference::AskRequest request;
    request.messages = {{"user", question.question}};
    request.model = model_of(arm);
    request.max_tokens = max_tokens;
    request.temperature = 0;
    request.reuse_prefix = false;
    request.cancel = stop;
    auto answer = assistant.ask(request);
    if (!answer) return tl::unexpected(std::move(answer.error()));
    ArmAnswer result{std::move(answer->text), {}, {}};
    for (inference::Passage& passage : answer->passages) result.passages.push_back(std::move(passage.text));
    return result;
  };
}

SearchPassages search_assistant(inference::Assistant& assistant) {
  return [&assistant](const std::string& question, int k) -> Result<std::vector<FoundPassage>> {
    const auto passages = assistant.search(question, k);
    if (!passages) return tl::unexpected(passages.error());
    std::vector<FoundPassage> found;
    for (const inference::Passage& passage : *passages) {
      found.push_back({passage.document_id, passage.start, passage.end});
    }
    return found;
  };
}

ScoreSamples score_by_training(ScoringSetup setup, ProgressSink& progress, std::stop_token stop) {
  return [setup = std::move(setup), &progress, stop](const std::vector<feature::Sample>& samples,
                                                     bool tuned) -> Result<std::vector<training::ScoredItem>> {
    std::string lines;
    for (const feature::Sample& sample : samples) lines += feature::to_json(sample).dump() + "\n";
    training::ScoreJob job;
    job.base = setup.base;
    if (tuned) job.adapter = setup.adapter;
    job.data = setup.folder / "perplexity.jsonl";
    job.dtype = setup.dtype;
    job.threads = setup.threads;
    job.max_length = setup.max_length;
    if (auto written = disk().write(job.data, lines); !written) return tl::unexpected(std::move(written.error()));
    return training::run_scoring(job, progress, stop);
  };
}

}  // namespace twin::evaluation
