#include "core/elf.h"

#include <elf.h>
#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <fstream>
#include <string_view>

namespace twin {
namespace {

constexpr std::size_t most_headers = 256;      // a program has about a dozen
constexpr std::size_t most_note_bytes = 4096;  // of one segment of notes

template <typename T>
std::optional<T> read_at(std::ifstream& in, std::uint64_t offset) {
  T out{};
  in.seekg(static_cast<std::streamoff>(offset));
  if (!in.read(reinterpret_cast<char*>(&out), sizeof out)) return std::nullopt;
  return out;
}

std::size_t padded(std::size_t size) {
  return (size + 3) / 4 * 4;
}

/// The build id among the notes of one segment: name size, description size, type, name, description, each padded to 4.
std::optional<std::string> build_id_in(std::string_view notes) {
  while (notes.size() >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr header{};
    std::memcpy(&header, notes.data(), sizeof header);
    notes.remove_prefix(sizeof header);
    const std::size_t name = padded(header.n_namesz), all = name + padded(header.n_descsz);
    if (name > notes.size() || all > notes.size() || all < name) return std::nullopt;
    if (header.n_type == NT_GNU_BUILD_ID && notes.substr(0, header.n_namesz) == std::string_view("GNU\0", 4)) {
      std::string hex;
      for (const char c : notes.substr(name, header.n_descsz))
        hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
      return hex;
    }
    notes.remove_prefix(all);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> elf_build_id(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const auto header = read_at<Elf64_Ehdr>(in, 0);
  constexpr int own_order = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64 ||
      header->e_ident[EI_DATA] != own_order || header->e_phentsize != sizeof(Elf64_Phdr) ||
      header->e_phnum > most_headers) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < header->e_phnum; ++i) {
    const auto segment = read_at<Elf64_Phdr>(in, header->e_phoff + i * sizeof(Elf64_Phdr));
    if (!segment) return std::nullopt;
    if (segment->p_type != PT_NOTE || segment->p_filesz > most_note_bytes) continue;
    std::string notes(segment->p_filesz, '\0');
    in.seekg(static_cast<std::streamoff>(segment->p_offset));
    if (!in.read(notes.data(), static_cast<std::streamsize>(notes.size()))) return std::nullopt;
    if (auto id = build_id_in(notes)) return id;
  }
  return std::nullopt;
}

}  // namespace twin
