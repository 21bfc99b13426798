#include "core/hash.h"

#include <doctest/doctest.h>

#include "core/files.h"

using namespace twin;

TEST_CASE("SHA-256 gives the published test vectors") {  // FIPS 180-4 examples
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(Sha256().update("a").update("bc").hex() == sha256_hex("abc"));
}

TEST_CASE("fields do not run into each other") {
  CHECK(Sha256().field("ab").field("c").hex() != Sha256().field("a").field("bc").hex());
  CHECK(stable_id("doc", {"ab", "c"}) != stable_id("doc", {"a", "bc"}));
}

TEST_CASE("ids have a prefix and 24 hex digits") {
  const std::string id = stable_id("doc", {"https://example.org/글", "1"});
  CHECK(id == stable_id("doc", {"https://example.org/글", "1"}));
  CHECK(id.size() == 4 + 24);
  CHECK(id.rfind("doc_", 0) == 0);
  CHECK(id.find_first_not_of("0123456789abcdef", 4) == std::string::npos);
  CHECK(random_id("run") != random_id("run"));
  CHECK(random_id("run").size() == 28);
}

TEST_CASE("a file hashes like its bytes, over several blocks") {
  const TempFolder folder;
  const std::string bytes(200'000, 'x');
  REQUIRE(disk().write(folder.path() / "big", bytes));
  CHECK(sha256_file(folder.path() / "big").value() == sha256_hex(bytes));
  const auto missing = sha256_file(folder.path() / "none");
  REQUIRE(!missing);
  CHECK(missing.error().kind == ErrorKind::io);
  CHECK(!sha256_file(folder.path()));  // a folder
}
