// Downloads of large files: resumed after an interruption, checked by size and hash.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/http/http.h"
#include "core/progress.h"
#include "core/result.h"

namespace twin::models {

struct DownloadRequest {
  std::string url;
  std::filesystem::path target;
  std::string sha256;      ///< expected, when known
  std::uint64_t size = 0;  ///< expected, when known
  Headers headers;         ///< of every request (authorization)
};

/// Fetches into "<target>.part" beside a note of what it is a part of, then renames. What is there of an earlier
/// attempt is continued when the server still has the same file. A complete target with the right hash is kept.
/// 401 and 403 are ErrorKind::usage with a hint about access; a wrong hash is ErrorKind::invalid, and the part is
/// removed.
[[nodiscard]] Result<void> download(HttpClient& http, const DownloadRequest& request, ProgressSink& progress);

}  // namespace twin::models
