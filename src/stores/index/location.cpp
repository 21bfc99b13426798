#include "stores/index/location.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/http/http.h"
#include "core/i18n.h"
#include "core/log.h"
#include "core/text/ascii.h"
#include "stores/index/folder_versions.h"
#include "stores/index/qdrant/qdrant_versions.h"
#include "stores/index/versions.h"

namespace twin::stores {
namespace {

constexpr std::string_view kIndexFolder = "sqlite:";
constexpr std::string_view kIndexFile = "index.db";
constexpr std::string_view kDefaultPort = "6333";
constexpr std::size_t kLongestName = 200;

struct QdrantAddress {
  bool tls = false;
  std::string host, port, name;
};

std::optional<QdrantAddress> split_qdrant(std::string_view uri) {
  QdrantAddress address;
  if (uri.starts_with("qdrants://")) {
    address.tls = true;
    uri.remove_prefix(10);
  } else if (uri.starts_with("qdrant://")) {
    uri.remove_prefix(9);
  } else {
    return std::nullopt;
  }
  const std::size_t slash = uri.find('/');
  std::string_view host = uri.substr(0, slash);
  if (slash != std::string_view::npos) address.name = uri.substr(slash + 1);
  const std::size_t colon = host.rfind(':');
  const bool bracketed = host.ends_with(']');  // [::1] without a port
  if (colon != std::string_view::npos && !bracketed) {
    address.port = host.substr(colon + 1);
    host = host.substr(0, colon);
  } else {
    address.port = kDefaultPort;
  }
  address.host = host;
  return address;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), text::is_ascii_digit) &&
         std::stoi(std::string(text)) <= 65'535;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName &&
         std::all_of(text.begin(), text.end(), [](char c) { return text::is_ascii_alnum(c) || c == '-' || c == '_'; });
}

qdrant::Server server_of(const IndexConfig& config, const Secrets& secrets) {
  const QdrantAddress address = split_qdrant(config.uri).value();
  qdrant::Server server;
  server.base = (address.tls ? "https://" : "http://") + address.host + ":" + address.port;
  server.location = config.uri;
  if (secrets.has(qdrant_api_key)) server.api_key = value_or_throw(secrets.get(qdrant_api_key));
  if (!server.api_key.empty() && !address.tls && address.host != "127.0.0.1" && address.host != "localhost" &&
      address.host != "[::1]") {
    log::warn("The key of the Qdrant server goes over the network unencrypted: qdrants:// speaks TLS");
  }
  server.connect = Millis{config.qdrant.connect_seconds * 1000};
  server.request = Millis{config.qdrant.request_seconds * 1000};
  server.retry = Millis{config.qdrant.retry_seconds * 1000};
  server.answer_bytes = static_cast<std::uint64_t>(config.qdrant.answer_bytes);
  return server;
}

}  // namespace

Result<void> check_index_address(const IndexConfig& config) {
  if (config.uri.empty()) return {};
  const std::string form = tr("write qdrant://host:port/name (qdrants:// with TLS), or leave it empty for SQLite");
  if (config.uri.find('@') != std::string::npos) {
    return fail(
        ErrorKind::usage, tr("The address of the index holds a user or a key"), "index.uri",
        tr("write qdrant://host:port/name, and set {} in the environment or in the file with secrets", qdrant_api_key));
  }
  const auto address = split_qdrant(config.uri);
  if (!address || address->host.empty() || !is_port(address->port)) {
    return fail(ErrorKind::usage, tr("Not the address of a Qdrant server: {}", config.uri), "index.uri", form);
  }
  if (!is_name(address->name)) {
    return fail(
        ErrorKind::usage,
        tr("The name of the index needs letters, digits, '-' and '_', {} at most: {}", kLongestName, config.uri),
        "index.uri", form);
  }
  return {};
}

Result<IndexAddress> parse_index_address(std::string_view text, const IndexConfig& base) {
  IndexAddress address{.config = base, .folder = {}};
  if (text.starts_with(kIndexFolder)) {
    std::string_view folder = text.substr(kIndexFolder.size());
    if (folder.ends_with(kIndexFile)) folder.remove_suffix(kIndexFile.size());
    if (folder.empty()) {
      return fail(ErrorKind::usage, tr("sqlite: needs a folder"), std::string(text), tr("write sqlite:FOLDER"));
    }
    address.config.uri.clear();
    address.folder = std::filesystem::path(folder);
    return address;
  }
  if (!text.starts_with("qdrant")) {
    return fail(ErrorKind::usage, tr("Not the address of an index"),
                text.find('@') == std::string_view::npos ? std::string(text) : std::string(),
                tr("write sqlite:FOLDER or qdrant://host:port/name"));
  }
  address.config.uri = std::string(text);
  if (auto checked = check_index_address(address.config); !checked) return tl::unexpected(std::move(checked.error()));
  return address;
}

std::unique_ptr<IndexVersions> open_index_versions(const IndexConfig& config, const std::filesystem::path& folder,
                                                   const Secrets& secrets) {
  if (config.uri.empty()) return std::make_unique<FolderVersions>(folder, config);
  value_or_throw(check_index_address(config));
  return std::make_unique<qdrant::QdrantVersions>(config, server_of(config, secrets), split_qdrant(config.uri)->name);
}

std::unique_ptr<Index> open_index(const IndexConfig& config, const std::filesystem::path& folder,
                                  const Secrets& secrets) {
  const auto versions = open_index_versions(config, folder, secrets);
  return versions->open(versions->serving());
}

Result<std::string> probe_index_server(const IndexConfig& config, const Secrets& secrets) {
  if (auto checked = check_index_address(config); !checked) return tl::unexpected(std::move(checked.error()));
  try {
    IndexConfig patient = config;
    patient.qdrant.retry_seconds = 0;
    const qdrant::Server server = server_of(patient, secrets);
    const auto http = make_http_client();
    HttpRequest request;
    request.url = server.base + "/";
    request.connect_timeout = request.total_timeout = server.connect;
    const auto root = http->send(request);
    const Json about = root ? Json::parse(root->body, nullptr, /*allow_exceptions=*/false) : Json();
    // The list of aliases needs the key; the greeting does not.
    const qdrant::Client client(server, make_http_client());
    if (auto aliases = client.send("GET", "/aliases", {}); !aliases) return tl::unexpected(std::move(aliases.error()));
    return "Qdrant " + (about.is_object() ? about.value("version", std::string("?")) : std::string("?"));
  } catch (const Fatal& fatal) {
    return tl::unexpected(fatal.error());
  }
}

}  // namespace twin::stores
