// The collection behind an index's name: made, filled with its meta point, switched to, tidied.
#pragma once

#include <optional>
#include <string>

#include "stores/index/qdrant/client.h"
#include "stores/index/qdrant/points.h"

namespace twin::stores::qdrant {

/// The name of an index is an alias of the collection "NAME.vN". Thread-safe.
class Collection {
 public:
  Collection(const Client& client, std::string name);

  /// "/collections/NAME" and what follows, by the alias.
  [[nodiscard]] std::string path(const std::string& rest) const;
  /// nullopt: there is no such index yet. Throws Fatal when the name is taken by something else.
  [[nodiscard]] std::optional<Meta> meta() const;
  /// Makes the next collection with this meta point, lets the alias name it instead of the present one (one request,
  /// which Qdrant carries out as a whole), then drops the present one and what a crash left of earlier ones.
  void switch_to(const Meta& meta) const;

  /// The payload of one point by its id; nullopt: none. `fields`: JSON list of those wanted.
  [[nodiscard]] std::optional<Json> payload(const std::string& point, const Json& fields) const;

 private:
  void create(const std::string& collection, const Meta& meta) const;
  /// The number of the collection that the alias names; 0: no alias.
  [[nodiscard]] int version() const;
  [[nodiscard]] int number_of(const std::string& collection) const;

  const Client& client_;
  std::string name_;
};

/// A condition of a filter: {"key": …, "match": …}.
[[nodiscard]] Json matches(const std::string& key, const std::string& value);
[[nodiscard]] Json matches_any(const std::string& key, const std::vector<std::string>& values);

}  // namespace twin::stores::qdrant
