// The collection behind an index's name: made, filled with its meta point, switched to, tidied.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "stores/index/qdrant/client.h"
#include "stores/index/qdrant/points.h"

namespace twin::stores::qdrant {

/// The name of an index is an alias of the collection "NAME.vN" that serves. Thread-safe.
class Collection {
 public:
  /// `version`: the collection itself, which stays the same when the alias moves; empty: what the alias names.
  Collection(const Client& client, std::string name, std::string version = {});

  /// "/collections/NAME" and what follows.
  [[nodiscard]] std::string path(const std::string& rest) const;
  /// nullopt: there is no such index yet. Throws Fatal when the name is taken by something else.
  [[nodiscard]] std::optional<Meta> meta() const;
  void write(const Meta& meta) const;
  /// Makes the next collection with this meta point, lets the alias name it instead of the present one (one request,
  /// which Qdrant carries out as a whole), then drops the present one and what a crash left of earlier ones. From then
  /// on this is the collection that the alias names.
  void switch_to(const Meta& meta);

  /// The collection that the alias names; empty: there is no such index yet.
  [[nodiscard]] std::string serving() const;
  /// Collections of this index, in the order in which they were made.
  [[nodiscard]] std::vector<std::string> versions() const;
  /// Makes one more, with this meta point, that no reader gets. Its name.
  [[nodiscard]] std::string add(const Meta& meta) const;
  /// Lets the alias name this one, in one request.
  void point_to(const std::string& collection) const;
  void drop(const std::string& collection) const;

  /// The payload of one point by its id; nullopt: none. `fields`: JSON list of those wanted.
  [[nodiscard]] std::optional<Json> payload(const std::string& point, const Json& fields) const;

 private:
  void create(const std::string& collection, const Meta& meta) const;
  [[nodiscard]] int number_of(const std::string& collection) const;

  const Client& client_;
  std::string name_, version_;
  std::atomic<bool> by_alias_;
};

/// A condition of a filter: {"key": …, "match": …}.
[[nodiscard]] Json matches(const std::string& key, const std::string& value);
[[nodiscard]] Json matches_any(const std::string& key, const std::vector<std::string>& values);

}  // namespace twin::stores::qdrant
