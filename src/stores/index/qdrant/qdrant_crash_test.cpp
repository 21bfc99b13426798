// A writer or the server is killed; a server that is gone, slow or says no.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <random>

#include "core/files.h"
#include "core/http/server_for_test.h"
#include "stores/index/qdrant/qdrant_index.h"
#include "stores/index/qdrant/server_for_test.h"
#include "stores/index/test_data.h"

using namespace twin;
using namespace twin::stores;

namespace {

constexpr int kWritten = 5;  // documents, again and again

std::vector<std::string> written_texts(int write) {
  return std::vector<std::string>(static_cast<std::size_t>(write % 4), word(write) + " in a passage");
}

[[noreturn]] void write_to_qdrant(const IndexConfig& config, const std::filesystem::path& folder, int from, int pipe) {
  try {
    const auto index = open_index(config, folder, no_secrets());
    index->use_model("model", kDimension);
    for (int i = from;; ++i) {
      const std::string id = "d" + std::to_string(i % kWritten);
      auto [document, chunks, vectors] = made(id, written_texts(i));
      document.version = i;
      if (i % 7 == 6) {
        index->remove(id);
      } else if (!index->replace(document, chunks, vectors)) {
        _exit(3);
      }
      if (write(pipe, &i, sizeof i) != sizeof i) _exit(4);
    }
  } catch (const std::exception& exception) {
    fprintf(stderr, "writer: %s\n", exception.what());
    _exit(5);
  }
}

/// Killed so long after its first write, or after its start.
int write_and_be_killed(const IndexConfig& config, const std::filesystem::path& folder, int from, int microseconds,
                        bool after_first) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(ends[0]);
    write_to_qdrant(config, folder, from, ends[1]);
  }
  close(ends[1]);
  int last = from - 1;
  if (after_first) REQUIRE(read(ends[0], &last, sizeof last) == sizeof last);
  usleep(static_cast<useconds_t>(microseconds));
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  for (int told = 0; read(ends[0], &told, sizeof told) == sizeof told;) last = told;
  close(ends[0]);
  return last;
}

/// What every reader must see: documents of some write, whole; no passage of another one.
void check_whole_documents(Index& index, int last) {
  const TempFolder other;
  const auto rebuilt = open_index(other.path());
  rebuilt->use_model("model", kDimension);
  std::size_t passages = 0;
  for (const auto& [id, key] : index.document_keys()) {
    const int write = index.document(id)->version;
    CHECK(write <= last + 1);
    auto [document, chunks, vectors] = made(id, written_texts(write));
    document.version = write;
    passages += chunks.size();
    REQUIRE(rebuilt->replace(document, chunks, vectors));
    CHECK(index.lexical(word(write), 10).size() == chunks.size());
    if (write >= kWritten) CHECK(index.lexical(word(write - kWritten), 10).empty());
  }
  CHECK(index.digest() == rebuilt->digest());
  std::mt19937 random(1);
  CHECK(index.dense(unit_vector(random), 1000).value().size() == passages);
}

Error error_of_opening(const IndexConfig& config) {
  const TempFolder folder;
  try {
    static_cast<void>(open_index(config, folder.path(), no_secrets()));
  } catch (const Fatal& fatal) {
    return fatal.error();
  }
  FAIL("opened");
  return {};
}

IndexConfig config_of(int port) {
  IndexConfig config;
  config.uri = "qdrant://127.0.0.1:" + std::to_string(port) + "/name";
  config.qdrant.retry_seconds = 0;
  config.qdrant.request_seconds = 1;
  return config;
}

}  // namespace

TEST_CASE("index: Qdrant, a writer killed at any instant leaves whole documents, and no passage that stays") {
  if (!QdrantServer::available()) return;
  const TempFolder folder;
  const IndexConfig config = shared_qdrant().config(folder.path());
  std::mt19937 random(99);
  int last = -1;
  for (int round = 0; round < 10; ++round) {
    // The first ones while the collection is made.
    last = write_and_be_killed(config, folder.path(), last + 1,
                               std::uniform_int_distribution<int>(1'000, 300'000)(random), round >= 2);
    const auto index = open_index(config, folder.path(), no_secrets());
    if (index->model().dimension == 0) continue;
    check_whole_documents(*index, last);  // before anything is tidied
    index->use_model("model", kDimension);
    check_whole_documents(*index, last);
    const Json body = {{"exact", true}, {"filter", {{"must", {qdrant::matches("kind", "chunk")}}}}};
    qdrant::Server server;
    server.base = shared_qdrant().url();
    const auto count =
        qdrant::Client(server, make_http_client())
            .call("POST", "/collections" + config.uri.substr(config.uri.rfind('/')) + "/points/count", body.dump());
    CHECK(count->at("count").get<std::int64_t>() == index->counts().chunks);
    for (const auto& [id, key] : index->document_keys()) last = std::max(last, index->document(id)->version);
  }
  CHECK(last > kWritten);
}

