// Several versions of an index side by side: what holds for those in a folder and for those on a server alike.
#include "stores/index/versions.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "core/files.h"
#include "stores/index/conformance.h"
#include "stores/index/folder_versions.h"
#include "stores/index/index_check.h"
#include "stores/index/qdrant/server_for_test.h"
#include "stores/index/test_data.h"

using namespace twin;
using namespace twin::stores;

namespace {

using State = IndexVersion::State;
using Open = std::function<std::unique_ptr<IndexVersions>()>;

const IndexModel one{"one", kDimension}, two{"two", kDimension}, three{"three", kDimension};

/// As a build does it: documents, then the end of it.
std::string build(IndexVersions& versions, const std::string& embedder, const IndexModel& model, int documents) {
  std::string name = versions.prepare(embedder, model);
  const auto index = versions.open(name);
  CHECK_FALSE(index->use_model(model.hash, model.dimension));
  for (int i = 0; i < documents; ++i) add(*index, "d" + std::to_string(i), {"alpha " + model.hash});
  index->settle();
  return name;
}

std::vector<State> states(IndexVersions& versions) {
  std::vector<State> found;
  for (const auto& version : versions.list()) found.push_back(version.state);
  return found;
}

std::vector<std::string> embedders(IndexVersions& versions) {
  std::vector<std::string> found;
  for (const auto& version : versions.list()) found.push_back(version.embedder);
  return found;
}

void test_versions(const Open& open) {
  const auto versions = open();
  CHECK(versions->list().empty());
  CHECK(versions->serving_embedder().empty());

  // The first one serves while it grows.
  const std::string first = build(*versions, "model-one", one, 3);
  CHECK(versions->serving() == first);
  versions->publish(first, 1);
  CHECK(versions->serving_embedder() == "model-one");
  CHECK(open()->prepare("model-one", one) == first);

  // Another model fills another version; what serves stays as it is, also for who looks meanwhile.
  const auto reader = versions->open(versions->serving());
  const std::string second = build(*versions, "model-two", two, 2);
  CHECK(second != first);
  CHECK(versions->serving() == first);
  CHECK(versions->serving_embedder() == "model-one");
  CHECK(reader->model().hash == "one");
  CHECK(reader->lexical("alpha", 9).size() == 3);
  CHECK(states(*versions) == std::vector{State::serving, State::building});
  CHECK(versions->list()[1].counts.documents == 2);
  CHECK(open()->prepare("model-two", two) == second);  // and goes on there

  versions->publish(second, 1);
  CHECK(open()->serving() == second);
  CHECK(open()->serving_embedder() == "model-two");
  CHECK(open()->open(second)->lexical("alpha two", 9).size() == 2);
  CHECK(states(*versions) == std::vector{State::serving, State::kept});
  CHECK(embedders(*versions) == std::vector<std::string>{"model-two", "model-one"});
  CHECK(reader->model().hash == "one");
  CHECK(reader->lexical("alpha", 9).size() == 3);  // who holds the old one still searches it

  // Back: nothing has to be made again.
  CHECK(open()->prepare("model-one", one) == first);
  CHECK(open()->open(first)->counts().documents == 3);
  versions->publish(first, 1);
  CHECK(embedders(*versions) == std::vector<std::string>{"model-one", "model-two"});

  // A third one: the rule keeps one of those that served, and what was only begun goes.
  const std::string begun = build(*versions, "begun", {"begun", 7 + kDimension}, 0);
  const std::string third = build(*versions, "model-three", three, 1);
  versions->publish(first, 1);  // no switch: what was begun stays
  CHECK(versions->list().size() == 4);
  versions->publish(third, 1);
  CHECK(embedders(*versions) == std::vector<std::string>{"model-three", "model-one"});
  CHECK(states(*versions) == std::vector{State::serving, State::kept});
  versions->publish(third, 0);
  CHECK(embedders(*versions) == std::vector<std::string>{"model-three"});
  CHECK(open()->open(versions->serving())->lexical("three", 9).size() == 1);
}

/// A writer that dies by SIGKILL somewhere in building and switching.
void killed_at_any_instant(const Open& open) {
  build(*open(), "model-one", one, 3);
  open()->publish(open()->serving(), 1);
  int switched = 0;
  for (int round = 0; round < 8; ++round) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      try {
        const auto versions = open();
        const std::string name = versions->prepare("model-two", two);
        const auto index = versions->open(name);
        index->use_model(two.hash, two.dimension);
        for (int i = 0; i < 6; ++i) {
          if (index->document("d" + std::to_string(i))) continue;
          auto [document, chunks, vectors] = made("d" + std::to_string(i), {"alpha two", "beta two"});
          if (!index->replace(document, chunks, vectors)) _exit(3);
        }
        index->settle();
        versions->publish(name, 1);
        _exit(0);
      } catch (const std::exception& exception) {
        fprintf(stderr, "writer: %s\n", exception.what());
        _exit(4);
      }
    }
    usleep(static_cast<useconds_t>(3'000 << round));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    CHECK((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
    // What serves is the whole old one or the whole new one.
    const auto versions = open();
    const auto serving = versions->open(versions->serving());
    const auto counts = serving->counts();
    if (serving->model().hash == "one") {
      CHECK(counts.documents == 3);
      CHECK(counts.chunks == 3);
    } else {
      CHECK(counts.documents == 6);
      CHECK(counts.chunks == 12);
      CHECK(serving->lexical("beta", 20).size() == 6);
      ++switched;
    }
  }
  // The last round, left alone, ends it.
  const auto versions = open();
  const std::string name = versions->prepare("model-two", two);
  const auto index = versions->open(name);
  index->use_model(two.hash, two.dimension);
  for (int i = 0; i < 6; ++i) {
    if (!index->document("d" + std::to_string(i))) add(*index, "d" + std::to_string(i), {"alpha two", "beta two"});
  }
  versions->publish(name, 1);
  CHECK(versions->serving() == name);
  CHECK(versions->open(name)->counts().chunks == 12);
  MESSAGE("switched before the kill in ", switched, " of 8 rounds");
}

}  // namespace

