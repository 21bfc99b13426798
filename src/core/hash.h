// SHA-256 and the ids made from it.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace twin {

/// Streaming SHA-256 (FIPS 180-4).
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  Sha256& update(std::string_view bytes);
  /// Appends the length first, so that ("ab","c") and ("a","bc") differ.
  Sha256& field(std::string_view bytes);
  /// 64 lower-case hex digits. The object is spent afterwards.
  [[nodiscard]] std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// 64 lower-case hex digits of the bytes.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);
/// Of a file, read in blocks.
[[nodiscard]] Result<std::string> sha256_file(const std::filesystem::path& path);

/// A stable id made from named parts: "<prefix>_" and 24 hex digits of their SHA-256.
[[nodiscard]] std::string stable_id(std::string_view prefix, std::initializer_list<std::string_view> parts);
/// A fresh id: "<prefix>_" and 24 random hex digits.
[[nodiscard]] std::string random_id(std::string_view prefix);

}  // namespace twin