TEST_CASE("index: Qdrant, the server killed in the middle of writing is an error, and nothing told is lost") {
  if (!QdrantServer::available()) return;
  const TempFolder folder;
  QdrantServer server;
  IndexConfig config = server.config(folder.path());
  config.qdrant.retry_seconds = 0;
  const auto index = open_index(config, folder.path(), no_secrets());
  index->use_model("model", kDimension);
  for (int i = 0; i < 10; ++i) add(*index, "d" + std::to_string(i), {"text of " + word(i), "more"});
  const auto digest = index->digest();
  server.kill();
  const auto late = made("late", {"too late"});
  for (const auto& request : std::vector<std::function<void()>>{
           [&] { static_cast<void>(index->replace(late.document, late.chunks, late.vectors)); },
           [&] { static_cast<void>(index->lexical("text", 3)); },
           [&] { static_cast<void>(index->dense(late.vectors[0], 3)); }, [&] { index->remove("d1"); },
           [&] { static_cast<void>(index->digest()); }}) {
    try {
      request();
      FAIL("answered without a server");
    } catch (const Fatal& fatal) {
      CHECK(fatal.error().kind == ErrorKind::network);
      CHECK(fatal.error().where == config.uri);
      CHECK_FALSE(fatal.error().hint.empty());
    }
  }
  server.start();
  CHECK(index->digest() == digest);
  CHECK(index->lexical(word(3), 3).size() == 1);
  REQUIRE(index->replace(late.document, late.chunks, late.vectors));
  CHECK(index->counts().documents == 11);
}

TEST_CASE("index: Qdrant, a server that comes back in time is waited for") {
  if (!QdrantServer::available()) return;
  const TempFolder folder;
  QdrantServer server;
  IndexConfig config = server.config(folder.path());
  config.qdrant.retry_seconds = 60;
  const auto index = open_index(config, folder.path(), no_secrets());
  index->use_model("model", kDimension);
  server.kill();
  std::thread later([&] { server.start(); });
  add(*index, "a", {"alpha"});
  later.join();
  CHECK(index->counts().documents == 1);
}

TEST_CASE("index: Qdrant, what a server says is wrong is shown, with where and what to do") {
  std::string status = "400 Bad Request", body = R"({"status":{"error":"Wrong input: too long"},"time":0.1})";
  TestServer server([&](const std::string&) { return answer(body, status); });
  const auto error = [&] { return error_of_opening(config_of(server.port())); };
  CHECK(error().kind == ErrorKind::invalid);
  CHECK(error().message.find("Wrong input: too long") != std::string::npos);
  CHECK(error().where == config_of(server.port()).uri);
  status = "500 Internal Server Error";
  CHECK(error().kind == ErrorKind::network);
  CHECK(error().message.find("Wrong input: too long") != std::string::npos);
  status = "401 Unauthorized";
  CHECK(error().kind == ErrorKind::usage);
  CHECK(error().hint.find("QDRANT_API_KEY") != std::string::npos);
  status = "200 OK";
  body = "<html>not Qdrant</html>";
  CHECK(error().kind == ErrorKind::invalid);
}

TEST_CASE("index: Qdrant, a request is tried again as long as configured") {
  std::atomic<int> asked = 0;
  TestServer server([&](const std::string&) {
    return ++asked < 3 ? answer("busy", "503 Service Unavailable") : answer(R"({"result":[],"status":"ok"})");
  });
  IndexConfig config = config_of(server.port());
  config.qdrant.retry_seconds = 30;
  const TempFolder folder;
  CHECK_THROWS_AS(static_cast<void>(open_index(config, folder.path(), no_secrets())), Fatal);  // an answer, but foreign
  CHECK(asked == 3);
}

TEST_CASE("index: Qdrant, a server that does not answer in time is an error") {
  TestServer server(TestServer::Handler([](int, const std::string&) { return true; }));
  const Error error = error_of_opening(config_of(server.port()));
  CHECK(error.kind == ErrorKind::network);
}

TEST_CASE("index: Qdrant, the key goes to the server and nowhere else") {
  const std::string key = "k3y-of-the-server";
  std::string request;
  TestServer server([&](const std::string& text) {
    request = text;
    return answer(R"({"status":{"error":"no"}})", "403 Forbidden");
  });
  setenv("QDRANT_API_KEY", key.c_str(), 1);
  const Error error = error_of_opening(config_of(server.port()));
  unsetenv("QDRANT_API_KEY");
  CHECK(request.find("api-key: " + key) != std::string::npos);
  CHECK(error.text().find(key) == std::string::npos);
}
