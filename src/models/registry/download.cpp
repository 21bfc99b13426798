#include "models/registry/download.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "core/json.h"
#include "core/log.h"
#include "models/registry/disk_tools.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr int attempts = 4;                         // continued where the connection broke
constexpr Millis longest_transfer{12 * 3'600'000};  // one attempt

/// What the server says about the file before it is fetched.
struct Remote {
  std::uint64_t size = 0;
  std::string etag;
  bool ranges = false;
};

fs::path part_path(const DownloadRequest& request) {
  return request.target.string() + ".part";
}
fs::path note_path(const DownloadRequest& request) {
  return request.target.string() + ".part.json";
}

std::uint64_t size_of(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return error ? 0 : size;
}

void discard_part(const DownloadRequest& request) {
  std::error_code ignored;
  fs::remove(part_path(request), ignored);
  fs::remove(note_path(request), ignored);
}

tl::unexpected<Error> refused(const HttpResponse& response, const std::string& url) {
  const std::string hint = response.status == 401 || response.status == 403
                               ? tr("Access must be granted: accept the terms on the model's page and set HF_TOKEN")
                               : std::string();
  ErrorKind kind = ErrorKind::network;  // may be tried again
  if (response.status == 404 || response.status == 410)
    kind = ErrorKind::not_found;
  else if (response.status / 100 == 4 && response.status != 408 && response.status != 429)
    kind = ErrorKind::usage;
  return fail(kind, tr("The server answered {}", response.status), url, hint);
}

HttpRequest base_request(const DownloadRequest& request) {
  HttpRequest http;
  http.url = request.url;
  http.headers = request.headers;
  http.headers.emplace_back("Accept-Encoding", "identity");  // ranges count the stored bytes
  return http;
}

Result<Remote> ask(HttpClient& client, const DownloadRequest& request) {
  HttpRequest head = base_request(request);
  head.method = "HEAD";
  const auto response = client.send(head);
  if (!response) return tl::unexpected(response.error());
  // Some servers know no HEAD: fetch from the start, without resuming.
  if (response->status == 405 || response->status == 501) return Remote{request.size, "", false};
  if (response->status / 100 != 2) return refused(*response, request.url);
  Remote remote;
  remote.etag = response->header("etag");
  remote.ranges = response->header("accept-ranges").find("bytes") != std::string_view::npos;
  const std::string length(response->header("content-length"));
  remote.size = length.empty() ? request.size : std::strtoull(length.c_str(), nullptr, 10);
  return remote;
}

/// Bytes of an earlier attempt that may be continued.
std::uint64_t usable_part(const DownloadRequest& request, const Remote& remote) {
  const auto note = disk().read(note_path(request));
  const Json json = note ? Json::parse(*note, nullptr, false) : Json();
  const bool same = json.is_object() && json.value("url", "") == request.url && json.value("etag", "") == remote.etag &&
                    json.value("size", std::uint64_t{0}) == remote.size;
  const std::uint64_t have = size_of(part_path(request));
  if (same && remote.ranges && have <= remote.size) return have;
  discard_part(request);
  return 0;
}

/// One attempt from byte `have` on. A server that ignores the range sends the whole file: the part is then rewritten
/// from its start.
Result<void> fetch(HttpClient& client, const DownloadRequest& request, const Remote& remote, std::uint64_t have,
                   Progress& progress) {
  const fs::path part = part_path(request);
  std::ofstream out(part, std::ios::binary | (have > 0 ? std::ios::app : std::ios::trunc));
  if (!out) return fail(ErrorKind::io, tr("Cannot write the download"), part.string());
  HttpRequest get = base_request(request);
  get.total_timeout = longest_transfer;
  get.max_bytes = UINT64_MAX;
  if (have > 0) {
    get.headers.emplace_back("Range", fmt::format("bytes={}-", have));
    if (!remote.etag.empty()) get.headers.emplace_back("If-Range", remote.etag);
  }
  get.on_data = [&](std::string_view bytes) {
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    progress.add(bytes.size());
    return static_cast<bool>(out);
  };
  const auto response = client.send(get);
  out.close();
  if (!out) return fail(ErrorKind::io, tr("Cannot write the download"), part.string(), tr("Is the disk full?"));
  if (!response) return tl::unexpected(response.error());
  if (response->status / 100 != 2) return refused(*response, request.url);
  const std::string expected = fmt::format("bytes {}-", have);
  if (have > 0 && (response->status != 206 || !response->header("content-range").starts_with(expected))) {
    discard_part(request);
    return fail(ErrorKind::network, tr("The server did not continue the download where it stopped"), request.url);
  }
  return {};
}

Result<void> check(const DownloadRequest& request, const Remote& remote) {
  const fs::path part = part_path(request);
  const std::uint64_t size = size_of(part);
  const std::uint64_t wanted = request.size != 0 ? request.size : remote.size;
  if (wanted != 0 && size != wanted) {
    discard_part(request);
    return fail(ErrorKind::invalid, tr("{} bytes came instead of {}", size, wanted), request.url);
  }
  if (request.sha256.empty()) return {};
  const auto hash = sha256_file(part);
  if (!hash) return tl::unexpected(hash.error());
  if (*hash == request.sha256) return {};
  discard_part(request);
  return fail(ErrorKind::invalid, tr("The file's SHA-256 is {} instead of {}", *hash, request.sha256), request.url,
              tr("Do not use it: ask its publisher, or name the right hash"));
}

bool already_there(const DownloadRequest& request) {
  if (!disk().exists(request.target)) return false;
  if (request.size != 0 && size_of(request.target) != request.size) return false;
  if (request.sha256.empty()) return request.size != 0;
  const auto hash = sha256_file(request.target);
  return hash && *hash == request.sha256;
}

Result<void> fetch_all(HttpClient& client, const DownloadRequest& request, const Remote& remote, Progress& progress) {
  std::uint64_t have = usable_part(request, remote);
  const Json note{{"url", request.url}, {"etag", remote.etag}, {"size", remote.size}};
  if (auto written = disk().write(note_path(request), note.dump()); !written) return written;
  progress.add(have);
  for (int attempt = 1;; ++attempt) {
    if (have > 0 && have == remote.size) return {};  // only the check and the rename were missing
    auto fetched = fetch(client, request, remote, have, progress);
    if (fetched) return fetched;
    if (fetched.error().kind != ErrorKind::network || attempt == attempts) return fetched;
    log::warn("{}; attempt {} of {}", fetched.error().text(), attempt + 1, attempts);
    have = remote.ranges ? size_of(part_path(request)) : 0;
  }
}

}  // namespace

Result<void> download(HttpClient& http, const DownloadRequest& request, ProgressSink& sink) {
  if (already_there(request)) return {};
  std::error_code error;
  fs::create_directories(request.target.parent_path(), error);
  const auto remote = ask(http, request);
  if (!remote) return tl::unexpected(remote.error());
  const auto progress = sink.start(request.target.filename().string(), "bytes");
  progress->total(remote->size);
  if (auto fetched = fetch_all(http, request, *remote, *progress); !fetched) return fetched;
  if (auto good = check(request, *remote); !good) return good;
  if (auto moved = move_into_place(part_path(request), request.target); !moved) return moved;
  fs::remove(note_path(request), error);
  return {};
}

}  // namespace twin::models
