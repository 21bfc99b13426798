// Generators: how samples come of a passage of the author's. One .cpp each; generators.cpp lists them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feature/datasets/drafts.h"
#include "feature/generators/model_calls.h"
#include "models/prompts/prompts.h"

namespace twin::feature {

/// One sample, asked for in different ways, best first: the first whose question no other sample asks is taken. Ways
/// have all but an id.
struct Proposal {
  std::vector<Sample> ways;
};

/// What a generator makes of one passage.
struct Generated {
  std::vector<Proposal> proposals;
  std::vector<Rejection> refused;  ///< samples that came to nothing, each with its reason
  std::optional<Error> failure;    ///< no reply came: the passage is asked about again by the next run
  void refuse(const Sample& sample, std::string reason, std::string detail);
};

/// What generators work with; references must outlive them.
struct GeneratorSetup {
  const DatasetConfig& config;
  const GeneratorTools& tools;
  const models::Prompts& prompts;
  const std::map<std::string, QuestionTemplates>& templates;  ///< by category; extractive only
};

/// Immutable after construction: make() is called from several threads.
class Generator {
 public:
  virtual ~Generator() = default;
  /// Hash of the prompts it asks with, or the version of its code: part of provenance and of a dataset's key.
  [[nodiscard]] virtual std::string version() const = 0;
  /// The requests that make() would send at most, for estimates. What depends on a reply is a stand-in of its size.
  [[nodiscard]] virtual std::vector<models::ChatRequest> requests(const Draft& draft) const {
    static_cast<void>(draft);
    return {};
  }
  /// `draft`: an answer cut out of a document (kind instruct), or a training sample (kind preference). `calls` is null
  /// for generators without a model. Throws Fatal when the engine is gone.
  [[nodiscard]] virtual Generated make(const Draft& draft, ModelCalls* calls) const = 0;
};

struct GeneratorEntry {
  std::string_view id;
  std::string_view kind;  ///< instruct | preference
  std::string_view description;
  int calls = 0;  ///< requests for a passage at most; 0: no model is asked
  std::unique_ptr<Generator> (*make)(const GeneratorSetup& setup) = nullptr;
};

/// In the order of their documentation.
[[nodiscard]] const std::vector<GeneratorEntry>& generators();
/// Throws Fatal (usage) when there is none.
[[nodiscard]] const GeneratorEntry& find_generator(std::string_view id, std::string_view kind);
[[nodiscard]] std::vector<std::string> generator_ids(std::string_view kind);
/// Generator::version() of one. Throws Fatal when its prompts are missing.
[[nodiscard]] std::string generator_version(const DatasetConfig& config, std::string_view id, std::string_view kind);

std::unique_ptr<Generator> make_extractive(const GeneratorSetup& setup);
std::unique_ptr<Generator> make_backtranslate(const GeneratorSetup& setup);
std::unique_ptr<Generator> make_generate_answers(const GeneratorSetup& setup);
std::unique_ptr<Generator> make_generate_pairs(const GeneratorSetup& setup);
std::unique_ptr<Generator> make_self_play(const GeneratorSetup& setup);

}  // namespace twin::feature
