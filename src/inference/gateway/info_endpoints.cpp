// Models, report and health.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "inference/gateway/endpoints.h"
#include "inference/gateway/errors.h"

namespace twin::inference {
namespace {

constexpr int client_closed_request = 499;

/// The time the program started to serve, as the creation time of what it serves.
std::int64_t created() {
  static const std::int64_t seconds = system_clock().now() / 1000;
  return seconds;
}

Json model_json(const std::string& id) {
  return {{"id", id}, {"object", "model"}, {"created", created()}, {"owned_by", "twin"}};
}

std::vector<std::string> model_ids(const Gateway::Parts& parts) {
  auto ids = variant_names();
  if (std::string embedder = parts.embedding_model(); !embedder.empty()) ids.push_back(std::move(embedder));
  return ids;
}

}  // namespace

ApiError refused(Admission::Outcome outcome) {
  if (outcome == Admission::Outcome::cancelled) {
    return {client_closed_request, tr("The client went away"), "invalid_request_error", {}, "cancelled"};
  }
  return {429, tr("Too many requests are waiting; try again shortly"), "rate_limit_error", {}, "rate_limit_exceeded"};
}

ApiError still_loading() {
  return {503, tr("The models are being loaded; try again shortly"), "server_error", {}, "loading"};
}

ApiResponse Endpoints::models() const {
  Json data = Json::array();
  for (const std::string& id : model_ids(parts)) data.push_back(model_json(id));
  return json_response({{"object", "list"}, {"data", std::move(data)}});
}

ApiResponse Endpoints::model(const std::string& id) const {
  const auto ids = model_ids(parts);
  if (std::find(ids.begin(), ids.end(), id) != ids.end()) return json_response(model_json(id));
  return to_response({404, tr("There is no model '{}'", text::clip(text::repair_utf8(id), 80)), "invalid_request_error",
                      "model", "model_not_found"});
}

ApiResponse Endpoints::report() const {
  ApiResponse response;
  if (parts.report_json) response.body = parts.report_json();
  if (!response.body.empty()) return response;
  return to_response(
      {404, tr("There is no evaluation yet; `twin eval` makes one"), "invalid_request_error", {}, "no_report"});
}

ApiResponse Endpoints::live() const {
  return json_response({{"status", "live"}});
}

ApiResponse Endpoints::ready() const {
  if (parts.ready()) return json_response({{"status", "ready"}});
  auto response = json_response({{"status", "loading"}}, 503);
  response.headers["Retry-After"] = "2";
  return response;
}

}  // namespace twin::inference
