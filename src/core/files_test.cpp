#include "core/files.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

using namespace twin;
namespace fs = std::filesystem;

TEST_CASE("a file is written whole, with its folders, and nothing is left beside it") {
  const TempFolder folder;
  const fs::path path = folder.path() / "a" / "b" / "글.md";
  REQUIRE(disk().write(path, "first"));
  REQUIRE(disk().write(path, "안녕"));
  CHECK(disk().read(path).value() == "안녕");
  CHECK(std::distance(fs::directory_iterator(path.parent_path()), fs::directory_iterator()) == 1);
  const auto info = disk().stat(path).value();
  CHECK(info.size == 6);
  CHECK(!info.directory);
  CHECK(info.modified_ns > 1'700'000'000'000'000'000);
}

TEST_CASE("many files at once: each as if written alone") {
  const TempFolder folder;
  std::vector<std::string> texts;
  texts.reserve(300);
  for (int i = 0; i < 300; ++i) texts.push_back("글 " + std::to_string(i));
  std::vector<FileBytes> files;
  files.reserve(300);
  for (int i = 0; i < 300; ++i) {
    files.push_back(
        {folder.path() / std::to_string(i % 7) / (std::to_string(i) + ".md"), texts[static_cast<std::size_t>(i)]});
  }
  REQUIRE(disk().write(files[0].path, "old"));
  REQUIRE(disk().write_many(files));
  CHECK(disk().list(folder.path()).value().size() == 300);
  for (const auto& file : files) CHECK(disk().read(file.path).value() == file.bytes);
  CHECK(disk().write_many({}));

  // One that cannot be written is the error, and no temporary file stays.
  const auto failed = disk().write_many({{folder.path() / "ok", "x"}, {folder.path() / "0" / "0.md" / "below", "x"}});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind != ErrorKind::internal);
  for (const auto& entry : fs::recursive_directory_iterator(folder.path())) {
    CHECK(!entry.path().filename().string().starts_with(".twin-tmp-"));
  }
}

TEST_CASE("readers see the old file or the new one, never a part") {
  const TempFolder folder;
  const fs::path path = folder.path() / "file";
  const std::string small(1000, 'a'), large(300'000, 'b');
  REQUIRE(disk().write(path, small));
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; i < 30; ++i) (void)disk().write(path, i % 2 == 0 ? large : small);
    done = true;
  });
  int torn = 0;
  while (!done) {
    const auto bytes = disk().read(path);
    if (!bytes || (*bytes != small && *bytes != large)) ++torn;
  }
  writer.join();
  CHECK(torn == 0);
}

