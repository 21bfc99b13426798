// Which index: index.uri of twin.yaml, and the addresses that `twin index copy` takes.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/secrets.h"
#include "stores/index/index.h"

namespace twin::stores {

/// Name of the secret with the key of a Qdrant server; sent when it is set, shown nowhere.
inline constexpr const char* qdrant_api_key = "QDRANT_API_KEY";

/// What is wrong with index.uri: no qdrant scheme, something before an "@", no name or one of other signs than letters,
/// digits, "-" and "_". ErrorKind::usage; the message never repeats what stands before an "@".
[[nodiscard]] Result<void> check_index_address(const IndexConfig& config);

/// The address of a command line laid over the project's configuration: "sqlite:FOLDER" (with or without the name
/// index.db at its end) or "qdrant://…". A SQLite address leaves `uri` empty and sets `folder`.
struct IndexAddress {
  IndexConfig config;
  std::filesystem::path folder;
};
[[nodiscard]] Result<IndexAddress> parse_index_address(std::string_view text, const IndexConfig& base);

/// The version that serves (versions.h): SQLite in `folder`, or the index on the Qdrant server of config.uri
/// ("qdrant://host:port/name", port 6333 unless given; "qdrants://" speaks TLS). Throws Fatal: usage when the address
/// is wrong, network when no server answers.
[[nodiscard]] std::unique_ptr<Index> open_index(const IndexConfig& config, const std::filesystem::path& folder,
                                                const Secrets& secrets);

/// What `twin doctor` says of the server of config.uri: its version. An error when it cannot be used.
[[nodiscard]] Result<std::string> probe_index_server(const IndexConfig& config, const Secrets& secrets);

}  // namespace twin::stores
