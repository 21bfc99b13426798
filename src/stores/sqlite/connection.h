// One SQLite connection and its prepared statements.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"

namespace twin::stores::sqlite {

struct Options {
  Millis busy_timeout{10'000};  ///< how long a writer waits for another process
  std::int64_t max_pages = 0;   ///< largest database in pages of 4 KiB; 0: as SQLite allows
};

/// A connection in WAL mode with foreign keys, durable at each commit. Used by one thread at a time.
class Connection {
 public:
  enum class Mode { writer, reader };
  Connection(const std::filesystem::path& file, Mode mode, const Options& options);

  [[nodiscard]] SQLite::Database& database() noexcept { return database_; }

 private:
  friend class Query;
  [[nodiscard]] std::unique_ptr<SQLite::Statement> take(const std::string& sql);
  void give_back(const std::string& sql, std::unique_ptr<SQLite::Statement> statement) noexcept;

  SQLite::Database database_;
  std::map<std::string, std::unique_ptr<SQLite::Statement>> idle_;  ///< prepared and reset, by SQL text
};

/// A prepared statement at work: taken from the connection's cache, reset and given back at the end of scope.
/// Parameters are bound in order; text and blobs are copied. Throws SQLite::Exception (see guarded()).
class Query {
 public:
  using Blob = std::span<const std::byte>;

  template <class... Args>
  Query(Connection& connection, std::string sql, const Args&... args)
      : connection_(connection), sql_(std::move(sql)), statement_(connection.take(sql_)) {
    (bind(args), ...);
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  /// Binds the next parameter.
  void bind(std::int64_t value) { statement_->bind(++bound_, value); }
  void bind(int value) { statement_->bind(++bound_, value); }
  void bind(bool value) { statement_->bind(++bound_, value ? 1 : 0); }
  void bind(std::size_t value) { bind(static_cast<std::int64_t>(value)); }
  void bind(double value) { statement_->bind(++bound_, value); }
  void bind(std::string_view value) { statement_->bind(++bound_, std::string(value)); }
  void bind(const std::string& value) { statement_->bind(++bound_, value); }
  void bind(const char* value) { statement_->bind(++bound_, value); }
  void bind(std::nullptr_t) { statement_->bind(++bound_); }
  void bind(Blob value);
  /// Binds the next parameters.
  void bind(const std::vector<std::string>& values) {
    for (const auto& value : values) bind(value);
  }
  /// Resets the statement so that it can be bound and run again.
  void again();

  /// True while there is a row.
  bool step() { return statement_->executeStep(); }
  /// Runs to the end; returns the number of rows changed.
  int run() { return statement_->exec(); }

  [[nodiscard]] bool is_null(int column) { return statement_->isColumnNull(column); }
  [[nodiscard]] std::int64_t integer(int column) { return statement_->getColumn(column).getInt64(); }
  [[nodiscard]] int small(int column) { return statement_->getColumn(column).getInt(); }
  [[nodiscard]] bool flag(int column) { return small(column) != 0; }
  [[nodiscard]] double real(int column) { return statement_->getColumn(column).getDouble(); }
  [[nodiscard]] std::string text(int column) { return statement_->getColumn(column).getString(); }
  /// Valid until the next step().
  [[nodiscard]] Blob blob(int column);

 private:
  Connection& connection_;
  std::string sql_;
  std::unique_ptr<SQLite::Statement> statement_;
  int bound_ = 0;
};

/// A transaction: rolled back at the end of scope unless it was committed. Its statements are prepared once for a
/// connection, which is much of what a short one costs.
class Transaction {
 public:
  enum class Begin { deferred, immediate };
  Transaction(Connection& connection, Begin begin);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Connection& connection_;
  bool open_ = true;
};

/// The row id of the last insert on this connection.
[[nodiscard]] std::int64_t last_key(Connection& connection);

}  // namespace twin::stores::sqlite
