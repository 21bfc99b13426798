#include "ops/project/dataset_model.h"

#include <cstdlib>

#include "core/hash.h"
#include "core/i18n.h"
#include "evaluation/support.h"
#include "evaluation/token_estimate.h"
#include "feature/generators/generator.h"
#include "ops/project/workers.h"

namespace twin::ops {
namespace {

const std::string& generator_of(const feature::DatasetConfig& config, std::string_view kind) {
  return kind == "instruct" ? config.generator : config.preference_generator;
}

bool asks_provider(const feature::DatasetConfig& config, std::string_view kind) {
  return !config.generate.provider.url.empty() && generator_of(config, kind) != "self-play";
}

void check_key(const models::RemoteConfig& provider) {
  if (provider.key_env.empty()) return;
  const char* const key = std::getenv(provider.key_env.c_str());
  if (key != nullptr && *key != '\0') return;
  throw Fatal(ErrorKind::usage, tr("The environment variable {} with the API key is not set", provider.key_env),
              provider.url);
}

}  // namespace

std::string dataset_model_id(Project& project, std::string_view kind) {
  const feature::DatasetConfig& config = project.config().dataset;
  if (feature::find_generator(generator_of(config, kind), kind).calls == 0) return {};
  if (asks_provider(config, kind)) return config.generate.provider.model + "@" + config.generate.provider.url;
  std::string id = model_sha256(project, project.config().models.chat);
  const bool tuned = generator_of(config, kind) == "self-play" && !config.self_play_adapter.empty();
  if (tuned) id += "+" + value_or_throw(sha256_file(config.self_play_adapter));
  return id;
}

DatasetModel start_dataset_model(Project& project, std::string_view kind) {
  const feature::DatasetConfig& config = project.config().dataset;
  DatasetModel model;
  model.tools.model = dataset_model_id(project, kind);
  const double threshold = config.generate.support;
  model.tools.grounding = [threshold](std::string_view answer, std::string_view passage) -> std::optional<double> {
    const auto support = evaluation::measure_support(answer, {std::string(passage)}, threshold);
    return support ? std::optional(support->sentences) : std::nullopt;
  };
  model.tools.tokens = [](std::string_view text) -> std::int64_t { return evaluation::estimated_tokens(text); };
  if (model.tools.model.empty()) return model;
  if (asks_provider(config, kind)) {
    check_key(config.generate.provider);
    model.engine = models::make_remote_chat(config.generate.provider);
    model.tools.parallel = config.generate.parallel;
  } else {
    const bool self_play = generator_of(config, kind) == "self-play";
    model.engine = start_chat_worker(project, self_play ? config.self_play_adapter : std::string());
  }
  model.tools.engine = model.engine.get();
  return model;
}

}  // namespace twin::ops
