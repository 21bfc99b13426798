#include "inference/query/planned_search.h"

#include <doctest/doctest.h>

#include "core/files.h"
#include "inference/fakes.h"

namespace twin::inference {
namespace {

using Strings = std::vector<std::string>;

struct Fixture {
  TempFolder folder;
  WordEmbedder embedder{{"kernel", "package", "banana"}};
  std::unique_ptr<stores::Index> index = stores::open_index(folder.path());
  RetrievalConfig config;

  Fixture() {
    put(*index, embedder, "kernel", "articles", 1.0, {"The kernel schedules processes.", "A kernel module is loaded."});
    put(*index, embedder, "package", "articles", 1.0, {"A package is installed by apt.", "Purge removes a package."});
    put(*index, embedder, "banana", "posts", 1.0, {"A banana is a fruit.", "Peel the banana first."});
  }
  Strings find(QueryPlan& plan, int k = 3) {
    if (plan.wordings.empty()) plan.wordings = {plan.question};
    const auto found = value_or_throw(find_planned({*index, embedder}, plan, k, config, {}));
    Strings ids;
    for (std::size_t i = 0; i < found.passages.size(); ++i) {
      CHECK(found.passages[i].rank == static_cast<int>(i) + 1);
      ids.push_back(found.passages[i].document_id);
    }
    return ids;
  }
};

}  // namespace

TEST_CASE("planned search: one question is searched as ever") {
  Fixture f;
  QueryPlan plan{.question = "Which processes does the kernel schedule?"};
  CHECK(f.find(plan).front() == "kernel");
}

TEST_CASE("planned search: what several wordings find together comes first") {
  Fixture f;
  f.config.spread_below = 0;  // of "zebra" no passage holds a word
  QueryPlan plan{.question = "zebra", .wordings = {"zebra", "kernel module", "kernel processes"}};
  const auto ids = f.find(plan, 2);
  CHECK(ids == Strings{"kernel", "kernel"});
}

TEST_CASE("planned search: each part gets its share of the passages") {
  Fixture f;
  QueryPlan plan{.question = "kernel and banana", .parts = {"How is the kernel scheduled?", "What is a banana?"}};
  const auto ids = f.find(plan, 4);
  REQUIRE(ids.size() == 4);
  CHECK(ids[0] == "kernel");
  CHECK(ids[1] == "banana");
  CHECK(std::count(ids.begin(), ids.end(), "kernel") == 2);
  CHECK(std::count(ids.begin(), ids.end(), "banana") == 2);
}

TEST_CASE("planned search: a hypothetical passage leads where the question's words do not") {
  Fixture f;
  f.config.lexical_weight = 0;
  QueryPlan plan{.question = "Which yellow thing is sweet?"};
  plan.passages = {"A banana is sweet and yellow."};
  CHECK(f.find(plan, 1) == Strings{"banana"});
}

TEST_CASE("planned search: a filter holds, and is given up when it leaves nothing") {
  Fixture f;
  QueryPlan plan{.question = "kernel"};
  plan.filter.categories = {"posts"};
  plan.steps = {{.name = "filters", .outcome = "used"}};
  for (const std::string& id : f.find(plan)) CHECK(id == "banana");
  CHECK(plan.steps[0].outcome == "used");
  plan.filter.categories = {"none"};
  CHECK(f.find(plan).front() == "kernel");
  CHECK(plan.steps[0].outcome.starts_with("given up"));
  CHECK(plan.filter.empty());
}

TEST_CASE("planned search: what the request asks for holds, whatever is read off the question") {
  Fixture f;
  QueryPlan plan{.question = "kernel"};
  plan.required.categories = {"articles"};
  plan.filter.document_ids = {"banana"};  // an article: none
  plan.steps = {{.name = "filters", .outcome = "used"}};
  const auto ids = f.find(plan, 10);
  REQUIRE_FALSE(ids.empty());
  CHECK(std::count(ids.begin(), ids.end(), "banana") == 0);
  CHECK(plan.steps[0].outcome.starts_with("given up"));
  plan.filter = {};
  plan.filter.categories = {"posts"};  // the request has a category of its own, and it wins
  for (const std::string& id : f.find(plan, 10)) CHECK(id != "banana");
}

}  // namespace twin::inference
