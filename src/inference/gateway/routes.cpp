#include "inference/gateway/routes.h"

#include <array>
#include <functional>

#include "core/i18n.h"
#include "core/log.h"
#include "core/text/unicode.h"
#include "inference/gateway/pages.h"

namespace twin::inference {
namespace {

struct Route {
  std::string_view method;
  std::string_view path;  ///< a trailing '/' takes everything below
  bool open;              ///< without an API key
  ApiResponse (*call)(const Endpoints&, const ApiRequest&);
};

constexpr std::string_view models_path = "/v1/models/";

constexpr std::array<Route, 8> table = {{
    {"POST", "/v1/chat/completions", false, [](const Endpoints& e, const ApiRequest& r) { return e.chat(r); }},
    {"POST", "/v1/embeddings", false, [](const Endpoints& e, const ApiRequest& r) { return e.embeddings(r); }},
    {"POST", "/v1/search", false, [](const Endpoints& e, const ApiRequest& r) { return e.search(r); }},
    {"GET", "/v1/models", false, [](const Endpoints& e, const ApiRequest&) { return e.models(); }},
    {"GET", models_path, false,
     [](const Endpoints& e, const ApiRequest& r) { return e.model(r.path.substr(models_path.size())); }},
    {"GET", "/v1/report", false, [](const Endpoints& e, const ApiRequest&) { return e.report(); }},
    {"GET", "/health/live", true, [](const Endpoints& e, const ApiRequest&) { return e.live(); }},
    {"GET", "/health/ready", true, [](const Endpoints& e, const ApiRequest&) { return e.ready(); }},
}};

bool matches(const Route& route, std::string_view path) {
  return route.path.ends_with('/') ? path.starts_with(route.path) && path.size() > route.path.size()
                                   : path == route.path;
}

ApiResponse method_not_allowed(const std::string& method, std::string_view allowed) {
  auto response = to_response({405,
                               tr("{} is not allowed here; use {}", text::clip(method, 20), allowed),
                               "invalid_request_error",
                               {},
                               "method_not_allowed"});
  response.headers["Allow"] = allowed;
  return response;
}

}  // namespace

Routes::Routes(ServeConfig config, Gateway::Parts parts, std::string api_key, std::span<const WebFile> files)
    : config_(std::move(config)),
      parts_(std::move(parts)),
      access_(config_.host, std::move(api_key)),
      files_(files),
      queues_(parts_.slots, config_.max_queue),
      endpoints_{config_, parts_, queues_} {}

ApiResponse Routes::route(const ApiRequest& request) const {
  if (auto error = access_.check_origin(request)) return to_response(*error);
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  for (const Route& route : table) {
    if (!matches(route, request.path)) continue;
    if (method != route.method) return method_not_allowed(request.method, route.method);
    if (!route.open) {
      if (auto error = access_.check_key(request)) return to_response(*error);
    }
    return route.call(endpoints_, request);
  }
  if (auto page = serve_page(request, files_)) {
    return method == "GET" ? std::move(*page) : method_not_allowed(request.method, "GET");
  }
  return to_response({404,
                      tr("There is nothing at {}", text::clip(text::repair_utf8(request.path), 200)),
                      "invalid_request_error",
                      {},
                      "not_found"});
}

ApiResponse Routes::handle(const ApiRequest& request) const {
  ApiResponse response;
  try {
    response = route(request);
  } catch (const Fatal& fatal) {
    log::error("{} {}: {}", request.method, request.path, fatal.what());
    response = to_response(from_error(fatal.error()));
  } catch (const std::exception& error) {
    log::error("{} {}: {}", request.method, request.path, error.what());
    response = to_response({500, tr("The server made a mistake; its log says which"), "server_error", {}, "internal"});
  }
  response.headers.emplace("X-Content-Type-Options", "nosniff");
  return response;
}

}  // namespace twin::inference
