// Objects that were stored together, in one file: thousands of small files, each synced by itself, cost more than the
// pages in them cost to be read and cleaned.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/files.h"
#include "core/result.h"

namespace twin::stores {

/// A folder of packs. A pack holds the bytes of its objects one after the other, then for each, in order of the hash,
/// 32 bytes of SHA-256 and its offset and size (64 bits, little-endian), then their number and "TWINPACK". It is
/// written once, whole, and never changed; a file without this end (cut by a failing disk) counts for nothing. Its name
/// follows from its content. Thread-safe.
class Packs {
 public:
  Packs(FileSystem& files, std::filesystem::path folder) : files_(files), folder_(std::move(folder)) {}

  struct Place {
    std::filesystem::path pack;
    std::uint64_t offset = 0, size = 0;
  };
  /// Where an object lies. `again`: looks for packs of other processes when it is not among those that are known.
  /// `sha256` is 64 hex digits.
  [[nodiscard]] std::optional<Place> find(const std::string& sha256, bool again);

  struct New {
    std::string_view bytes;
    std::string_view sha256;  ///< of `bytes`
  };
  /// One pack of these, each once. Durable on return.
  [[nodiscard]] Result<void> add(const std::vector<New>& objects);

  /// Calls `visit` with the size of each object, looking for packs of other processes first.
  void each(const std::function<void(std::uint64_t bytes)>& visit);

 private:
  using Key = std::array<unsigned char, 32>;
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  struct Where {
    std::uint32_t pack = 0;
    std::uint64_t offset = 0, size = 0;
  };
  [[nodiscard]] static Key key_of(std::string_view sha256);
  void look();
  void read_index(const std::filesystem::path& pack);

  FileSystem& files_;
  std::filesystem::path folder_;
  std::mutex mutex_;
  bool looked_ = false;
  std::vector<std::filesystem::path> packs_;
  std::unordered_map<std::string, std::uint32_t> numbers_;  ///< file name → in packs_
  std::unordered_map<Key, Where, KeyHash> objects_;
};

}  // namespace twin::stores
