#include "feature/sources/json/fields.h"

#include <nlohmann/json.hpp>

namespace twin::feature::json {
namespace {

const Json& null() {
  static const Json value;
  return value;
}

constexpr int deepest = 200;

bool too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > deepest) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Json parse(std::string_view text) {
  return too_deep(text) ? Json(Json::value_t::discarded) : Json::parse(text, nullptr, false);
}

const Json& member(const Json& object, const std::string& key) {
  if (!object.is_object()) return null();
  const auto it = object.find(key);
  return it == object.end() ? null() : *it;
}

const Json& list(const Json& object, const std::string& key) {
  static const Json empty = Json::array();
  const Json& value = member(object, key);
  return value.is_array() ? value : empty;
}

std::string text(const Json& object, const std::string& key) {
  const Json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::int64_t number(const Json& object, const std::string& key) {
  const Json& value = member(object, key);
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

bool flag(const Json& object, const std::string& key) {
  const Json& value = member(object, key);
  return value.is_boolean() && value.get<bool>();
}

UnixMillis time(const Json& object, const std::string& key) {
  const std::string value = text(object, key);
  return value.empty() ? 0 : parse_time(value).value_or(0);
}

const Json& at_path(const Json& object, const std::string& path) {
  const Json* at = &object;
  std::string rest = path;
  while (!rest.empty()) {
    if (const Json& whole = member(*at, rest); !whole.is_null()) return whole;
    const std::size_t dot = rest.find('.');
    if (dot == std::string::npos) return null();
    at = &member(*at, rest.substr(0, dot));
    if (!at->is_object()) return null();
    rest.erase(0, dot + 1);
  }
  return *at;
}

std::string shown(const Json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string out;
  for (const auto& item : value) {
    const std::string text = shown(item);
    if (!text.empty()) out += (out.empty() ? "" : ", ") + text;
  }
  return out;
}

}  // namespace twin::feature::json
