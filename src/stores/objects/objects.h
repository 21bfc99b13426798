// A content-addressed folder: <root>/ab/cdef…; what stores and runs share to keep bytes and artifacts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/files.h"
#include "core/result.h"

namespace twin::stores {

/// Objects are immutable and named by their SHA-256. Writing an existing object is a no-op. Thread-safe.
class Objects {
 public:
  Objects(FileSystem& files, std::filesystem::path root);

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
  [[nodiscard]] std::filesystem::path path(const std::string& sha256) const;
  /// Calls `visit` with the size of each object that is there. Throws Fatal when the folder cannot be read.
  void each(const std::function<void(std::uint64_t bytes)>& visit) const;

 private:
  FileSystem& files_;
  std::filesystem::path root_;
};

}  // namespace twin::stores
