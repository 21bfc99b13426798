#include "stores/warehouse/location.h"

#include "core/i18n.h"
#include "stores/warehouse/mongo_module.h"

namespace twin::stores {
namespace {

constexpr std::string_view kSchemes[] = {"mongodb://", "mongodb+srv://"};
constexpr std::string_view kSqlite = "sqlite:";
constexpr std::string_view kFile = "warehouse.db";

/// What stands between the scheme and the first "/" or "?"; the rest after it.
struct Parts {
  std::string_view user, hosts, path;
  bool password = false;
};

std::optional<Parts> split(std::string_view uri) {
  for (const std::string_view scheme : kSchemes) {
    if (!uri.starts_with(scheme)) continue;
    uri.remove_prefix(scheme.size());
    Parts parts;
    // A password may hold any sign that is not percent-encoded by mistake: the last "@" ends it.
    const std::size_t at = uri.find_last_of('@');
    if (at != std::string_view::npos) {
      parts.user = uri.substr(0, at);
      parts.password = parts.user.find(':') != std::string_view::npos;
      uri.remove_prefix(at + 1);
    }
    const std::size_t end = uri.find_first_of("/?");
    parts.hosts = uri.substr(0, end);
    if (end != std::string_view::npos && uri[end] == '/') {
      parts.path = uri.substr(end + 1);
      parts.path = parts.path.substr(0, parts.path.find('?'));
    }
    return parts;
  }
  return std::nullopt;
}

}  // namespace

void WarehouseConfig::bind(config::Binder& b) {
  b.field("uri", uri,
          "mongodb://user@host/database of a shared warehouse, without a password (that is the secret "
          "MONGODB_PASSWORD); empty: SQLite in .twin/warehouse",
          {.key_irrelevant = true});
  b.field("database", database, "Database of MongoDB, when the URI names none", {.key_irrelevant = true});
  b.field("raw", raw, "Where the bytes as fetched lie with MongoDB: in .twin/warehouse/objects, or in the database",
          {.one_of = {"disk", "database"}, .key_irrelevant = true});
  b.field("connect_seconds", connect_seconds, "MongoDB: longest wait for a connection",
          {.min = 1, .max = 600, .key_irrelevant = true});
  b.field("selection_seconds", selection_seconds, "MongoDB: longest wait for a server that can take the request",
          {.min = 1, .max = 600, .key_irrelevant = true});
  b.field("request_seconds", request_seconds, "MongoDB: longest wait for an answer",
          {.min = 1, .max = 3600, .key_irrelevant = true});
  b.field("retry_seconds", retry_seconds, "MongoDB: how long a request that failed on the way is tried again",
          {.min = 0, .max = 3600, .key_irrelevant = true});
}

Result<void> check_address(const WarehouseConfig& config) {
  if (config.uri.empty()) return {};
  const auto parts = split(config.uri);
  // Whatever looks like user:password@ is not repeated, even when the rest is wrong.
  const bool hidden = parts ? parts->password : config.uri.find('@') != std::string::npos;
  if (hidden && parts) {
    return fail(ErrorKind::usage, tr("The address of the warehouse holds a password"), "warehouse.uri",
                tr("write mongodb://user@host/database, and set {} in the environment or in the file with secrets",
                   mongodb_password));
  }
  if (!parts || parts->hosts.empty()) {
    return fail(ErrorKind::usage, tr("Not the address of a MongoDB: {}", hidden ? "…" : config.uri), "warehouse.uri",
                tr("write mongodb://host/database, or leave it empty for SQLite"));
  }
  if (config.database.empty() && parts->path.empty()) {
    return fail(ErrorKind::usage, tr("The address of the warehouse names no database: {}", config.uri), "warehouse.uri",
                tr("write mongodb://host/database, or set warehouse.database"));
  }
  return {};
}

Result<WarehouseAddress> parse_address(std::string_view text, const WarehouseConfig& base) {
  WarehouseAddress address{.config = base, .folder = {}};
  if (text.starts_with(kSqlite)) {
    std::string_view folder = text.substr(kSqlite.size());
    if (folder.ends_with(kFile)) folder.remove_suffix(kFile.size());
    if (folder.empty()) {
      return fail(ErrorKind::usage, tr("sqlite: needs a folder"), std::string(text), tr("write sqlite:FOLDER"));
    }
    address.config.uri.clear();
    address.folder = std::filesystem::path(folder);
    return address;
  }
  const auto parts = split(text);
  if (!parts) {
    return fail(ErrorKind::usage, tr("Not the address of a warehouse"),
                text.find('@') == std::string_view::npos ? std::string(text) : std::string(),
                tr("write sqlite:FOLDER or mongodb://host/database"));
  }
  address.config.uri = std::string(text);
  if (!parts->path.empty()) address.config.database.clear();
  if (auto checked = check_address(address.config); !checked) return tl::unexpected(std::move(checked.error()));
  return address;
}

std::unique_ptr<Warehouse> open_warehouse(const WarehouseConfig& config, const std::filesystem::path& folder,
                                          const Secrets& secrets, FileSystem& files) {
  if (config.uri.empty()) return open_warehouse(folder, files);
  value_or_throw(check_address(config));
  const auto parts = split(config.uri).value();
  MongoOptions options;
  options.uri = config.uri;
  options.database = config.database.empty() ? std::string(parts.path) : config.database;
  options.location = std::string(parts.hosts) + "/" + options.database;
  if (!parts.user.empty()) options.password = value_or_throw(secrets.get(mongodb_password));
  options.raw_in_database = config.raw == "database";
  options.objects = folder / "objects";
  options.connect = Millis{config.connect_seconds * 1000};
  options.selection = Millis{config.selection_seconds * 1000};
  options.request = Millis{config.request_seconds * 1000};
  options.retry = Millis{config.retry_seconds * 1000};
  return open_mongo_warehouse(options, files);
}

}  // namespace twin::stores
