// From method and path to an endpoint: the whole API without sockets.
#pragma once

#include <span>

#include "inference/gateway/access.h"
#include "inference/gateway/admission.h"
#include "inference/gateway/endpoints.h"
#include "inference/gateway/web_files.h"

namespace twin::inference {

/// Thread-safe. Exceptions of a handler become a 500.
class Routes {
 public:
  Routes(ServeConfig config, Gateway::Parts parts, std::string api_key, std::span<const WebFile> files = web_files());
  Routes(const Routes&) = delete;
  Routes& operator=(const Routes&) = delete;

  [[nodiscard]] ApiResponse handle(const ApiRequest& request) const;

 private:
  [[nodiscard]] ApiResponse route(const ApiRequest& request) const;

  ServeConfig config_;
  Gateway::Parts parts_;
  Access access_;
  std::span<const WebFile> files_;
  mutable Queues queues_;
  Endpoints endpoints_;
};

}  // namespace twin::inference
