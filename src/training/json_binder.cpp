#include "training/json_binder.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/i18n.h"

namespace twin::training {
namespace {

class Writer final : public config::Binder {
 public:
  void field(std::string_view key, bool& v, std::string_view, const config::Rule&) override { put(key, v); }
  void field(std::string_view key, int& v, std::string_view, const config::Rule&) override { put(key, v); }
  void field(std::string_view key, std::int64_t& v, std::string_view, const config::Rule&) override { put(key, v); }
  void field(std::string_view key, double& v, std::string_view, const config::Rule&) override { put(key, v); }
  void field(std::string_view key, std::string& v, std::string_view, const config::Rule&) override { put(key, v); }
  void field(std::string_view key, std::vector<std::string>& v, std::string_view, const config::Rule&) override {
    put(key, v);
  }
  void field(std::string_view key, std::map<std::string, std::string>& v, std::string_view,
             const config::Rule&) override {
    put(key, v);
  }
  void group_with(std::string_view key, std::string_view, const std::function<void(Binder&)>& bind) override {
    Writer inner;
    bind(inner);
    json[std::string(key)] = std::move(inner.json);
  }
  void list_with(std::string_view key, std::string_view, std::size_t size, const std::function<void(std::size_t)>&,
                 const std::function<void(std::size_t, Binder&)>& bind) override {
    Json list = Json::array();
    for (std::size_t i = 0; i < size; ++i) {
      Writer inner;
      bind(i, inner);
      list.push_back(std::move(inner.json));
    }
    json[std::string(key)] = std::move(list);
  }

  Json json = Json::object();

 private:
  template <class T>
  void put(std::string_view key, const T& value) {
    json[std::string(key)] = value;
  }
};

class Reader final : public config::Binder {
 public:
  Reader(const Json& json, std::string path) : json_(json), path_(std::move(path)) {
    if (!json.is_object()) throw Fatal(ErrorKind::usage, tr("An object is expected"), path_);
  }

  void field(std::string_view key, bool& v, std::string_view, const config::Rule&) override {
    if (const Json* j = find(key)) v = check(key, j->is_boolean(), "true or false"), v = j->get<bool>();
  }
  void field(std::string_view key, int& v, std::string_view, const config::Rule& rule) override {
    std::int64_t wide = v;
    field(key, wide, {}, rule);
    check(key, wide >= INT32_MIN && wide <= INT32_MAX, "a smaller number");
    v = static_cast<int>(wide);
  }
  void field(std::string_view key, std::int64_t& v, std::string_view, const config::Rule& rule) override {
    const Json* j = find(key);
    if (!j) return;
    check(key, j->is_number_integer(), "a whole number");
    v = j->get<std::int64_t>();
    in_range(key, static_cast<double>(v), rule);
  }
  void field(std::string_view key, double& v, std::string_view, const config::Rule& rule) override {
    const Json* j = find(key);
    if (!j) return;
    check(key, j->is_number(), "a number");
    v = j->get<double>();
    in_range(key, v, rule);
  }
  void field(std::string_view key, std::string& v, std::string_view, const config::Rule& rule) override {
    const Json* j = find(key);
    if (!j) return;
    check(key, j->is_string(), "a text");
    v = j->get<std::string>();
    one_of(key, v, rule);
  }
  void field(std::string_view key, std::vector<std::string>& v, std::string_view, const config::Rule& rule) override {
    const Json* j = find(key);
    if (!j) return;
    check(key, j->is_array() && std::all_of(j->begin(), j->end(), [](const Json& e) { return e.is_string(); }),
          "a list of texts");
    v = j->get<std::vector<std::string>>();
    check(key, !rule.required || !v.empty(), "a list that is not empty");
    for (const auto& text : v) one_of(key, text, rule);
  }
  void field(std::string_view key, std::map<std::string, std::string>& v, std::string_view,
             const config::Rule&) override {
    const Json* j = find(key);
    if (!j) return;
    check(key, j->is_object(), "an object of texts");
    v.clear();
    for (const auto& [name, value] : j->items()) {
      check(key, value.is_string(), "an object of texts");
      v[name] = value.get<std::string>();
    }
  }
  void group_with(std::string_view key, std::string_view, const std::function<void(Binder&)>& bind) override {
    const Json* j = find(key);
    if (!j) return;
    Reader inner(*j, at(key));
    bind(inner);
    inner.finish();
  }
  void list_with(std::string_view key, std::string_view, std::size_t, const std::function<void(std::size_t)>& resize,
                 const std::function<void(std::size_t, Binder&)>& bind) override {
    const Json* j = find(key);
    if (!j) return;
    check(key, j->is_array(), "a list");
    resize(j->size());
    for (std::size_t i = 0; i < j->size(); ++i) {
      Reader inner((*j)[i], at(key) + "." + std::to_string(i));
      bind(i, inner);
      inner.finish();
    }
  }
  /// Whatever key was not asked for is unknown.
  void finish() const {
    for (const auto& [name, value] : json_.items()) {
      if (!known_.contains(name)) throw Fatal(ErrorKind::usage, tr("Unknown key"), at(name));
    }
  }

 private:
  const Json* find(std::string_view key) {
    known_.emplace(key);
    const auto it = json_.find(std::string(key));
    return it == json_.end() ? nullptr : &*it;
  }
  [[nodiscard]] std::string at(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  }
  bool check(std::string_view key, bool ok, std::string_view expected) const {
    if (!ok) throw Fatal(ErrorKind::usage, tr("Wrong value, expected {}", expected), at(key));
    return ok;
  }
  void in_range(std::string_view key, double value, const config::Rule& rule) const {
    if (value >= rule.min && value <= rule.max) return;
    throw Fatal(ErrorKind::usage, tr("{} is not between {} and {}", value, rule.min, rule.max), at(key));
  }
  void one_of(std::string_view key, const std::string& value, const config::Rule& rule) const {
    if (rule.one_of.empty() || std::count(rule.one_of.begin(), rule.one_of.end(), value) > 0) return;
    throw Fatal(ErrorKind::usage, tr("'{}' is none of: {}", value, fmt::join(rule.one_of, ", ")), at(key));
  }

  const Json& json_;
  std::string path_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace

Json bound_to_json(const std::function<void(config::Binder&)>& bind) {
  Writer writer;
  bind(writer);
  return std::move(writer.json);
}

Result<void> bound_from_json(const Json& json, const std::string& path,
                             const std::function<void(config::Binder&)>& bind) {
  try {
    Reader reader(json, path);
    bind(reader);
    reader.finish();
    return {};
  } catch (const Fatal& fatal) {
    return tl::unexpected<Error>(fatal.error());
  }
}

}  // namespace twin::training
