// Configuration: every component owns a plain struct with defaults and one bind() that names its keys:
//
//   struct ChunkConfig {
//     int max_tokens = 200;
//     void bind(config::Binder& b) {
//       b.field("max_tokens", max_tokens, "Largest chunk, in tokens of the embedding model", {.min = 16, .max = 8192});
//     }
//   };
//
// The same bind() reads YAML over the defaults, reports unknown keys and wrong types with file and line, prints the
// resolved values with their origin, and gives the canonical JSON that goes into a step's cache key.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"

namespace twin::config {

/// What a value must satisfy besides its type.
struct Rule {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  std::vector<std::string> one_of;  ///< for strings
  bool required = false;            ///< a string or list that must not stay empty
  bool path = false;                ///< a relative path is taken relative to the file that names it
  bool exists = false;              ///< a path that must be reachable
  bool secret = false;              ///< printed as "…", left out of cache keys
  bool key_irrelevant = false;      ///< does not change results (ports, threads of a server): left out of cache keys
  /// For texts: what is wrong with one, in words (a broken regular expression …), or nothing.
  std::function<std::string(const std::string& text)> check = {};
};

/// Visits the keys of a config struct. The concrete visitors are below.
class Binder {
 public:
  virtual ~Binder() = default;
  virtual void field(std::string_view key, bool& value, std::string_view doc, const Rule& rule = {}) = 0;
  virtual void field(std::string_view key, int& value, std::string_view doc, const Rule& rule = {}) = 0;
  virtual void field(std::string_view key, std::int64_t& value, std::string_view doc, const Rule& rule = {}) = 0;
  virtual void field(std::string_view key, double& value, std::string_view doc, const Rule& rule = {}) = 0;
  virtual void field(std::string_view key, std::string& value, std::string_view doc, const Rule& rule = {}) = 0;
  virtual void field(std::string_view key, std::vector<std::string>& value, std::string_view doc,
                     const Rule& rule = {}) = 0;
  virtual void field(std::string_view key, std::map<std::string, std::string>& value, std::string_view doc,
                     const Rule& rule = {}) = 0;

  /// A nested struct with a bind() of its own.
  template <class T>
  void group(std::string_view key, T& value, std::string_view doc) {
    group_with(key, doc, [&](Binder& inner) { value.bind(inner); });
  }
  /// A list of structs. Reading replaces the whole list.
  template <class T>
  void list(std::string_view key, std::vector<T>& values, std::string_view doc) {
    list_with(
        key, doc, values.size(), [&](std::size_t n) { values.assign(n, T{}); },
        [&](std::size_t i, Binder& inner) { values[i].bind(inner); });
  }

  virtual void group_with(std::string_view key, std::string_view doc, const std::function<void(Binder&)>& bind) = 0;
  virtual void list_with(std::string_view key, std::string_view doc, std::size_t size,
                         const std::function<void(std::size_t)>& resize,
                         const std::function<void(std::size_t, Binder&)>& bind) = 0;
};

/// Where a resolved value came from, by dotted key (items of a list by number: "sources.0.path"): "default",
/// "twin.yaml:12", "environment TWIN_SERVE_PORT", "--set".
using Origins = std::map<std::string, std::string>;

/// Limits for foreign YAML (aliases can make a small file huge).
struct YamlLimits {
  std::uint64_t max_bytes = 4 << 20;
  int max_depth = 32;
  std::uint64_t max_nodes = 100'000;  ///< after expanding aliases
};

/// One layer laid over the struct by read(): a YAML file, or single values.
struct Layer {
  std::filesystem::path file;                  ///< a YAML file, or
  std::map<std::string, std::string> values;   ///< dotted key → scalar YAML text
  std::string origin;                          ///< for values: how it is shown
  std::map<std::string, std::string> origins;  ///< dotted key → origin of that value, where it has one of its own
};

/// Applies layers in order through `bind`. Which keys a group knows may depend on a key that it bound before (a
/// source's `type`): unknown keys are reported after the group's bind(). A relative path (Rule::path) is taken relative
/// to the folder of its YAML file, or the current folder for a single value. All errors are collected: unknown keys
/// (with the nearest known key as hint), wrong types, values out of range, unreachable paths; each with
/// file:line:column.
[[nodiscard]] std::vector<Error> read(const std::vector<Layer>& layers, const std::function<void(Binder&)>& bind,
                                      Origins* origins = nullptr, const YamlLimits& limits = {});

/// The environment variables TWIN_<KEY>_<KEY> that name a key of the struct as it is now, as a layer.
[[nodiscard]] Layer environment_layer(const std::function<void(Binder&)>& bind);

struct ResolvedValue {
  std::string key;    ///< dotted
  std::string value;  ///< as YAML
  std::string origin;
  std::string doc;
};
[[nodiscard]] std::vector<ResolvedValue> resolved(const std::function<void(Binder&)>& bind, const Origins& origins);

/// Every value that can change a result, as JSON with keys in order of binding; input of cache keys.
[[nodiscard]] Json canonical(const std::function<void(Binder&)>& bind);
/// (The second parameter keeps Json incomplete in this header.)
template <class T, class J = Json>
[[nodiscard]] J canonical(T& config) {
  return canonical([&](Binder& b) { config.bind(b); });
}

}  // namespace twin::config
