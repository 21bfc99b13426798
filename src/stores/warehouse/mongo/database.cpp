#include "stores/warehouse/mongo/database.h"

#include <algorithm>
#include <array>
#include <thread>

#include "core/i18n.h"

namespace twin::stores::mongo {
namespace {

constexpr std::int64_t kPage = 1000;  // documents of a page of each()
constexpr Millis kFirstPause{100};
constexpr Millis kLongestPause{2'000};

// Codes of the server (its error_codes.yml).
constexpr std::uint32_t kDuplicateKey = 11000;
constexpr std::uint32_t kIndexOptionsConflict = 85;
constexpr std::uint32_t kIndexKeySpecsConflict = 86;
constexpr std::uint32_t kUnauthorized = 13;
constexpr std::uint32_t kAuthenticationFailed = 18;
/// Host unreachable or not found, network timeout, shutdown, primary stepped down, not primary, interrupted.
constexpr std::array<std::uint32_t, 12> kPassing = {6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436};

bool passing(const bson_error_t& error) {
  if (error.domain == MONGOC_ERROR_STREAM || error.domain == MONGOC_ERROR_SERVER_SELECTION) return true;
  const bool server = error.domain == MONGOC_ERROR_SERVER || error.domain == MONGOC_ERROR_WRITE_CONCERN;
  return server && std::find(kPassing.begin(), kPassing.end(), error.code) != kPassing.end();
}

bool refused_user(const bson_error_t& error) {
  if (error.domain == MONGOC_ERROR_CLIENT && error.code == MONGOC_ERROR_CLIENT_AUTHENTICATE) return true;
  return error.domain == MONGOC_ERROR_SERVER && (error.code == kUnauthorized || error.code == kAuthenticationFailed);
}

void replace_all(std::string& text, const std::string& what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

/// A reply that is freed at the end of scope.
struct Reply {
  Reply() { bson_init(&bson); }
  ~Reply() { bson_destroy(&bson); }
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;
  /// For functions that fill an uninitialized reply.
  bson_t* fresh() {
    bson_destroy(&bson);
    return &bson;
  }
  [[nodiscard]] std::int64_t number(const char* key) const { return View(&bson).integer(key); }
  bson_t bson;
};

struct Collection {
  Collection(mongoc_client_t* client, const MongoOptions& options, const char* name)
      : collection(mongoc_client_get_collection(client, options.database.c_str(), name)) {}
  ~Collection() { mongoc_collection_destroy(collection); }
  Collection(const Collection&) = delete;
  Collection& operator=(const Collection&) = delete;
  mongoc_collection_t* collection;
};

struct Cursor {
  explicit Cursor(mongoc_cursor_t* made) : cursor(made) {}
  ~Cursor() { mongoc_cursor_destroy(cursor); }
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  /// All documents, or nothing with `error` set.
  std::optional<std::vector<Bson>> all(bson_error_t& error) const {
    std::vector<Bson> found;
    const bson_t* document = nullptr;
    while (mongoc_cursor_next(cursor, &document)) found.emplace_back(document);
    if (mongoc_cursor_error(cursor, &error)) return std::nullopt;
    return found;
  }
  mongoc_cursor_t* cursor;
};

/// Whether every error of a bulk reply is a duplicate key.
bool only_duplicates(const bson_t& reply) {
  const View view(&reply);
  const auto errors = view.children("writeErrors");
  return !errors.empty() && view.children("writeConcernErrors").empty() &&
         std::all_of(errors.begin(), errors.end(), [](const View& e) { return e.integer("code") == kDuplicateKey; });
}

/// The library's own log would go to stderr, past Twin's.
void quiet(mongoc_log_level_t /*level*/, const char* /*domain*/, const char* /*message*/, void* /*user*/) {}

void start_library() {
  static const bool started = [] {
    mongoc_init();
    mongoc_log_set_handler(quiet, nullptr);
    return true;
  }();
  static_cast<void>(started);
}

}  // namespace

struct Database::Lease {
  explicit Lease(mongoc_client_pool_t* from) : pool(from), client(mongoc_client_pool_pop(from)) {}
  ~Lease() { mongoc_client_pool_push(pool, client); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  mongoc_client_pool_t* pool;
  mongoc_client_t* client;
};

Database::Database(const MongoOptions& options) : options_(options) {
  start_library();
  bson_error_t error{};
  const std::unique_ptr<mongoc_uri_t, decltype(&mongoc_uri_destroy)> uri(
      mongoc_uri_new_with_error(options.uri.c_str(), &error), &mongoc_uri_destroy);
  if (!uri) {
    throw Fatal(ErrorKind::usage, tr("Not the address of a MongoDB: {}", error.message), "warehouse.uri",
                tr("write mongodb://host/database, or leave it empty for SQLite"));
  }
  if (!options.password.empty()) mongoc_uri_set_password(uri.get(), options.password.c_str());
  const auto milliseconds = [&](const char* option, Millis value) {
    if (!mongoc_uri_has_option(uri.get(), option)) {
      mongoc_uri_set_option_as_int32(uri.get(), option, static_cast<std::int32_t>(value.count()));
    }
  };
  milliseconds(MONGOC_URI_CONNECTTIMEOUTMS, options.connect);
  milliseconds(MONGOC_URI_SERVERSELECTIONTIMEOUTMS, options.selection);
  milliseconds(MONGOC_URI_SOCKETTIMEOUTMS, options.request);
  // Requests are retried here, alike on servers with and without sessions.
  mongoc_uri_set_option_as_bool(uri.get(), MONGOC_URI_RETRYWRITES, false);
  mongoc_uri_set_appname(uri.get(), "twin");
  if (!mongoc_uri_has_option(uri.get(), MONGOC_URI_W)) {
    // What is told as written survives the loss of a server; a single server takes it as its own acknowledgement.
    const std::unique_ptr<mongoc_write_concern_t, decltype(&mongoc_write_concern_destroy)> majority(
        mongoc_write_concern_new(), &mongoc_write_concern_destroy);
    mongoc_write_concern_set_wmajority(majority.get(), static_cast<std::int32_t>(options.request.count()));
    mongoc_uri_set_write_concern(uri.get(), majority.get());
  }

  pool_.reset(mongoc_client_pool_new(uri.get()));
  if (!pool_) {
    throw Fatal(ErrorKind::usage, tr("Not the address of a MongoDB: {}", options.location), "warehouse.uri",
                tr("write mongodb://host/database, or leave it empty for SQLite"));
  }
  mongoc_client_pool_set_error_api(pool_.get(), MONGOC_ERROR_API_VERSION_2);
  static_cast<void>(command(bson("ping", 1)));
}

Database::~Database() = default;

Fatal Database::failure(const bson_error_t& error) const {
  std::string message = error.message;
  if (!options_.password.empty()) replace_all(message, options_.password, "***");
  if (refused_user(error)) {
    return {ErrorKind::usage, tr("MongoDB refused the user: {}", message), location(),
            tr("check the user in warehouse.uri and the secret MONGODB_PASSWORD")};
  }
  if (passing(error)) {
    return {ErrorKind::network, tr("MongoDB does not answer: {}", message), location(),
            tr("check warehouse.uri and that the server runs, then run the same command again: it goes on where it "
               "stopped")};
  }
  return {ErrorKind::io, tr("MongoDB refused a request: {}", message), location(), {}};
}

/// `body(client, error)` returns an optional; empty means failed.
template <class Body>
auto Database::attempt(Body body) {
  const auto end = std::chrono::steady_clock::now() + options_.retry;
  for (Millis pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    bson_error_t error{};
    {
      const Lease lease(pool_.get());
      if (auto done = body(lease.client, error)) return *std::move(done);
    }
    if (!passing(error) || std::chrono::steady_clock::now() + pause > end) throw failure(error);
    std::this_thread::sleep_for(pause);
  }
}

std::optional<Bson> Database::find_one(const char* collection, const Bson& filter, const Bson& options) {
  Bson one(options.get());
  one.add("limit", std::int64_t{1});
  auto found = find(collection, filter, one);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<Bson> Database::find(const char* collection, const Bson& filter, const Bson& options) {
  return attempt([&](mongoc_client_t* client, bson_error_t& error) {
    const Collection from(client, options_, collection);
    const Cursor cursor(
        mongoc_collection_find_with_opts(from.collection, filter.get(), options.get(), /*read_prefs=*/nullptr));
    return cursor.all(error);
  });
}

void Database::each(const char* collection, const Bson& filter, const Bson& projection, const std::string& after_id,
                    const std::function<bool(View)>& visit) {
  Bson options = bson("sort", bson("_id", 1), "limit", kPage);
  if (!projection.empty()) options.add("projection", projection);
  std::string last = after_id;
  for (;;) {
    Bson page(filter.get());
    if (!last.empty()) page.add("_id", bson("$gt", last));
    const auto found = find(collection, page, options);
    for (const Bson& document : found) {
      if (!visit(document)) return;
    }
    if (found.size() < static_cast<std::size_t>(kPage)) return;
    last = View(found.back()).text("_id");
  }
}

bool Database::insert(const char* collection, const Bson& document) {
  return attempt([&](mongoc_client_t* client, bson_error_t& error) -> std::optional<bool> {
    const Collection into(client, options_, collection);
    if (mongoc_collection_insert_one(into.collection, document.get(), nullptr, nullptr, &error)) return true;
    if (error.code == kDuplicateKey) return false;
    return std::nullopt;
  });
}

std::int64_t Database::insert_missing(const char* collection, const std::vector<Bson>& documents) {
  if (documents.empty()) return 0;
  std::vector<const bson_t*> pointers;
  pointers.reserve(documents.size());
  for (const Bson& document : documents) pointers.push_back(document.get());
  const Bson unordered = bson("ordered", false);
  return attempt([&](mongoc_client_t* client, bson_error_t& error) -> std::optional<std::int64_t> {
    const Collection into(client, options_, collection);
    Reply reply;
    const bool done = mongoc_collection_insert_many(into.collection, pointers.data(), pointers.size(), unordered.get(),
                                                    reply.fresh(), &error);
    if (!done && !only_duplicates(reply.bson)) return std::nullopt;
    return static_cast<std::int64_t>(documents.size()) - reply.number("insertedCount");
  });
}

std::int64_t Database::update(const char* collection, const Bson& filter, const Bson& update, bool upsert) {
  const Bson options = bson("upsert", upsert);
  return attempt([&](mongoc_client_t* client, bson_error_t& error) -> std::optional<std::int64_t> {
    const Collection in(client, options_, collection);
    Reply reply;
    if (!mongoc_collection_update_one(in.collection, filter.get(), update.get(), options.get(), reply.fresh(),
                                      &error)) {
      if (error.code == kDuplicateKey) return 0;
      return std::nullopt;
    }
    return reply.number("matchedCount") + reply.number("upsertedCount");
  });
}

std::int64_t Database::replace(const char* collection, const Bson& filter, const Bson& document, bool upsert) {
  const Bson options = bson("upsert", upsert);
  return attempt([&](mongoc_client_t* client, bson_error_t& error) -> std::optional<std::int64_t> {
    const Collection in(client, options_, collection);
    Reply reply;
    if (!mongoc_collection_replace_one(in.collection, filter.get(), document.get(), options.get(), reply.fresh(),
                                       &error)) {
      if (error.code == kDuplicateKey) return 0;
      return std::nullopt;
    }
    return reply.number("matchedCount") + reply.number("upsertedCount");
  });
}

std::int64_t Database::remove(const char* collection, const Bson& filter) {
  return attempt([&](mongoc_client_t* client, bson_error_t& error) -> std::optional<std::int64_t> {
    const Collection from(client, options_, collection);
    Reply reply;
    if (!mongoc_collection_delete_many(from.collection, filter.get(), nullptr, reply.fresh(), &error)) {
      return std::nullopt;
    }
    return reply.number("deletedCount");
  });
}

std::int64_t Database::count(const char* collection, const Bson& filter) {
  return attempt([&](mongoc_client_t* client, bson_error_t& error) -> std::optional<std::int64_t> {
    const Collection in(client, options_, collection);
    const std::int64_t found =
        mongoc_collection_count_documents(in.collection, filter.get(), nullptr, nullptr, nullptr, &error);
    if (found < 0) return std::nullopt;
    return found;
  });
}

std::vector<Bson> Database::aggregate(const char* collection, const Bson& pipeline) {
  return attempt([&](mongoc_client_t* client, bson_error_t& error) {
    const Collection in(client, options_, collection);
    const Cursor cursor(
        mongoc_collection_aggregate(in.collection, MONGOC_QUERY_NONE, pipeline.get(), nullptr, nullptr));
    return cursor.all(error);
  });
}

Bson Database::command(const Bson& command) {
  return attempt([&](mongoc_client_t* client, bson_error_t& error) -> std::optional<Bson> {
    Reply reply;
    if (!mongoc_client_command_simple(client, options_.database.c_str(), command.get(), nullptr, reply.fresh(),
                                      &error)) {
      return std::nullopt;
    }
    return Bson(&reply.bson);
  });
}

void Database::ensure_index(const char* collection, const char* name, const Bson& keys, bool unique) {
  std::vector<Bson> indexes;
  indexes.push_back(bson("key", keys, "name", name, "unique", unique));
  const Bson create = bson("createIndexes", collection, "indexes", indexes);
  attempt([&](mongoc_client_t* client, bson_error_t& error) -> std::optional<bool> {
    if (mongoc_client_write_command_with_opts(client, options_.database.c_str(), create.get(), nullptr, nullptr,
                                              &error)) {
      return true;
    }
    // One with the same keys and another name or options: an administrator's, which serves as well.
    if (error.code == kIndexOptionsConflict || error.code == kIndexKeySpecsConflict) return true;
    return std::nullopt;
  });
}

}  // namespace twin::stores::mongo
