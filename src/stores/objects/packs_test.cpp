#include "stores/objects/packs.h"

#include <doctest/doctest.h>

#include <vector>

#include "core/hash.h"
#include "stores/objects/objects.h"

using namespace twin;
using namespace twin::stores;

namespace {

std::vector<std::string> texts(int count) {
  std::vector<std::string> out;
  out.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) out.push_back(std::string(static_cast<std::size_t>(i) * 97, 'a') + std::to_string(i));
  return out;
}

void put_all(Objects& objects, const std::vector<std::string>& texts) {
  std::vector<Objects::New> all;
  all.reserve(texts.size());
  for (const auto& text : texts) all.push_back({text, sha256_hex(text)});
  REQUIRE(objects.put_all(all));
}

}  // namespace

TEST_CASE("packs: what was put together lies in one file and comes back, also in the next process") {
  const TempFolder folder;
  const auto all = texts(300);
  {
    Objects objects(disk(), folder.path(), Objects::Together::packs);
    put_all(objects, all);
    for (const auto& text : all) CHECK(objects.get(sha256_hex(text)).value() == text);
  }
  CHECK(disk().list(folder.path()).value().size() == 1);
  const Objects again(disk(), folder.path(), Objects::Together::packs);
  for (const auto& text : all) {
    CHECK(again.contains(sha256_hex(text)));
    CHECK(again.get(sha256_hex(text)).value() == text);
    CHECK(again.path(sha256_hex(text)).extension() == ".pack");
  }
  CHECK(again.get(sha256_hex("never put")).error().kind == ErrorKind::not_found);
  std::size_t count = 0, bytes = 0;
  again.each([&](std::uint64_t size) {
    ++count;
    bytes += size;
  });
  CHECK(count == all.size());
  std::size_t expected = 0;
  for (const auto& text : all) expected += text.size();
  CHECK(bytes == expected);
}

TEST_CASE("packs: nothing is stored twice; one object, or a large one, has a file of its own") {
  const TempFolder folder;
  Objects objects(disk(), folder.path(), Objects::Together::packs);
  const auto all = texts(10);
  put_all(objects, all);
  put_all(objects, all);
  REQUIRE(objects.put(all[3]));
  CHECK(disk().list(folder.path()).value().size() == 1);
  put_all(objects, {all[0], all[1], "one more"});
  CHECK(objects.path(sha256_hex("one more")).parent_path().filename() == sha256_hex("one more").substr(0, 2));
  const std::string large(5u << 20u, 'x');
  put_all(objects, {large, "small", "smaller"});
  CHECK(objects.path(sha256_hex(large)).extension() != ".pack");
  CHECK(objects.path(sha256_hex("small")).extension() == ".pack");
  CHECK(objects.get(sha256_hex(large)).value() == large);
}

TEST_CASE("packs: what another process put is found; single files of before stay") {
  const TempFolder folder;
  Objects before(disk(), folder.path());
  REQUIRE(before.put("of before"));
  Objects one(disk(), folder.path(), Objects::Together::packs);
  CHECK(one.get(sha256_hex("of before")).value() == "of before");
  Objects other(disk(), folder.path(), Objects::Together::packs);
  put_all(other, {"a", "b"});
  CHECK(one.get(sha256_hex("b")).value() == "b");
}

TEST_CASE("packs: damage of one object is noticed and leaves the others; a pack that was cut is put again") {
  MemoryFiles files;
  const auto all = texts(4);
  std::filesystem::path pack;
  {
    Objects objects(files, "/root", Objects::Together::packs);
    put_all(objects, all);
    pack = objects.path(sha256_hex(all[0]));
  }
  const std::string whole = files.read(pack).value();
  std::string changed = whole;
  changed[0] = static_cast<char>(changed[0] ^ 1);
  REQUIRE(files.write(pack, changed));
  int damaged = 0;
  {
    const Objects objects(files, "/root", Objects::Together::packs);
    for (const auto& text : all) {
      const auto got = objects.get(sha256_hex(text));
      damaged += got ? 0 : 1;
      if (!got) {
        CHECK(got.error().kind == ErrorKind::invalid);
        CHECK(got.error().where == pack.string());
      }
    }
  }
  CHECK(damaged == 1);
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, whole.size() / 2, whole.size() - 1}) {
    CAPTURE(size);
    REQUIRE(files.write(pack, whole.substr(0, size)));
    Objects objects(files, "/root", Objects::Together::packs);
    CHECK_FALSE(objects.contains(sha256_hex(all[1])));
    put_all(objects, all);
    for (const auto& text : all) CHECK(objects.get(sha256_hex(text)).value() == text);
  }
  // Numbers that lie must not lead outside of the file.
  std::string lying = whole;
  for (std::size_t i = 0; i < 8; ++i) lying[lying.size() - 16 + i] = '\x7f';
  REQUIRE(files.write(pack, lying));
  const Objects objects(files, "/root", Objects::Together::packs);
  CHECK_FALSE(objects.contains(sha256_hex(all[1])));
}

TEST_CASE("packs: a full disk is an error, and nothing counts as stored") {
  MemoryFiles files;
  files.fail_writes_after = 100;
  Objects objects(files, "/root", Objects::Together::packs);
  const std::string one(80, 'x'), two(80, 'y');
  const auto full = objects.put_all({{one, sha256_hex(one)}, {two, sha256_hex(two)}});
  REQUIRE_FALSE(full);
  CHECK(full.error().kind == ErrorKind::io);
  CHECK_FALSE(objects.contains(sha256_hex(one)));
}
