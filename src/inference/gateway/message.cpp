#include "inference/gateway/message.h"

#include <nlohmann/json.hpp>

namespace twin::inference {

ApiResponse json_response(const Json& json, int status) {
  ApiResponse response;
  response.status = status;
  response.body = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return response;
}

}  // namespace twin::inference
