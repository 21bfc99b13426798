// What a program or library says of itself.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace twin {

/// The linker's build id (a hash of what it linked: note NT_GNU_BUILD_ID) in lower-case hex: tells two builds apart
/// without reading all of them. Nothing for a file that cannot be read, is no 64-bit ELF file of this machine's byte
/// order, or has no such note.
[[nodiscard]] std::optional<std::string> elf_build_id(const std::filesystem::path& file);

}  // namespace twin
