#include "feature/collect/webdriver_answer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/ascii.h"
#include "feature/sources/json/fields.h"

namespace twin::feature::webdriver {
namespace {

constexpr std::size_t max_message_bytes = 500;
constexpr std::size_t max_session_bytes = 256;

}  // namespace

Result<Json> read_answer(int status, std::string_view body, int page_seconds) {
  Json answer = json::parse(body);
  if (!answer.is_object() || !answer.contains("value")) {
    return fail(ErrorKind::io, tr("The browser's driver gave an answer that is not of its protocol"));
  }
  Json value = std::move(answer["value"]);
  if (status == 200) return value;
  std::string message = json::text(value, "message");
  message.resize(std::min({message.size(), message.find('\n'), max_message_bytes}));
  const std::string error = json::text(value, "error");
  if (error == "timeout" || error == "script timeout") {
    return fail(ErrorKind::limit, tr("The page did not load within {} seconds", page_seconds), {},
                tr("Raise page_seconds of this source"));
  }
  if (message.empty()) message = error.empty() ? "status " + std::to_string(status) : error;
  return fail(ErrorKind::network, tr("The browser could not do it: {}", message));
}

std::string session_id(const Json& value) {
  std::string id = json::text(value, "sessionId");
  const bool plain =
      std::all_of(id.begin(), id.end(), [](char c) { return text::is_ascii_alnum(c) || c == '-' || c == '_'; });
  return plain && id.size() <= max_session_bytes ? id : std::string();
}

}  // namespace twin::feature::webdriver
