// What a WebDriver answers; the first byte says with which status.
#include "feature/collect/webdriver_answer.h"

#include <nlohmann/json.hpp>

#include "fuzz.h"

using namespace twin;

TWIN_FUZZ(webdriver, bytes) {
  if (bytes.empty()) return;
  const int status = bytes.front() == '2' ? 200 : 500;
  const auto value = feature::webdriver::read_answer(status, bytes.substr(1), 30);
  if (!value) {
    fuzz::require(!value.error().message.empty(), "an error says what happened");
    return;
  }
  fuzz::require(status == 200, "an error is no value");
  fuzz::require(feature::webdriver::session_id(*value).find_first_of("/?# \n") == std::string::npos,
                "an id is a part of a path");
}
