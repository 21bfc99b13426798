// A SQLite file as the stores use it: one writer behind a mutex, any number of readers, migrations, transactions.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

#include "stores/sqlite/connection.h"
#include "stores/sqlite/errors.h"

namespace twin::stores::sqlite {

/// How a database is laid out. Migration i brings `PRAGMA user_version` from i to i + 1; released ones never change.
struct Schema {
  std::vector<const char*> migrations;
  void (*prepare)(SQLite::Database& database) = nullptr;  ///< run on each new connection: registers tokenizers
};

/// Thread-safe. Every SQLite failure leaves as Fatal.
class Store {
 public:
  /// Creates folder and file as needed and migrates. A file of a newer Twin is refused.
  Store(std::filesystem::path file, Schema schema, Options options = {});
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Runs body(Connection&) in one transaction: all of it is durable on return, or nothing after an exception.
  /// Do not call write() inside. Within batch() it joins that transaction: an exception must then leave batch(), too.
  template <class Body>
  std::invoke_result_t<Body, Connection&> write(Body&& body) {
    if (batching_ == std::this_thread::get_id()) {
      return guarded(file_, [&]() -> std::invoke_result_t<Body, Connection&> { return body(*writer_); });
    }
    const std::lock_guard lock(writing_);
    return transact(*writer_, Transaction::Begin::immediate, std::forward<Body>(body));
  }

  /// Runs body(): all write() of this thread inside are one transaction. May be nested. read() does not see it.
  template <class Body>
  void batch(Body&& body) {
    if (batching_ == std::this_thread::get_id()) return body();
    const std::lock_guard lock(writing_);
    const struct Mark {
      explicit Mark(std::atomic<std::thread::id>& id) : id_(id) { id_ = std::this_thread::get_id(); }
      ~Mark() { id_ = std::thread::id(); }
      std::atomic<std::thread::id>& id_;
    } mark(batching_);
    transact(*writer_, Transaction::Begin::immediate, [&](Connection&) { body(); });
  }

  /// Runs body(Connection&) on a reader of its own: it sees the state of one instant, however long it takes and
  /// whatever is written meanwhile. May be nested, and may call write().
  template <class Body>
  std::invoke_result_t<Body, Connection&> read(Body&& body) {
    const Lease lease(*this);
    return transact(*lease.connection, Transaction::Begin::deferred, std::forward<Body>(body));
  }

  [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }

 private:
  struct Lease {
    explicit Lease(Store& store);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Store& store;
    std::unique_ptr<Connection> connection;
  };

  template <class Body>
  std::invoke_result_t<Body, Connection&> transact(Connection& connection, Transaction::Begin begin, Body&& body) {
    return guarded(file_, [&]() -> std::invoke_result_t<Body, Connection&> {
      Transaction transaction(connection, begin);
      if constexpr (std::is_void_v<std::invoke_result_t<Body, Connection&>>) {
        body(connection);
        transaction.commit();
      } else {
        auto result = body(connection);
        transaction.commit();
        return result;
      }
    });
  }

  void migrate();

  std::filesystem::path file_;
  Schema schema_;
  Options options_;
  std::mutex writing_;
  std::atomic<std::thread::id> batching_{};  ///< whose batch() is open
  std::unique_ptr<Connection> writer_;
  std::mutex pooling_;
  std::vector<std::unique_ptr<Connection>> readers_;  ///< idle
};

}  // namespace twin::stores::sqlite
