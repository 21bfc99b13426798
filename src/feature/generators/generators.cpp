#include <algorithm>

#include "core/i18n.h"
#include "feature/generators/draft_verdicts.h"

namespace twin::feature {

const std::vector<GeneratorEntry>& generators() {
  static const std::vector<GeneratorEntry> all = {
      {"extractive", "instruct", "questions by templates, answers verbatim", 0, make_extractive},
      {"backtranslate", "instruct", "a model writes the question, the answer stays the author's", 2,
       make_backtranslate},
      {"generate", "instruct", "a model writes questions and answers, grounded in a passage", 1, make_generate_answers},
      {"self-play", "preference", "rejected: the model's own answer", 1, make_self_play},
      {"generate", "preference", "a model writes question and rejected answer, chosen is an extract", 1,
       make_generate_pairs},
  };
  return all;
}

const GeneratorEntry& find_generator(std::string_view id, std::string_view kind) {
  for (const GeneratorEntry& entry : generators()) {
    if (entry.id == id && entry.kind == kind) return entry;
  }
  throw Fatal(ErrorKind::usage, tr("There is no generator '{}' of {} samples", id, kind));
}

std::vector<std::string> generator_ids(std::string_view kind) {
  std::vector<std::string> ids;
  for (const GeneratorEntry& entry : generators()) {
    if (entry.kind == kind) ids.emplace_back(entry.id);
  }
  return ids;
}

std::string generator_version(const DatasetConfig& config, std::string_view id, std::string_view kind) {
  const GeneratorTools tools;
  const models::Prompts prompts;
  const std::map<std::string, QuestionTemplates> templates;
  return find_generator(id, kind).make({config, tools, prompts, templates})->version();
}

void Generated::refuse(const Sample& sample, std::string reason, std::string detail) {
  refused.push_back(rejection_of(sample, std::move(reason), std::move(detail)));
}

}  // namespace twin::feature
