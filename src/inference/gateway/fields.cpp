#include "inference/gateway/fields.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/i18n.h"

namespace twin::inference {

Fields::Fields(std::string_view body) : json_(std::make_shared<Json>(Json::parse(body, nullptr, false))) {
  if (json_->is_discarded()) {
    error_ = bad_request(tr("The body is not valid JSON"), {}, "invalid_json");
  } else if (!json_->is_object()) {
    error_ = bad_request(tr("The body must be a JSON object"), {}, "invalid_json");
  }
  if (error_) *json_ = Json::object();
}

void Fields::refuse(ApiError error) {
  if (!error_) error_ = std::move(error);
}

const Json* Fields::find(const std::string& key) const {
  const auto it = json_->find(key);
  return it == json_->end() || it->is_null() ? nullptr : &*it;
}

std::string Fields::text(const std::string& key, bool required) {
  const Json* value = find(key);
  if (value == nullptr) {
    if (required) refuse(bad_request(tr("'{}' is missing", key), key, "missing_required_parameter"));
    return {};
  }
  if (!value->is_string()) {
    refuse(bad_request(tr("'{}' must be a string", key), key, "invalid_type"));
    return {};
  }
  return value->get<std::string>();
}

bool Fields::boolean(const std::string& key, bool fallback) {
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  if (value->is_boolean()) return value->get<bool>();
  refuse(bad_request(tr("'{}' must be true or false", key), key, "invalid_type"));
  return fallback;
}

std::string Fields::choice(const std::string& key, const std::string& fallback, const std::vector<std::string>& known) {
  std::string wanted = text(key, false);
  if (wanted.empty()) return fallback;
  if (std::find(known.begin(), known.end(), wanted) == known.end()) {
    refuse(bad_request(tr("'{}' must be one of {}", key, fmt::format("{}", fmt::join(known, ", "))), key,
                       "invalid_value"));
  }
  return wanted;
}

std::int64_t Fields::integer(const std::string& key, std::int64_t fallback, std::int64_t min, std::int64_t max) {
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  const bool too_large = value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(max);
  if (!value->is_number_integer()) {
    refuse(bad_request(tr("'{}' must be an integer", key), key, "invalid_type"));
  } else if (too_large || value->get<std::int64_t>() < min || value->get<std::int64_t>() > max) {
    refuse(bad_request(tr("'{}' must be between {} and {}", key, min, max), key, "invalid_value"));
  } else {
    return value->get<std::int64_t>();
  }
  return fallback;
}

double Fields::number(const std::string& key, double fallback, double min, double max) {
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_number()) {
    refuse(bad_request(tr("'{}' must be a number", key), key, "invalid_type"));
  } else if (const double given = value->get<double>(); !(given >= min && given <= max)) {
    refuse(bad_request(tr("'{}' must be between {} and {}", key, min, max), key, "invalid_value"));
  } else {
    return given;
  }
  return fallback;
}

std::vector<std::string> Fields::texts(const std::string& key, std::size_t max) {
  const Json* value = find(key);
  if (value == nullptr) return {};
  if (value->is_string()) return {value->get<std::string>()};
  std::vector<std::string> list;
  bool strings = value->is_array();
  if (strings && value->size() > max) {
    refuse(bad_request(tr("'{}' takes at most {} texts", key, max), key, "invalid_value"));
    return {};
  }
  for (std::size_t i = 0; strings && i < value->size(); ++i) {
    strings = (*value)[i].is_string();
    if (strings) list.push_back((*value)[i].get<std::string>());
  }
  if (strings) return list;
  refuse(bad_request(tr("'{}' must be a string or an array of strings", key), key, "invalid_type"));
  return {};
}

}  // namespace twin::inference
