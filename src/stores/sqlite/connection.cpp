#include "stores/sqlite/connection.h"

#include <sqlite3.h>

#include <thread>

namespace twin::stores::sqlite {
namespace {

constexpr std::int64_t kJournalBytes = 64 << 20;  // a WAL that grew beyond this is cut back after a checkpoint
// Ids are random, so writing touches all of an index: with SQLite's 2 MB it would be read again and again. Taken as
// needed.
constexpr int kWriterCacheKib = 64 << 10;
// A search looks up hundreds of rows all over the file: the inner pages of its trees should stay. Taken as needed.
constexpr int kReaderCacheKib = 16 << 10;
// Readers map so much of the file instead of copying its pages.
constexpr std::int64_t kReaderMapBytes = std::int64_t{2} << 30;
// Pages that many transactions changed are carried into the database once: the larger the WAL, the fewer the times.
constexpr int kCheckpointPages = 8'000;
constexpr std::size_t kIdleStatements = 128;

int flags(Connection::Mode mode) {
  const int create = mode == Connection::Mode::writer ? SQLite::OPEN_CREATE : 0;
  return SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX | create;
}

// Two processes that create the same database meet here: SQLite does not call the busy handler for this change.
void use_wal(SQLite::Database& database, Millis timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    try {
      database.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (const SQLite::Exception& exception) {
      if (exception.getErrorCode() != SQLITE_BUSY || std::chrono::steady_clock::now() > deadline) throw;
      std::this_thread::sleep_for(Millis{10});
    }
  }
}

}  // namespace

Connection::Connection(const std::filesystem::path& file, Mode mode, const Options& options)
    : database_(file.string(), flags(mode), static_cast<int>(options.busy_timeout.count())) {
  if (mode == Mode::writer) {
    use_wal(database_, options.busy_timeout);
    database_.exec("PRAGMA synchronous = FULL");
    database_.exec("PRAGMA foreign_keys = ON");
    database_.exec("PRAGMA cache_size = " + std::to_string(-kWriterCacheKib));
    database_.exec("PRAGMA wal_autocheckpoint = " + std::to_string(kCheckpointPages));
    database_.exec("PRAGMA journal_size_limit = " + std::to_string(kJournalBytes));
    if (options.max_pages > 0) database_.exec("PRAGMA max_page_count = " + std::to_string(options.max_pages));
  } else {
    database_.exec("PRAGMA query_only = ON");
    database_.exec("PRAGMA cache_size = " + std::to_string(-kReaderCacheKib));
    database_.exec("PRAGMA mmap_size = " + std::to_string(kReaderMapBytes));
  }
}

std::unique_ptr<SQLite::Statement> Connection::take(const std::string& sql) {
  const auto it = idle_.find(sql);
  if (it == idle_.end()) return std::make_unique<SQLite::Statement>(database_, sql);
  auto statement = std::move(it->second);
  idle_.erase(it);
  return statement;
}

void Connection::give_back(const std::string& sql, std::unique_ptr<SQLite::Statement> statement) noexcept {
  statement->tryReset();
  if (idle_.size() >= kIdleStatements) return;
  try {
    statement->clearBindings();
    idle_.try_emplace(sql, std::move(statement));
  } catch (...) {
    // Without memory for the cache the statement is simply finalized.
  }
}

Query::~Query() {
  if (statement_) connection_.give_back(sql_, std::move(statement_));
}

void Query::bind(Blob value) {
  // A null pointer would bind NULL: an empty blob is not NULL.
  const void* data = value.empty() ? static_cast<const void*>("") : value.data();
  statement_->bind(++bound_, data, static_cast<int>(value.size()));
}

void Query::again() {
  statement_->reset();
  statement_->clearBindings();
  bound_ = 0;
}

Query::Blob Query::blob(int column) {
  const auto value = statement_->getColumn(column);
  const auto* data = static_cast<const std::byte*>(value.getBlob());
  return {data, static_cast<std::size_t>(value.getBytes())};
}

Transaction::Transaction(Connection& connection, Begin begin) : connection_(connection) {
  Query(connection_, begin == Begin::immediate ? "BEGIN IMMEDIATE" : "BEGIN DEFERRED").run();
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    Query(connection_, "ROLLBACK").run();
  } catch (...) {
    // SQLite has rolled back itself: what made it do so is on its way to the caller.
  }
}

void Transaction::commit() {
  Query(connection_, "COMMIT").run();
  open_ = false;
}

std::int64_t last_key(Connection& connection) {
  return connection.database().getLastInsertRowid();
}

}  // namespace twin::stores::sqlite
