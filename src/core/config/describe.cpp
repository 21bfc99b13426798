// Looking at a config struct: resolved values with origins, canonical JSON, names of environment variables.
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/config/binder.h"
#include "core/config/tree.h"
#include "core/text/ascii.h"

namespace twin::config {

namespace {

constexpr std::string_view kSecretShown = "…";

std::string join(std::string_view prefix, std::string_view key) {
  return prefix.empty() ? std::string(key) : fmt::format("{}.{}", prefix, key);
}

/// Calls one function for every leaf, with its dotted key and its value as JSON.
class Walker final : public Binder {
 public:
  using Visit = std::function<void(const std::string& key, const Json& value, std::string_view doc, const Rule& rule)>;
  Walker(std::string prefix, const Visit& visit) : prefix_(std::move(prefix)), visit_(visit) {}

  void field(std::string_view key, bool& value, std::string_view doc, const Rule& rule) override {
    visit_(join(prefix_, key), value, doc, rule);
  }
  void field(std::string_view key, int& value, std::string_view doc, const Rule& rule) override {
    visit_(join(prefix_, key), value, doc, rule);
  }
  void field(std::string_view key, std::int64_t& value, std::string_view doc, const Rule& rule) override {
    visit_(join(prefix_, key), value, doc, rule);
  }
  void field(std::string_view key, double& value, std::string_view doc, const Rule& rule) override {
    visit_(join(prefix_, key), value, doc, rule);
  }
  void field(std::string_view key, std::string& value, std::string_view doc, const Rule& rule) override {
    visit_(join(prefix_, key), value, doc, rule);
  }
  void field(std::string_view key, std::vector<std::string>& value, std::string_view doc, const Rule& rule) override {
    visit_(join(prefix_, key), value, doc, rule);
  }
  void field(std::string_view key, std::map<std::string, std::string>& value, std::string_view doc,
             const Rule& rule) override {
    visit_(join(prefix_, key), value, doc, rule);
  }
  void group_with(std::string_view key, std::string_view, const std::function<void(Binder&)>& bind) override {
    Walker inner(join(prefix_, key), visit_);
    bind(inner);
  }
  void list_with(std::string_view key, std::string_view doc, std::size_t size, const std::function<void(std::size_t)>&,
                 const std::function<void(std::size_t, Binder&)>& bind) override {
    if (size == 0) visit_(join(prefix_, key), Json::array(), doc, {});
    for (std::size_t i = 0; i < size; ++i) {
      Walker inner(fmt::format("{}.{}", join(prefix_, key), i), visit_);
      bind(i, inner);
    }
  }

 private:
  std::string prefix_;
  const Visit& visit_;
};

/// Builds nested JSON, without what cannot change a result.
class Canonical final : public Binder {
 public:
  explicit Canonical(Json& out) : out_(out) {}

  void field(std::string_view key, bool& value, std::string_view, const Rule& rule) override { put(key, value, rule); }
  void field(std::string_view key, int& value, std::string_view, const Rule& rule) override { put(key, value, rule); }
  void field(std::string_view key, std::int64_t& value, std::string_view, const Rule& rule) override {
    put(key, value, rule);
  }
  void field(std::string_view key, double& value, std::string_view, const Rule& rule) override {
    put(key, value, rule);
  }
  void field(std::string_view key, std::string& value, std::string_view, const Rule& rule) override {
    put(key, value, rule);
  }
  void field(std::string_view key, std::vector<std::string>& value, std::string_view, const Rule& rule) override {
    put(key, value, rule);
  }
  void field(std::string_view key, std::map<std::string, std::string>& value, std::string_view,
             const Rule& rule) override {
    put(key, value, rule);
  }
  void group_with(std::string_view key, std::string_view, const std::function<void(Binder&)>& bind) override {
    Json inner = Json::object();
    Canonical visitor(inner);
    bind(visitor);
    if (!inner.empty()) out_[std::string(key)] = std::move(inner);
  }
  void list_with(std::string_view key, std::string_view, std::size_t size, const std::function<void(std::size_t)>&,
                 const std::function<void(std::size_t, Binder&)>& bind) override {
    Json items = Json::array();
    for (std::size_t i = 0; i < size; ++i) {
      Json inner = Json::object();
      Canonical visitor(inner);
      bind(i, visitor);
      items.push_back(std::move(inner));
    }
    out_[std::string(key)] = std::move(items);
  }

 private:
  template <class Value>
  void put(std::string_view key, const Value& value, const Rule& rule) {
    if (!rule.secret && !rule.key_irrelevant) out_[std::string(key)] = value;
  }

  Json& out_;
};

std::string as_yaml(const Json& value) {
  std::string text;
  if (value.is_string()) return yaml_text(value.get<std::string>());
  if (value.is_number_float()) return fmt::format("{}", value.get<double>());
  if (value.is_array()) {
    for (const Json& item : value) text += (text.empty() ? "" : ", ") + as_yaml(item);
    return "[" + text + "]";
  }
  if (value.is_object()) {
    for (const auto& [key, item] : value.items()) {
      text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", yaml_text(key), as_yaml(item));
    }
    return "{" + text + "}";
  }
  return value.dump();
}

std::string variable_name(const std::string& dotted) {
  std::string name = "TWIN_";
  for (const char c : dotted) {
    name += c == '.' || c == '-' ? '_' : text::ascii_upper(c);
  }
  return name;
}

}  // namespace

Layer environment_layer(const std::function<void(Binder&)>& bind) {
  Layer layer;
  layer.origin = "environment";
  const Walker::Visit visit = [&](const std::string& key, const Json&, std::string_view, const Rule&) {
    const std::string name = variable_name(key);
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return;
    layer.values[key] = value;
    layer.origins[key] = "environment " + name;
  };
  Walker walker("", visit);
  bind(walker);
  return layer;
}

std::vector<ResolvedValue> resolved(const std::function<void(Binder&)>& bind, const Origins& origins) {
  std::vector<ResolvedValue> values;
  const Walker::Visit visit = [&](const std::string& key, const Json& value, std::string_view doc, const Rule& rule) {
    const bool hidden = rule.secret && !(value.is_string() && value.get_ref<const std::string&>().empty());
    const auto origin = origins.find(key);
    values.push_back({key, hidden ? std::string(kSecretShown) : as_yaml(value),
                      origin == origins.end() ? "default" : origin->second, std::string(doc)});
  };
  Walker walker("", visit);
  bind(walker);
  return values;
}

Json canonical(const std::function<void(Binder&)>& bind) {
  Json json = Json::object();
  Canonical visitor(json);
  bind(visitor);
  return json;
}

}  // namespace twin::config
