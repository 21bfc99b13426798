#include "stores/index/index_check.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <array>
#include <cmath>
#include <cstring>
#include <span>
#include <system_error>
#include <vector>

#include "core/clock.h"
#include "core/files.h"
#include "core/i18n.h"
#include "stores/index/fts5_tokenizer.h"
#include "stores/index/quantize.h"
#include "stores/index/words/word_counts.h"

namespace twin::stores {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStamp = "checked";
constexpr std::array<const char*, 7> kIndexFiles{"index.db",      "index.db-wal",     "index.db-shm", "words.cache",
                                                 "vectors.cache", "index.db-journal", kStamp};
constexpr double kLengthError = 0.02;  // of the square of a length that is 1
constexpr std::int64_t kMillisPerHour = 3'600'000;

// Size and time of the database and of what is not yet carried into it.
std::string state_of(const fs::path& folder) {
  std::string state;
  for (const char* name : {"index.db", "index.db-wal"}) {
    const auto stat = disk().stat(folder / name);
    state += stat ? fmt::format("{} {}\n", stat->size, stat->modified_ns) : "none\n";
  }
  return state;
}

std::optional<std::string> damage_of_tables(SQLite::Database& database) {
  SQLite::Statement check(database, "PRAGMA quick_check(1)");
  if (!check.executeStep()) return tr("SQLite's check says nothing");
  const std::string said = check.getColumn(0).getString();
  if (said == "ok") return std::nullopt;
  return said;
}

bool same_vector(SQLite::Statement& row) {
  const auto bytes = [&](int column) {
    const auto value = row.getColumn(column);
    return std::string_view(static_cast<const char*>(value.getBlob()), static_cast<std::size_t>(value.getBytes()));
  };
  const std::string_view stored = bytes(1), codes = bytes(3);
  if (stored.size() % sizeof(float) != 0) return false;
  std::vector<float> vector(stored.size() / sizeof(float));
  if (!vector.empty()) std::memcpy(vector.data(), stored.data(), stored.size());
  const QuantizedVector made = quantize(vector);
  return made.codes.size() == codes.size() && std::memcmp(made.codes.data(), codes.data(), codes.size()) == 0 &&
         static_cast<float>(row.getColumn(2).getDouble()) == made.scale;
}

std::optional<std::string> damage_of_vectors(SQLite::Database& database) {
  SQLite::Statement rows(
      database, "SELECT v.chunk, v.vector, c.scale, c.codes FROM vectors v LEFT JOIN codes c ON c.chunk = v.chunk");
  while (rows.executeStep()) {
    if (!same_vector(rows)) return tr("The vector of passage {} is not what it was", rows.getColumn(0).getInt64());
  }
  return std::nullopt;
}

std::optional<std::string> damage_of_pictures(SQLite::Database& database) {
  SQLite::Statement rows(database, "SELECT chunk, source, vector FROM pictures");
  while (rows.executeStep()) {
    const auto value = rows.getColumn(2);
    std::vector<float> vector(static_cast<std::size_t>(value.getBytes()) / sizeof(float));
    if (!vector.empty()) std::memcpy(vector.data(), value.getBlob(), vector.size() * sizeof(float));
    double squares = 0;
    for (const float x : vector) squares += static_cast<double>(x) * static_cast<double>(x);
    if (std::abs(squares - 1) < kLengthError) continue;
    return tr("The vector of picture {} is not what it was", rows.getColumn(1).getString());
  }
  return std::nullopt;
}

std::optional<std::string> damage_of_words(SQLite::Database& database) {
  SQLite::Statement rows(database, "SELECT chunk, counts FROM words");
  while (rows.executeStep()) {
    const auto value = rows.getColumn(1);
    const std::span bytes(static_cast<const std::byte*>(value.getBlob()), static_cast<std::size_t>(value.getBytes()));
    std::uint32_t length = 0;
    if (!unpack(bytes, length, [](std::string_view, std::uint32_t, std::uint32_t) {}))
      return tr("The words of passage {} are damaged", rows.getColumn(0).getInt64());
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> find_index_damage(const fs::path& folder, int recheck_hours) {
  const fs::path file = folder / "index.db";
  if (!disk().exists(file)) return std::nullopt;
  const std::string state = state_of(folder);
  const auto stamp = disk().stat(folder / kStamp);
  const bool recent = stamp && system_clock().now() - stamp->modified_ns / 1'000'000 < recheck_hours * kMillisPerHour;
  if (recent && disk().read(folder / kStamp).value_or("") == state) return std::nullopt;
  try {
    // Not read-only: what a killed writer left in the WAL is read first.
    SQLite::Database database(file.string(), SQLite::OPEN_READWRITE, 10'000);
    register_tokenizer(database);
    if (auto damage = damage_of_tables(database)) return damage;
    // A file of an older Twin may lack tables; what opens it adds them.
    if (database.tableExists("codes")) {
      if (auto damage = damage_of_vectors(database)) return damage;
    }
    if (database.tableExists("pictures")) {
      if (auto damage = damage_of_pictures(database)) return damage;
    }
    if (database.tableExists("words")) {
      if (auto damage = damage_of_words(database)) return damage;
    }
  } catch (const SQLite::Exception& exception) {
    const int primary = exception.getErrorCode() & 0xff;
    if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) return exception.what();
    return std::nullopt;
  }
  // Closing may have carried the WAL into the database. A stamp that cannot be written only costs another check.
  (void)disk().write(folder / kStamp, state_of(folder));
  return std::nullopt;
}

void forget_index_check(const fs::path& folder) {
  (void)disk().remove(folder / kStamp);
}

fs::path set_aside_index(const fs::path& folder) {
  const fs::path aside = folder / "damaged";
  std::error_code error;
  fs::remove_all(aside, error);
  fs::create_directories(aside, error);
  for (const char* name : kIndexFiles) {
    if (error) break;
    if (fs::exists(folder / name, error)) fs::rename(folder / name, aside / name, error);
  }
  if (error) {
    throw Fatal(ErrorKind::io, tr("The damaged index cannot be moved away: {}", error.message()), folder.string(),
                tr("Move the folder away yourself, then run the same command again"));
  }
  return aside;
}

void remove_index_files(const fs::path& folder) {
  std::error_code error;
  fs::remove_all(folder / "damaged", error);
  for (const char* name : kIndexFiles) {
    if (!error) fs::remove(folder / name, error);
  }
  if (error) {
    throw Fatal(ErrorKind::io, tr("An index that is no longer used cannot be removed: {}", error.message()),
                folder.string());
  }
}

}  // namespace twin::stores
