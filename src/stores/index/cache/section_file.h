// Files that hold what was computed from index.db, beside it: sections of plain arrays behind a checksum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace twin::stores {

/// Bytes in the layout of a section file: in memory, as SectionWriter made them, or mapped from the disk. Immutable.
class Sections {
 public:
  /// Maps the file and checks it. ErrorKind::not_found: there is none; invalid: not the bytes of this kind and
  /// checksum.
  [[nodiscard]] static Result<std::shared_ptr<const Sections>> map(const std::filesystem::path& file,
                                                                   std::string_view kind, std::uint64_t checksum);
  /// Of SectionWriter::finish().
  explicit Sections(std::vector<std::byte> bytes);
  ~Sections();
  Sections(const Sections&) = delete;
  Sections& operator=(const Sections&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  [[nodiscard]] bool mapped() const { return mapped_; }
  /// damage_hash() of all after the header: whoever made the file remembers it, and knows the file by it.
  [[nodiscard]] std::uint64_t checksum() const;
  [[nodiscard]] std::size_t count() const;
  /// Section `number` as an array; throws Fatal when its size is no multiple of T's.
  template <class T>
  [[nodiscard]] std::span<const T> array(std::size_t number) const {
    const auto raw = section(number, sizeof(T));
    return {reinterpret_cast<const T*>(raw.data()), raw.size() / sizeof(T)};
  }

 private:
  Sections() = default;
  [[nodiscard]] std::span<const std::byte> section(std::size_t number, std::size_t item) const;

  std::vector<std::byte> owned_;
  std::span<const std::byte> bytes_;
  bool mapped_ = false;
};

/// Lays out a section file in memory: header, table of sections, sections at multiples of 64 bytes.
class SectionWriter {
 public:
  /// `kind` names format and version, at most 16 bytes.
  SectionWriter(std::string_view kind, const std::vector<std::size_t>& section_bytes);
  /// Zeroed; to be filled before finish().
  template <class T>
  [[nodiscard]] std::span<T> array(std::size_t number) {
    const auto raw = section(number);
    return {reinterpret_cast<T*>(raw.data()), raw.size() / sizeof(T)};
  }
  [[nodiscard]] std::vector<std::byte> finish();

 private:
  [[nodiscard]] std::span<std::byte> section(std::size_t number);
  std::vector<std::byte> bytes_;
};

/// A hash of bytes that finds damage, at the speed of memory; not against an adversary.
[[nodiscard]] std::uint64_t damage_hash(std::span<const std::byte> bytes);

}  // namespace twin::stores
