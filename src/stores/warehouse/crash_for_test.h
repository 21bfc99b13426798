// A writer that is killed at any instant, and what must be true of the warehouse it leaves.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <map>

#include "stores/warehouse/conformance.h"

namespace twin::stores::crash {

inline constexpr int kDocuments = 7;

inline Document write_number(int i) {
  return sample_document(i % kDocuments, "write " + std::to_string(i));
}

/// Upserts for ever; tells each finished write through the pipe. Ends by being killed.
[[noreturn]] inline void write_until_killed(const WarehouseFactory& open, const std::filesystem::path& folder, int from,
                                            int pipe) {
  try {
    const auto warehouse = open(folder);
    for (int i = from;; ++i) {
      Document d = write_number(i);
      warehouse->upsert(d);
      if (i % 11 == 10) warehouse->tombstone(d.id, i);
      if (write(pipe, &i, sizeof i) != sizeof i) _exit(3);
    }
  } catch (const std::exception& exception) {
    fprintf(stderr, "writer: %s\n", exception.what());
    _exit(4);
  }
}

/// Lets a child write from number `from` on, kills it after a while; returns the last write it had told of.
inline int write_and_kill(const WarehouseFactory& open, const std::filesystem::path& folder, int from,
                          int microseconds) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(ends[0]);
    write_until_killed(open, folder, from, ends[1]);
  }
  close(ends[1]);
  usleep(static_cast<useconds_t>(microseconds));
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  int last = from - 1;
  int told = 0;
  while (read(ends[0], &told, sizeof told) == sizeof told) last = told;
  close(ends[0]);
  return last;
}

/// Every version is whole and in sequence, and the last told write is there (the one after it may be).
inline void check_state(const WarehouseFactory& open, const std::filesystem::path& folder, int last) {
  const auto warehouse = open(folder);
  warehouse->check([](Error&& error) { FAIL_CHECK(error.text()); });
  std::map<std::string, int> versions;
  warehouse->each_version({.include_deleted = true}, [&](Document&& d) {
    CHECK(d.version == ++versions[d.id]);
    CHECK(d.content_hash == content_hash(d));
    return true;
  });
  if (last >= 0) {
    const Document told = write_number(last);
    const auto kept = warehouse->document(document_id(told.url), 0);
    REQUIRE(kept);
    CHECK_MESSAGE(kept->body == told.body, "write ", last, " is lost");
  }
  std::int64_t total = 0;
  for (const auto& [id, count] : versions) total += count;
  CHECK(total == warehouse->counts().versions);
  CHECK((total == last + 1 || total == last + 2));
  const auto digest = warehouse->digest();
  const auto copy = open(folder.parent_path() / ("copy" + std::to_string(last)));
  warehouse->each_version({.include_deleted = true}, [&](Document&& d) {
    copy->restore(d);
    return true;
  });
  CHECK(copy->digest() == digest);
}

}  // namespace twin::stores::crash
