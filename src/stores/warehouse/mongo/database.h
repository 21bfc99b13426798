// One MongoDB database: requests with retries, and errors in Twin's words.
#pragma once

#include <mongoc/mongoc.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stores/warehouse/mongo/bson.h"
#include "stores/warehouse/mongo_module.h"

namespace twin::stores::mongo {

/// Thread-safe. A request that the network lost is sent again, with growing pauses, for as long as MongoOptions::retry
/// says; it may have been carried out the first time, so every caller must bear that. Everything else that fails, and
/// what is still failing then, is Fatal.
class Database {
 public:
  explicit Database(const MongoOptions& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] std::optional<Bson> find_one(const char* collection, const Bson& filter, const Bson& options = {});
  /// All that match, in memory: for bounded questions (`$in` of a batch, `limit`).
  [[nodiscard]] std::vector<Bson> find(const char* collection, const Bson& filter, const Bson& options = {});
  /// Everything that matches in order of _id (a text), a page at a time: no cursor is kept on the server, so the
  /// visitor may take its time. `filter` must say nothing of _id. Return false to stop.
  void each(const char* collection, const Bson& filter, const Bson& projection, const std::string& after_id,
            const std::function<bool(View)>& visit);

  /// False when the _id, or another unique key, is there already.
  [[nodiscard]] bool insert(const char* collection, const Bson& document);
  /// Inserts those whose _id is not there. Returns how many were there.
  std::int64_t insert_missing(const char* collection, const std::vector<Bson>& documents);
  /// Changes the first that matches; returns how many matched (0 or 1; an upsert counts as 1). A duplicate key on an
  /// upsert counts as 0.
  std::int64_t update(const char* collection, const Bson& filter, const Bson& update, bool upsert = false);
  std::int64_t replace(const char* collection, const Bson& filter, const Bson& document, bool upsert = false);
  std::int64_t remove(const char* collection, const Bson& filter);
  [[nodiscard]] std::int64_t count(const char* collection, const Bson& filter);
  /// The results of a pipeline of a few documents.
  [[nodiscard]] std::vector<Bson> aggregate(const char* collection, const Bson& pipeline);
  [[nodiscard]] Bson command(const Bson& command);

  /// Makes the index if it is not there; an equal one is left alone.
  void ensure_index(const char* collection, const char* name, const Bson& keys, bool unique = false);

  [[nodiscard]] const std::string& location() const { return options_.location; }

 private:
  struct Lease;
  template <class Body>
  auto attempt(Body body);
  [[nodiscard]] Fatal failure(const bson_error_t& error) const;

  struct PoolDeleter {
    void operator()(mongoc_client_pool_t* pool) const { mongoc_client_pool_destroy(pool); }
  };
  MongoOptions options_;
  std::unique_ptr<mongoc_client_pool_t, PoolDeleter> pool_;
};

}  // namespace twin::stores::mongo
