#include "models/registry/safetensors.h"

#include <doctest/doctest.h>

#include "core/files.h"
#include "models/registry/fixtures.h"

using namespace twin;
using namespace twin::models;

namespace {

Result<Safetensors> open_bytes(const TempFolder& folder, const std::string& bytes) {
  testing::write_file(folder.path() / "x.safetensors", bytes);
  return Safetensors::open(folder.path() / "x.safetensors");
}

}  // namespace

TEST_CASE("tensors are read as f32") {
  const TempFolder folder;
  const std::string f32("\x00\x00\x80\x3f\x00\x00\x00\xc0", 8);  // 1, -2
  const std::string f16("\x00\x3c\x00\xc0", 4);
  const std::string bf16("\x80\x3f\x00\xc0", 4);
  const auto file =
      open_bytes(folder, testing::safetensors_bytes(
                             R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
                      "b":{"dtype":"F16","shape":[1,2],"data_offsets":[8,12]},
                      "c":{"dtype":"BF16","shape":[2,1],"data_offsets":[12,16]},
                      "d":{"dtype":"I64","shape":[0],"data_offsets":[16,16]}})",
                             f32 + f16 + bf16));
  REQUIRE(file);
  CHECK(file->entries().size() == 4);
  for (const char* name : {"a", "b", "c"}) {
    const auto values = file->read(name);
    REQUIRE(values);
    CHECK(*values == std::vector<float>{1.F, -2.F});
  }
  CHECK_FALSE(file->read("d"));  // no weights
  CHECK(file->read("e").error().kind == ErrorKind::not_found);
}

TEST_CASE("malformed files are refused") {
  const TempFolder folder;
  const auto header = [](const std::string& entry) {
    return testing::safetensors_bytes("{\"a\":" + entry + "}", "12345678");
  };
  const std::vector<std::string> broken = {
      "",
      "1234567",
      std::string(8, '\xff'),
      testing::safetensors_bytes("", ""),
      testing::safetensors_bytes("[]", ""),
      testing::safetensors_bytes("{", ""),
      testing::safetensors_bytes("{\"a\":1}", "").substr(0, 10),
      header(R"({"dtype":"F32","shape":[2],"data_offsets":[0,9]})"),
      header(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})"),
      header(R"({"dtype":"F32","shape":[2],"data_offsets":[0]})"),
      header(R"({"dtype":"F32","shape":[1],"data_offsets":[0,8]})"),
      header(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})"),
      header(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]})"),
      header(R"({"dtype":"F32","shape":"2","data_offsets":[0,8]})"),
      header(R"({"dtype":"X9","shape":[2],"data_offsets":[0,8]})"),
      header(R"({"shape":[2],"data_offsets":[0,8]})"),
      header(R"({"dtype":"F32","shape":[2],"data_offsets":[-8,0]})"),
  };
  for (const std::string& bytes : broken) {
    CAPTURE(bytes);
    const auto file = open_bytes(folder, bytes);
    REQUIRE_FALSE(file);
    CHECK(file.error().kind == ErrorKind::invalid);
  }
  CHECK(Safetensors::open(folder.path() / "none").error().kind == ErrorKind::not_found);
}

TEST_CASE("a deeply nested header does not exhaust the stack") {
  const TempFolder folder;
  CHECK_FALSE(open_bytes(folder, testing::safetensors_bytes(std::string(1'000'000, '['), "")));
}
