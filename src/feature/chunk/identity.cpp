#include <nlohmann/json.hpp>

#include "core/text/splitter.h"
#include "feature/chunk/chunk.h"

namespace twin::feature {
namespace {

/// Bump one when that strategy alone makes other chunks. "structure" has chunk_version.
int version_of(const std::string& strategy) {
  if (strategy == "sentence") return 1;
  if (strategy == "semantic") return 1;
  if (strategy == "fixed") return 1;
  return 0;
}

}  // namespace

// The rules of "structure" without parents are written as they were when there was nothing else: indexes made then stay
// as they are.
Json chunk_identity(const ChunkRules& rules) {
  ChunkRules copy = rules;
  Json all = config::canonical(copy);
  Json rules_used = Json::object();
  for (const char* key : {"max_tokens", "min_tokens", "overlap_tokens"}) rules_used[key] = all.at(key);
  const bool splits_sentences = rules.strategy != "fixed";
  if (splits_sentences) rules_used["sentences"] = all.at("sentences");
  if (rules.strategy != "structure") {
    rules_used["strategy"] = rules.strategy;
    rules_used["version"] = version_of(rules.strategy);
  }
  if (rules.strategy == "semantic") rules_used["semantic"] = all.at("semantic");
  if (rules.parent_tokens > 0) rules_used["parent_tokens"] = rules.parent_tokens;
  const auto splitter = text::sentence_splitter(rules.sentences);
  return {{"rules", std::move(rules_used)}, {"sentences", splitter && splits_sentences ? splitter->version : ""}};
}

}  // namespace twin::feature
