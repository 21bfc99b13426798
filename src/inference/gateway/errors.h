// Errors as OpenAI clients read them: {"error":{"message","type","param","code"}}.
#pragma once

#include <string>

#include "core/json.h"
#include "core/result.h"
#include "inference/gateway/message.h"

namespace twin::inference {

struct ApiError {
  int status = 400;
  std::string message;
  std::string type = "invalid_request_error";
  std::string param;  ///< null when empty
  std::string code;   ///< null when empty
};

[[nodiscard]] Json to_json(const ApiError& error);
/// With Retry-After when the client may try again (429, 503).
[[nodiscard]] ApiResponse to_response(const ApiError& error);

/// A malformed request: 400, naming the parameter.
[[nodiscard]] ApiError bad_request(std::string message, std::string param = {}, std::string code = {});
/// What an assistant, an engine or the index reported while a valid request was served.
[[nodiscard]] ApiError from_error(const Error& error);

}  // namespace twin::inference
