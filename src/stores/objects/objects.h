// A content-addressed folder: <root>/ab/cdef…, or many objects in one file of <root>/packs; what stores and runs share
// to keep bytes and artifacts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/files.h"
#include "core/result.h"
#include "stores/objects/packs.h"

namespace twin::stores {

/// Objects are immutable and named by their SHA-256. Writing an existing object is a no-op. Thread-safe.
class Objects {
 public:
  enum class Together { files, packs };
  /// `together`: how put_all() keeps what it is given.
  Objects(FileSystem& files, std::filesystem::path root, Together together = Together::files);

  /// Returns the SHA-256 (64 hex digits).
  [[nodiscard]] Result<std::string> put(std::string_view bytes);
  struct New {
    std::string_view bytes;
    std::string sha256;  ///< of `bytes`, as sha256_hex() gives it
  };
  /// put() of several at once: durable together, at less cost than one by one.
  [[nodiscard]] Result<void> put_all(const std::vector<New>& objects);
  /// Verifies the hash; a damaged object is ErrorKind::invalid, a missing one not_found.
  [[nodiscard]] Result<std::string> get(const std::string& sha256) const;
  [[nodiscard]] bool contains(const std::string& sha256) const;
  /// The file that holds it, or would when it is put alone.
  [[nodiscard]] std::filesystem::path path(const std::string& sha256) const;
  /// Calls `visit` with the size of each object that is there. Throws Fatal when the folder cannot be read.
  void each(const std::function<void(std::uint64_t bytes)>& visit) const;

 private:
  [[nodiscard]] std::filesystem::path own_file(const std::string& sha256) const;
  [[nodiscard]] std::optional<Packs::Place> packed(const std::string& sha256, bool again) const;

  FileSystem& files_;
  std::filesystem::path root_;
  Together together_;
  mutable Packs packs_;
};

}  // namespace twin::stores
