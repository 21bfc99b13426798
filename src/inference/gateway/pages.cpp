#include "inference/gateway/pages.h"

#include <algorithm>

namespace twin::inference {
namespace {

constexpr const char* content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// If-None-Match holds this tag (a list, weak tags, or *).
bool client_has(std::string_view header, std::string_view etag) {
  return header == "*" || header.find(etag) != std::string_view::npos;
}

}  // namespace

std::optional<ApiResponse> serve_page(const ApiRequest& request, std::span<const WebFile> files) {
  const std::string_view path = request.path == "/" ? std::string_view("/index.html") : std::string_view(request.path);
  const auto file = std::find_if(files.begin(), files.end(), [&](const WebFile& f) { return f.path == path; });
  if (file == files.end()) return std::nullopt;

  ApiResponse response;
  const std::string etag = "\"" + std::string(file->sha256) + "\"";
  response.content_type = file->content_type;
  response.headers["ETag"] = etag;
  response.headers["Cache-Control"] = path.starts_with("/assets/") ? "public, max-age=31536000, immutable" : "no-cache";
  response.headers["Content-Security-Policy"] = content_security_policy;
  response.headers["Referrer-Policy"] = "no-referrer";
  if (client_has(request.header("if-none-match"), etag)) {
    response.status = 304;
  } else {
    response.body = file->bytes;
  }
  return response;
}

}  // namespace twin::inference
