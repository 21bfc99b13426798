#include "stores/sqlite/store.h"

#include <system_error>

#include "core/i18n.h"

namespace twin::stores::sqlite {
namespace {

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw Fatal(ErrorKind::io, tr("The folder cannot be made: {}", error.message()), folder.string(),
                tr("Check that the folder exists and that you may write to it"));
  }
}

}  // namespace

Store::Store(std::filesystem::path file, Schema schema, Options options)
    : file_(std::move(file)), schema_(std::move(schema)), options_(options) {
  make_folder(file_.parent_path());
  guarded(file_, [&] {
    writer_ = std::make_unique<Connection>(file_, Connection::Mode::writer, options_);
    if (schema_.prepare) schema_.prepare(writer_->database());
  });
  migrate();
}

// Readers go first: the last connection to close takes the WAL file with it, and only a writer can.
Store::~Store() {
  readers_.clear();
}

void Store::migrate() {
  const auto known = static_cast<int>(schema_.migrations.size());
  const auto version_of = [](Connection& c) { return c.database().execAndGet("PRAGMA user_version").getInt(); };
  if (guarded(file_, [&] { return version_of(*writer_); }) == known) return;
  write([&](Connection& c) {
    const int version = version_of(c);  // again: another process may have migrated just now
    if (version > known) {
      throw Fatal(ErrorKind::invalid, tr("The database was written by a newer version of Twin"), file_.string(),
                  tr("Install that version, or give another --home"));
    }
    for (int i = version; i < known; ++i) c.database().exec(schema_.migrations[static_cast<std::size_t>(i)]);
    c.database().exec("PRAGMA user_version = " + std::to_string(known));
  });
}

Store::Lease::Lease(Store& owner) : store(owner) {
  {
    const std::lock_guard lock(store.pooling_);
    if (!store.readers_.empty()) {
      connection = std::move(store.readers_.back());
      store.readers_.pop_back();
      return;
    }
  }
  guarded(store.file_, [&] {
    connection = std::make_unique<Connection>(store.file_, Connection::Mode::reader, store.options_);
    if (store.schema_.prepare) store.schema_.prepare(connection->database());
  });
}

Store::Lease::~Lease() {
  const std::lock_guard lock(store.pooling_);
  store.readers_.push_back(std::move(connection));
}

}  // namespace twin::stores::sqlite