TEST_CASE("index versions: in a folder") {
  const TempFolder folder;
  test_versions([&] { return open_index_versions({}, folder.path(), no_secrets()); });
}

TEST_CASE("index versions: in a folder, killed at any instant") {
  const TempFolder folder;
  killed_at_any_instant([&] { return open_index_versions({}, folder.path(), no_secrets()); });
}

TEST_CASE("index versions: on a Qdrant server") {
  if (!QdrantServer::available()) return;
  const TempFolder folder;
  const IndexConfig config = shared_qdrant().config(folder.path());
  test_versions([&] { return open_index_versions(config, folder.path(), no_secrets()); });
}

TEST_CASE("index versions: on a Qdrant server, killed at any instant") {
  if (!QdrantServer::available()) return;
  const TempFolder folder;
  const IndexConfig config = shared_qdrant().config(folder.path());
  killed_at_any_instant([&] { return open_index_versions(config, folder.path(), no_secrets()); });
}

TEST_CASE("index versions: an index of before serves, and is kept when another model takes over") {
  const TempFolder folder;
  {
    const auto old = open_index(folder.path());
    old->use_model("one", kDimension);
    add(*old, "a", {"alpha"});
  }
  const auto versions = open_index_versions({}, folder.path(), no_secrets());
  CHECK(versions->serving() == "main");
  CHECK(versions->prepare("model-one", one) == "main");
  const std::string other = build(*versions, "model-two", two, 1);
  versions->publish(other, 1);
  CHECK(versions->list()[1].name == "main");
  CHECK(index_version_folders(folder.path()).size() == 2);
  // What opens the folder by its address gets what serves.
  CHECK(open_index(IndexConfig{}, folder.path(), no_secrets())->model().hash == "two");
  versions->publish(other, 0);
  CHECK_FALSE(disk().exists(folder.path() / "index.db"));
  CHECK(open_index(IndexConfig{}, folder.path(), no_secrets())->counts().documents == 1);
}

TEST_CASE("index versions: an empty or damaged serving index is filled where it is") {
  const TempFolder folder;
  const auto versions = open_index_versions({}, folder.path(), no_secrets());
  const std::string second = [&] {
    versions->publish(build(*versions, "model-one", one, 1), 1);
    std::string name = build(*versions, "model-two", two, 1);
    versions->publish(name, 1);
    return name;
  }();
  static_cast<void>(set_aside_index(folder.path() / second));
  CHECK(versions->prepare("model-two", two) == second);
}

TEST_CASE("index versions: a list that is damaged is told, and names outside of the folder are refused") {
  const TempFolder folder;
  const auto versions = open_index_versions({}, folder.path(), no_secrets());
  for (const std::string bad : {"{", "[]", R"({"serving": 1, "kept": [], "embedders": {}})",
                                R"({"serving": "../x", "kept": [], "embedders": {}})",
                                R"({"serving": "models/..", "kept": [], "embedders": {}})"}) {
    value_or_throw(disk().write(folder.path() / "versions.json", bad));
    try {
      static_cast<void>(versions->serving());
      FAIL(bad);
    } catch (const Fatal& fatal) {
      CHECK(fatal.error().where.find("versions.json") != std::string::npos);
      CHECK(fatal.error().hint.find("twin index") != std::string::npos);
    }
  }
}
