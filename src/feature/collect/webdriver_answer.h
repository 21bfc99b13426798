// What a WebDriver answers (W3C WebDriver, "Processing model"): a value, or an error with its message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/json.h"
#include "core/result.h"

namespace twin::feature::webdriver {

/// The value of an answer. What the driver calls a time out is ErrorKind::limit, another error of its own network; an
/// answer that is not of the protocol is io. `page_seconds` is the limit that the message names.
[[nodiscard]] Result<Json> read_answer(int status, std::string_view body, int page_seconds);

/// The id of a session from the value of "New Session"; empty when there is none that can stand in a path.
[[nodiscard]] std::string session_id(const Json& value);

}  // namespace twin::feature::webdriver
