// Serves the files of the web page.
#pragma once

#include <optional>

#include "inference/gateway/message.h"
#include "inference/gateway/web_files.h"

namespace twin::inference {

/// GET or HEAD of a file of the table; "/" is /index.html. With ETag (304 when the client has it), Content-Type, a
/// Content-Security-Policy that lets nothing in from elsewhere, and long caching of hashed assets. nullopt: no such
/// file.
[[nodiscard]] std::optional<ApiResponse> serve_page(const ApiRequest& request, std::span<const WebFile> files);

}  // namespace twin::inference
