#include "core/elf.h"

#include <doctest/doctest.h>

#include "core/files.h"

using namespace twin;

TEST_CASE("elf: a program tells the linker's build id, a copy the same one") {
  const auto own = elf_build_id("/proc/self/exe");
  REQUIRE(own);
  CHECK(own->size() >= 16);
  CHECK(own->find_first_not_of("0123456789abcdef") == std::string::npos);
  const TempFolder folder;
  std::filesystem::copy_file("/proc/self/exe", folder.path() / "copy");
  CHECK(elf_build_id(folder.path() / "copy") == own);
}

TEST_CASE("elf: what is no program, or only a part of one, has none") {
  const TempFolder folder;
  const auto file = folder.path() / "file";
  CHECK_FALSE(elf_build_id(file));
  CHECK_FALSE(elf_build_id(folder.path()));
  const std::string program = disk().read("/proc/self/exe").value().substr(0, 8192);
  for (std::size_t length = 0; length < 900; length += 7) {
    value_or_throw(disk().write(file, program.substr(0, length)));
    (void)elf_build_id(file);  // must end, with or without one
  }
  value_or_throw(disk().write(file, "#!/bin/sh\nexit 0\n"));
  CHECK_FALSE(elf_build_id(file));
  for (std::size_t at = 0; at < 600; ++at) {  // headers that lie
    std::string broken = program;
    broken[at] = static_cast<char>(0xFF);
    value_or_throw(disk().write(file, broken));
    (void)elf_build_id(file);
  }
}
