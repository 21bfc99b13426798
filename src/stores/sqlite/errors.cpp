#include "stores/sqlite/errors.h"

#include <sqlite3.h>

#include <cstdint>
#include <system_error>

#include "core/i18n.h"

namespace twin::stores::sqlite {
namespace {

constexpr std::uintmax_t kNoSpace = 256 << 10;  // what is left when the next write of SQLite may fail

// A write that the kernel refuses for want of space is reported as SQLITE_IOERR by some paths (shared memory).
bool disk_full(const std::filesystem::path& file, int primary) {
  if (primary != SQLITE_IOERR) return primary == SQLITE_FULL;
  std::error_code error;
  const auto space = std::filesystem::space(file.parent_path(), error);
  return !error && space.available < kNoSpace;
}

}  // namespace

Error describe(const std::filesystem::path& file, const SQLite::Exception& exception) {
  const int primary = exception.getErrorCode() & 0xff;
  const std::string where = file.string();
  if (disk_full(file, primary)) {
    return {ErrorKind::io, tr("The disk is full: nothing of this change was written"), where,
            tr("Free some space, then run the same command again: it goes on where it stopped")};
  }
  switch (primary) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorKind::io, tr("The database is damaged or not a database of Twin: {}", exception.what()), where,
              tr("Move the file away, then restore a backup or run the same command again to rebuild it")};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorKind::io, tr("Another program is writing to the database"), where,
              tr("Wait for it to finish, or stop it, then run the same command again")};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
      return {ErrorKind::io, tr("The database cannot be opened for writing: {}", exception.what()), where,
              tr("Check that the folder exists and that you may write to it")};
    case SQLITE_TOOBIG:
      return {ErrorKind::limit, tr("A value is larger than the database can hold (1 GB)"), where, ""};
    case SQLITE_NOMEM:
      return {ErrorKind::io, tr("Not enough memory for the database"), where, ""};
    case SQLITE_IOERR:
      return {ErrorKind::io, tr("Reading or writing the database failed: {}", exception.what()), where,
              tr("Check the disk")};
    default:
      return {ErrorKind::internal, tr("The database refused a request: {}", exception.what()), where, ""};
  }
}

}  // namespace twin::stores::sqlite