TEST_CASE("a replaced file keeps its mode; through a link the target is replaced") {
  const TempFolder folder;
  const fs::path path = folder.path() / "twin.yaml", link = folder.path() / "link";
  REQUIRE(disk().write(path, "a"));
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink(path, link);
  REQUIRE(disk().write(link, "b"));
  CHECK(fs::is_symlink(link));
  CHECK(disk().read(path).value() == "b");
  CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("reading says what is wrong") {
  const TempFolder folder;
  CHECK(disk().read(folder.path() / "none").error().kind == ErrorKind::not_found);
  CHECK(disk().read(folder.path()).error().kind == ErrorKind::invalid);
  REQUIRE(disk().write(folder.path() / "big", std::string(1001, 'x')));
  const auto big = disk().read(folder.path() / "big", 1000);
  REQUIRE(!big);
  CHECK(big.error().kind == ErrorKind::limit);
  CHECK(big.error().where == (folder.path() / "big").string());
  CHECK(disk().read(folder.path() / "big", 1001).has_value());
  REQUIRE(::mkfifo((folder.path() / "pipe").c_str(), 0600) == 0);
  CHECK(disk().read(folder.path() / "pipe").error().kind == ErrorKind::invalid);  // and does not hang
}

TEST_CASE("a write that the disk refuses is a clear error, leaves the old file and no temporary one") {
  const TempFolder folder;
  const fs::path path = folder.path() / "file";
  REQUIRE(disk().write(path, "old"));
  CHECK(!disk().write(path / "below", "y"));  // its folder is a file

  // A limit on the size of files refuses a write in its middle, as a full disk does.
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100'000, 100'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto refused = disk().write(path, std::string(1'000'000, 'x'));
    const bool good = !refused && refused.error().kind == ErrorKind::io && refused.error().where == path.string();
    ::_exit(good ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
  CHECK(disk().read(path).value() == "old");
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("files in memory can play a full disk") {
  MemoryFiles memory;
  memory.fail_writes_after = 10;
  REQUIRE(memory.write("/a", "12345678"));
  const auto full = memory.write("/b", "123");
  REQUIRE(!full);
  CHECK(full.error().text().find("No space left") != std::string::npos);
  CHECK(!full.error().hint.empty());
  CHECK(!memory.exists("/b"));
  CHECK(memory.read("/a").value() == "12345678");
}

TEST_CASE("listing is sorted, deep, and leaves links and temporary files out") {
  const TempFolder folder;
  for (const char* name : {"b.md", "a/z.md", "a/a/1.md"}) REQUIRE(disk().write(folder.path() / name, "x"));
  fs::create_symlink(folder.path(), folder.path() / "loop");
  std::ofstream(folder.path() / ".twin-tmp-999999999-0") << "unfinished";
  const auto files = disk().list(folder.path()).value();
  REQUIRE(files.size() == 3);
  CHECK(files[0] == folder.path() / "a/a/1.md");
  CHECK(files[1] == folder.path() / "a/z.md");
  CHECK(files[2] == folder.path() / "b.md");
  CHECK(disk().list(folder.path() / "none").error().kind == ErrorKind::not_found);
  CHECK(remove_leftovers(folder.path()) == 1);
  CHECK(!fs::exists(folder.path() / ".twin-tmp-999999999-0"));
}

TEST_CASE("a folder that cannot be read is reported, the rest is listed") {
  if (::geteuid() == 0) return;  // root reads everything
  const TempFolder folder;
  REQUIRE(disk().write(folder.path() / "closed/x.md", "x"));
  REQUIRE(disk().write(folder.path() / "y.md", "y"));
  fs::permissions(folder.path() / "closed", fs::perms::none);
  std::vector<Error> skipped;
  CHECK(disk().list(folder.path(), &skipped).value().size() == 1);
  CHECK(skipped.size() == 1);
  CHECK(!disk().list(folder.path()));
  fs::permissions(folder.path() / "closed", fs::perms::owner_all);
}

TEST_CASE("files in memory behave like the disk") {
  MemoryFiles memory;
  REQUIRE(memory.write("/home/a/1.md", "one"));
  REQUIRE(memory.write("/home/b.md", "two"));
  CHECK(memory.read("/home/./a/1.md").value() == "one");
  CHECK(memory.stat("/home/a").value().directory);
  CHECK(memory.list("/home").value().size() == 2);
  CHECK(memory.list("/home/a").value().size() == 1);
  CHECK(memory.list("/hom").error().kind == ErrorKind::not_found);
  REQUIRE(memory.remove("/home/a/1.md"));
  CHECK(memory.remove("/home/a/1.md").error().kind == ErrorKind::not_found);
  CHECK(memory.read("/home/b.md", 2).error().kind == ErrorKind::limit);
}

TEST_CASE("a temporary folder goes away with its content") {
  fs::path path;
  {
    const TempFolder folder("twin-test");
    path = folder.path();
    REQUIRE(disk().write(path / "x/y", "z"));
  }
  CHECK(!fs::exists(path));
}

TEST_CASE("a lock is held once, names its holder, and ends with its process") {
  const TempFolder folder;
  const fs::path path = folder.path() / "state" / "lock";
  {
    auto first = FileLock::acquire(path);
    REQUIRE(first);
    const FileLock moved = std::move(*first);
    const auto second = FileLock::acquire(path);
    REQUIRE(!second);
    CHECK(second.error().message.find(std::to_string(::getpid())) != std::string::npos);
  }
  CHECK(FileLock::acquire(path).has_value());

  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = FileLock::acquire(path);
    (void)!::write(ready[1], held ? "y" : "n", 1);
    ::pause();
    ::_exit(0);
  }
  char answer = 0;
  REQUIRE(::read(ready[0], &answer, 1) == 1);
  CHECK(answer == 'y');
  const auto blocked = FileLock::acquire(path);
  REQUIRE(!blocked);
  CHECK(blocked.error().message.find(std::to_string(child)) != std::string::npos);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(FileLock::acquire(path).has_value());
  ::close(ready[0]);
  ::close(ready[1]);
}
