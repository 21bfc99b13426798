#include "stores/objects/objects.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "core/hash.h"

using namespace twin;
using namespace twin::stores;

TEST_CASE("objects: bytes come back by their hash") {
  MemoryFiles files;
  Objects objects(files, "/root");
  for (const std::string& bytes : {std::string("hello"), std::string(), std::string("a\0b", 3), std::string("한글")}) {
    const auto hash = objects.put(bytes);
    REQUIRE(hash);
    CHECK(*hash == sha256_hex(bytes));
    CHECK(objects.contains(*hash));
    CHECK(objects.get(*hash).value() == bytes);
  }
  CHECK(objects.path(sha256_hex("hello")) ==
        std::filesystem::path("/root") / sha256_hex("hello").substr(0, 2) / sha256_hex("hello").substr(2));
}

TEST_CASE("objects: a missing object and a name that is no hash are not found") {
  MemoryFiles files;
  const Objects objects(files, "/root");
  for (const std::string& name : {sha256_hex("never put"), std::string("../../etc/passwd"), std::string(),
                                  std::string(64, 'G'), std::string(63, 'a')}) {
    CHECK_FALSE(objects.contains(name));
    const auto bytes = objects.get(name);
    REQUIRE_FALSE(bytes);
    CHECK(bytes.error().kind == ErrorKind::not_found);
  }
}

TEST_CASE("objects: damage is noticed, and a cut object is mended by putting it again") {
  MemoryFiles files;
  Objects objects(files, "/root");
  const std::string hash = objects.put("the bytes").value();

  REQUIRE(files.write(objects.path(hash), "THE BYTES"));
  const auto changed = objects.get(hash);
  REQUIRE_FALSE(changed);
  CHECK(changed.error().kind == ErrorKind::invalid);
  CHECK(changed.error().where == objects.path(hash).string());

  REQUIRE(files.write(objects.path(hash), "the"));
  REQUIRE_FALSE(objects.get(hash));
  REQUIRE(objects.put("the bytes"));
  CHECK(objects.get(hash).value() == "the bytes");
}

TEST_CASE("objects: a full disk is an error of the item") {
  MemoryFiles files;
  files.fail_writes_after = 10;
  Objects objects(files, "/root");
  REQUIRE(objects.put("small"));
  const auto hash = objects.put(std::string(100, 'x'));
  REQUIRE_FALSE(hash);
  CHECK(hash.error().kind == ErrorKind::io);
  CHECK_FALSE(objects.contains(sha256_hex(std::string(100, 'x'))));
}

TEST_CASE("objects: many threads put the same bytes on the real disk") {
  const TempFolder folder;
  Objects objects(disk(), folder.path());
  const std::string bytes(100'000, 'y');
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 5; ++round) (void)objects.put(bytes + std::to_string(round));
    });
  }
  for (auto& thread : threads) thread.join();
  for (int round = 0; round < 5; ++round) {
    CHECK(objects.get(sha256_hex(bytes + std::to_string(round))).has_value());
  }
  CHECK(disk().list(folder.path()).value().size() == 5);
}

TEST_CASE("objects: several at once") {
  MemoryFiles files;
  Objects objects(files, "/root");
  const std::string one = "하나", two = "two";
  REQUIRE(objects.put(one));
  REQUIRE(objects.put_all({{one, sha256_hex(one)}, {two, sha256_hex(two)}, {two, sha256_hex(two)}}));
  CHECK(objects.get(sha256_hex(two)).value() == two);
  CHECK(files.list("/root").value().size() == 2);
  files.fail_writes_after = 12;
  const std::string large(100, 'x');
  const auto full = objects.put_all({{large, sha256_hex(large)}});
  REQUIRE_FALSE(full);
  CHECK(full.error().kind == ErrorKind::io);
}
