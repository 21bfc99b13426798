#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "core/files.h"
#include "stores/index/sqlite_index.h"
#include "stores/index/test_data.h"

using namespace twin;
using namespace twin::stores;

namespace {

constexpr int kDocuments = 5;

std::vector<std::string> texts_of(int write) {
  return std::vector<std::string>(static_cast<std::size_t>(write % 4), word(write) + " in a passage");
}

[[noreturn]] void write_until_killed(const std::filesystem::path& folder, int from, int pipe) {
  try {
    SqliteIndex index(folder);
    index.use_model("model", kDimension);
    for (int i = from;; ++i) {
      auto [document, chunks, vectors] = made("d" + std::to_string(i % kDocuments), texts_of(i));
      document.version = i;
      if (!index.replace(document, chunks, vectors)) _exit(3);
      if (write(pipe, &i, sizeof i) != sizeof i) _exit(4);
    }
  } catch (const std::exception& exception) {
    fprintf(stderr, "writer: %s\n", exception.what());
    _exit(5);
  }
}

int write_and_kill(const std::filesystem::path& folder, int from, int microseconds) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(ends[0]);
    write_until_killed(folder, from, ends[1]);
  }
  close(ends[1]);
  usleep(static_cast<useconds_t>(microseconds));
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  int last = from - 1;
  for (int told = 0; read(ends[0], &told, sizeof told) == sizeof told;) last = told;
  close(ends[0]);
  return last;
}

// Each document is whole at some write, and a rebuilt index is the same to the byte.
void check_state(Index& index, int last) {
  const TempFolder other;
  SqliteIndex rebuilt(other.path());
  rebuilt.use_model("model", kDimension);
  for (const auto& [id, key] : index.document_keys()) {
    const int write = index.document(id)->version;
    CHECK(write <= last + 1);
    CHECK(write > last - kDocuments);
    const auto [document, chunks, vectors] = made(id, texts_of(write));
    REQUIRE(rebuilt.replace(document, chunks, vectors));
    for (const auto& hit : index.lexical(word(write), 10)) {
      CHECK(index.chunk(hit.chunk_id)->document_id == id);
    }
    CHECK(index.lexical(word(write), 10).size() == chunks.size());
    if (write >= kDocuments) CHECK(index.lexical(word(write - kDocuments), 10).empty());
  }
  CHECK(index.digest() == rebuilt.digest());
  CHECK(index.counts().vectors == index.counts().chunks);
}

}  // namespace

TEST_CASE("index: killed at any instant, documents are whole, and words and vectors agree with them") {
  const TempFolder folder;
  std::mt19937 random(99);
  int last = -1;
  for (int round = 0; round < 10; ++round) {
    last = write_and_kill(folder.path(), last + 1, std::uniform_int_distribution<int>(2'000, 150'000)(random));
    SqliteIndex index(folder.path());
    index.use_model("model", kDimension);
    check_state(index, last);
    SQLite::Database database((folder.path() / "index.db").string(), SQLite::OPEN_READWRITE);
    CHECK(database.execAndGet("PRAGMA integrity_check").getString() == "ok");
    CHECK(database.execAndGet("SELECT (SELECT count(*) FROM chunks) = (SELECT count(*) FROM words)").getInt() == 1);
    // What the dead writer may have finished without telling.
    for (const auto& [id, key] : index.document_keys()) last = std::max(last, index.document(id)->version);
  }
  CHECK(last > kDocuments);
}

TEST_CASE("index: a full disk is told, and the index stays as it was") {
  const TempFolder folder;
  SqliteIndex limited(folder.path(), {}, {.max_pages = 150});
  Index& index = limited;
  index.use_model("model", kDimension);
  std::string digest = index.digest();
  const auto fill = [&] {
    for (int i = 0; i < 1000; ++i) {
      add(index, "d" + std::to_string(i), {"passage " + std::to_string(i), std::string(1500, 'x')});
      digest = index.digest();
    }
  };
  try {
    fill();
    FAIL("the limit did not hold");
  } catch (const Fatal& fatal) {
    CHECK(fatal.error().message.find("full") != std::string::npos);
  }
  CHECK(index.digest() == digest);
  CHECK(index.counts().documents > 5);
  std::mt19937 random(1);
  CHECK(index.dense(unit_vector(random), 3).value().size() == 3);
}

TEST_CASE("index: searches during writes see whole documents") {
  const TempFolder folder;
  const auto opened = open_index(folder.path());
  Index& index = *opened;
  index.use_model("model", kDimension);
  // Each document always has three chunks: a search must never see a part of them.
  constexpr std::size_t kChunks = 3;
  constexpr int kStable = 20;
  for (int i = 0; i < kStable; ++i) add(index, "d" + std::to_string(i), {"stable a", "stable b", "stable c"});
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 0; i < 60; ++i) {
      add(index, "d" + std::to_string(i % kStable), {"stable a", "stable b", "stable c"});
      add(index, "extra", {"extra a", "extra b", "extra c"});
      if (i % 2 == 0) index.remove("extra");
    }
    stop = true;
  });
  std::vector<std::thread> readers;
  std::atomic<int> torn = 0;
  std::atomic<int> searches = 0;
  readers.reserve(2);
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&, r] {
      std::mt19937 random(static_cast<unsigned>(r));
      while (!stop) {
        const auto dense = index.dense(unit_vector(random), 1000);
        if (!dense || dense->size() % kChunks != 0 || dense->size() < kStable * kChunks) ++torn;
        const auto lexical = index.lexical("stable extra", 1000);
        if (lexical.size() % kChunks != 0 || lexical.empty()) ++torn;
        ++searches;
      }
    });
  }
  writer.join();
  for (auto& reader : readers) reader.join();
  CHECK(torn == 0);
  CHECK(searches > 0);
}
