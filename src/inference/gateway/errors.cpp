#include "inference/gateway/errors.h"

#include <nlohmann/json.hpp>

#include "core/i18n.h"

namespace twin::inference {
namespace {

constexpr int client_closed_request = 499;
constexpr const char* retry_after_seconds = "2";

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

std::string with_hint(const Error& error) {
  return error.hint.empty() ? error.message : error.message + " (" + error.hint + ")";
}

}  // namespace

Json to_json(const ApiError& error) {
  return {{"error",
           {{"message", error.message},
            {"type", error.type},
            {"param", text_or_null(error.param)},
            {"code", text_or_null(error.code)}}}};
}

ApiResponse to_response(const ApiError& error) {
  ApiResponse response;
  response.status = error.status;
  response.body = to_json(error).dump(-1, ' ', false, Json::error_handler_t::replace);
  if (error.status == 429 || error.status == 503) response.headers["Retry-After"] = retry_after_seconds;
  return response;
}

ApiError bad_request(std::string message, std::string param, std::string code) {
  return {400, std::move(message), "invalid_request_error", std::move(param), std::move(code)};
}

ApiError from_error(const Error& error) {
  switch (error.kind) {
    case ErrorKind::usage:
      return bad_request(with_hint(error), error.where);
    case ErrorKind::limit:
      return bad_request(with_hint(error), error.where, "context_length_exceeded");
    case ErrorKind::network:
      return {
          503, tr("The model worker does not answer: {}", with_hint(error)), "server_error", {}, "worker_unavailable"};
    case ErrorKind::cancelled:
      return {client_closed_request, with_hint(error), "invalid_request_error", {}, "cancelled"};
    case ErrorKind::not_found:
    case ErrorKind::invalid:
    case ErrorKind::io:
    case ErrorKind::internal:
      break;
  }
  return {500, with_hint(error), "server_error", {}, std::string(to_string(error.kind))};
}

}  // namespace twin::inference
