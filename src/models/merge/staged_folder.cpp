#include "models/merge/staged_folder.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <utility>

#include "core/i18n.h"
#include "models/registry/disk_tools.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

void remove_dead_staging(const fs::path& parent, const std::string& prefix) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(parent, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    pid_t writer = 0;
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), writer);
    if (writer > 0 && writer != ::getpid() && ::kill(writer, 0) != 0 && errno == ESRCH)
      fs::remove_all(entry.path(), error);
  }
}

}  // namespace

Result<StagedFolder> StagedFolder::make(const fs::path& target) {
  fs::path place = fs::absolute(target).lexically_normal();
  if (!place.has_filename()) place = place.parent_path();  // "out/"
  const fs::path parent = place.parent_path();
  std::error_code error;
  fs::create_directories(parent, error);
  if (error) return fail(ErrorKind::io, tr("Cannot make the folder: {}", error.message()), parent.string());
  const std::string prefix = "." + place.filename().string() + ".staged-";
  remove_dead_staging(parent, prefix);
  const fs::path staged = parent / (prefix + std::to_string(::getpid()));
  fs::remove_all(staged, error);
  fs::create_directory(staged, error);
  if (error) return fail(ErrorKind::io, tr("Cannot make the folder: {}", error.message()), staged.string());
  return StagedFolder(staged, place);
}

StagedFolder::~StagedFolder() {
  std::error_code ignored;
  if (!staged_.empty()) fs::remove_all(staged_, ignored);
}

StagedFolder::StagedFolder(StagedFolder&& other) noexcept
    : staged_(std::exchange(other.staged_, fs::path())), target_(std::move(other.target_)) {}

Result<void> StagedFolder::need(std::uint64_t bytes) const {
  std::error_code error;
  const auto space = fs::space(staged_, error);
  if (error || space.available >= bytes) return {};
  constexpr double mega = 1e6;
  return fail(ErrorKind::io,
              tr("Not enough space: {:.0f} MB are needed, {:.0f} MB are free", static_cast<double>(bytes) / mega,
                 static_cast<double>(space.available) / mega),
              staged_.parent_path().string(), tr("Free some, or name a folder on another disk"));
}

Result<void> StagedFolder::put_in_place() {
  if (auto done = replace_folder(staged_, target_); !done) return done;
  staged_.clear();
  return {};
}

}  // namespace twin::models
