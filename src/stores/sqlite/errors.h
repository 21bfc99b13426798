// SQLite's exceptions as Twin's: which file, what happened, what to do.
#pragma once

#include <SQLiteCpp/Exception.h>

#include <filesystem>
#include <utility>

#include "core/result.h"

namespace twin::stores::sqlite {

/// What a SQLite failure on this file means to the user. A full disk is ErrorKind::io with a message of its own,
/// whether SQLite saw it as SQLITE_FULL or as a failed write.
[[nodiscard]] Error describe(const std::filesystem::path& file, const SQLite::Exception& exception);

/// Runs the function; a SQLite exception leaves as Fatal.
template <class Function>
decltype(auto) guarded(const std::filesystem::path& file, Function&& function) {
  try {
    return std::forward<Function>(function)();
  } catch (const SQLite::Exception& exception) {
    throw Fatal(describe(file, exception));
  }
}

}  // namespace twin::stores::sqlite
