#include <doctest/doctest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "feature/chunk/checks_for_test.h"

namespace twin::feature {
namespace {

using testing::strategies;

TEST_CASE("what makes chunks: only the rules that the strategy looks at") {
  const ChunkRules base;
  // As it was before there were other strategies: indexes made then are not made again.
  CHECK(chunk_identity(base).at("rules").dump() ==
        R"({"max_tokens":200,"min_tokens":24,"overlap_tokens":0,"sentences":"free"})");
  const auto differs = [](const std::string& strategy, const std::function<void(ChunkRules&)>& change) {
    ChunkRules rules, changed;
    rules.strategy = changed.strategy = strategy;
    change(changed);
    return chunk_identity(rules) != chunk_identity(changed);
  };
  std::set<std::string> all;
  for (const std::string& strategy : strategies) {
    CAPTURE(strategy);
    ChunkRules rules;
    rules.strategy = strategy;
    all.insert(chunk_identity(rules).dump());
    CHECK(differs(strategy, [](ChunkRules& r) { r.max_tokens = 100; }));
    CHECK(differs(strategy, [](ChunkRules& r) { r.min_tokens = 10; }));
    CHECK(differs(strategy, [](ChunkRules& r) { r.overlap_tokens = 10; }));
    CHECK(differs(strategy, [](ChunkRules& r) { r.parent_tokens = 10; }));
    const bool semantic = strategy == "semantic";
    CHECK(differs(strategy, [](ChunkRules& r) { r.semantic.percentile = 50; }) == semantic);
    CHECK(differs(strategy, [](ChunkRules& r) { r.semantic.context_sentences = 0; }) == semantic);
    CHECK(differs(strategy, [](ChunkRules& r) { r.sentences = "auto"; }) == (strategy != "fixed"));
  }
  CHECK(all.size() == strategies.size());
}

}  // namespace
}  // namespace twin::feature
