// A folder that is written beside its place and appears there in one step, or not at all.
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/result.h"

namespace twin::models {

class StagedFolder {
 public:
  /// Makes `.<name>.staged-<pid>` beside `target`, and removes those that killed processes left there.
  [[nodiscard]] static Result<StagedFolder> make(const std::filesystem::path& target);
  /// Removes what was written, unless it was put in place.
  ~StagedFolder();
  StagedFolder(StagedFolder&& other) noexcept;
  StagedFolder& operator=(StagedFolder&&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return staged_; }
  /// ErrorKind::io when fewer than `bytes` are free where the folder is.
  [[nodiscard]] Result<void> need(std::uint64_t bytes) const;
  /// Exchanges it with what is at the target, and removes that.
  [[nodiscard]] Result<void> put_in_place();

 private:
  StagedFolder(std::filesystem::path staged, std::filesystem::path target)
      : staged_(std::move(staged)), target_(std::move(target)) {}

  std::filesystem::path staged_, target_;
};

}  // namespace twin::models
