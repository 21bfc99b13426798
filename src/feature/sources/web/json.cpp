#include "feature/sources/web/json.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/unicode.h"

namespace twin::feature::web {
namespace {

constexpr int max_depth = 64;

/// What the text begins with, for a message.
std::string beginning(std::string_view text) {
  constexpr std::size_t length = 80;
  std::string out = text::repair_utf8(text::clip(text::trim(text.substr(0, 4 * length)), length));
  for (char& c : out) c = static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  return out;
}

const Json& null_value() {
  static const Json null;
  return null;
}

}  // namespace

Result<Json> parse_json(std::string_view text, const std::string& where) {
  // A limit by callback: the parser is iterative, but destroying deep values is not.
  bool deep = false;
  Json value = Json::parse(
      text.begin(), text.end(),
      [&](int depth, Json::parse_event_t, Json&) {
        deep = deep || depth >= max_depth;
        return depth < max_depth;
      },
      false);
  if (!value.is_discarded() && !deep) return value;
  return fail(ErrorKind::invalid,
              tr("The answer is not the JSON that was expected; it begins with: {}", beginning(text)), where,
              tr("The service may have changed or may refuse programs; try again later"));
}

const Json& member(const Json& object, std::string_view key) {
  if (!object.is_object()) return null_value();
  const auto found = object.find(std::string(key));
  return found == object.end() ? null_value() : *found;
}

const Json& at(const Json& json, std::initializer_list<std::string_view> keys) {
  const Json* here = &json;
  for (const auto key : keys) here = &member(*here, key);
  return *here;
}

std::string string_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number() || value.is_boolean() ? value.dump() : std::string();
}

std::string string_of(const Json& object, std::string_view key) {
  return string_of(member(object, key));
}

std::int64_t integer_of(const Json& value, std::int64_t otherwise) {
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_string()) return otherwise;
  const auto& text = value.get_ref<const std::string&>();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : otherwise;
}

bool bool_of(const Json& object, std::string_view key) {
  const Json& value = member(object, key);
  return value.is_boolean() && value.get<bool>();
}

UnixMillis time_of(const Json& value) {
  if (value.is_string()) return parse_time(value.get<std::string>()).value_or(0);
  const std::int64_t number = integer_of(value);
  constexpr std::int64_t seconds_until_5138 = 100'000'000'000;
  return number < seconds_until_5138 ? number * 1000 : number;
}

std::vector<std::string> strings_of(const Json& list, std::string_view key) {
  std::vector<std::string> out;
  if (!list.is_array()) return out;
  for (const auto& entry : list) {
    std::string value = key.empty() || !entry.is_object() ? string_of(entry) : string_of(entry, key);
    if (!value.empty()) out.push_back(std::move(value));
  }
  return out;
}

std::string joined(const std::vector<std::string>& values) {
  std::string out;
  for (const auto& value : values) out += (out.empty() ? "" : ", ") + value;
  return out;
}

}  // namespace twin::feature::web
