// The way to the MongoDB warehouse. Its client library costs milliseconds and 40 MB of libraries to load, so it lies in
// a module of its own, lib/twin/libtwin-mongo.so, which is opened at first use and never by a program that needs none.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/files.h"
#include "core/log.h"
#include "stores/warehouse/warehouse.h"

namespace twin::stores {

struct MongoOptions {
  std::string uri;       ///< without a password
  std::string password;  ///< of the user in the URI; "": none
  std::string database;
  std::string location;           ///< hosts and database, for messages
  bool raw_in_database = false;   ///< raw bytes in the collection `raw` instead of `objects`
  std::filesystem::path objects;  ///< folder
  Millis connect{10'000}, selection{15'000}, request{120'000}, retry{60'000};
};

/// Opens the module, then the database; makes indexes. Throws Fatal: the module is not installed, or no server answers.
[[nodiscard]] std::unique_ptr<Warehouse> open_mongo_warehouse(const MongoOptions& options, FileSystem& files);

/// What the module takes from the program: its own copy of the rooms has no catalogue of messages, no log and no
/// secrets.
struct MongoHost {
  FileSystem& files;
  std::string_view (*translated)(std::string_view english);
  void (*log)(log::Level level, std::string_view line);
};

/// The two symbols of the module. The first is compared before the second is called: what lies in lib/twin may be of
/// another build, whose classes differ.
using MongoModuleBuild = const char*();
using MongoModuleOpen = Warehouse*(const MongoOptions& options, const MongoHost& host);
inline constexpr const char* mongo_module_build = "twin_mongo_build";
inline constexpr const char* mongo_module_open = "twin_mongo_open";
inline constexpr const char* mongo_module_file = "libtwin-mongo.so";

}  // namespace twin::stores
