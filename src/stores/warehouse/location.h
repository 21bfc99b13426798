// Which warehouse: the keys in twin.yaml, and the addresses that `twin warehouse copy` takes.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/config/binder.h"
#include "core/files.h"
#include "core/result.h"
#include "core/secrets.h"
#include "stores/warehouse/warehouse.h"

namespace twin::stores {

/// Name of the secret with the password of the user in a mongodb:// address.
inline constexpr const char* mongodb_password = "MONGODB_PASSWORD";

/// `warehouse:` of twin.yaml.
struct WarehouseConfig {
  std::string uri;       ///< "": SQLite in the project's folder; mongodb://… or mongodb+srv://…, without a password
  std::string database;  ///< of MongoDB; "": the one in the path of the URI
  std::string raw = "disk";  ///< where the bytes as fetched lie: "disk", in the project's folder, or "database"
  int connect_seconds = 10;
  int selection_seconds = 15;
  int request_seconds = 120;
  int retry_seconds = 60;
  void bind(config::Binder& b);
};

/// What is wrong with an address: no mongodb scheme, a password in it, no database named. ErrorKind::usage; the message
/// never repeats the address when it holds a password.
[[nodiscard]] Result<void> check_address(const WarehouseConfig& config);

/// The address of a command line laid over the project's configuration: "sqlite:FOLDER" (with or without the name
/// warehouse.db at its end) or "mongodb://…". A SQLite address leaves `uri` empty and sets `folder`.
struct WarehouseAddress {
  WarehouseConfig config;
  std::filesystem::path folder;
};
[[nodiscard]] Result<WarehouseAddress> parse_address(std::string_view text, const WarehouseConfig& base);

/// SQLite at <folder>/warehouse.db, or the MongoDB of `config` with raw bytes under <folder>/objects unless they are in
/// the database. Creates tables and indexes as needed. Throws Fatal, of kind usage when the address is wrong.
[[nodiscard]] std::unique_ptr<Warehouse> open_warehouse(const WarehouseConfig& config,
                                                        const std::filesystem::path& folder, const Secrets& secrets,
                                                        FileSystem& files = disk());

}  // namespace twin::stores
