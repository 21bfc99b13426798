// Users and the names they are known by.
//
//   users       {_id, name}
//   user_names  {_id: folded name, user, position, name}: the unique _id is what gives each name to one person
//   locks       {_id: "users", holder, until}: puts those who bring new names one after the other
//
// A name is claimed before the user of a new id is written, so a crash in between leaves no user without a name;
// whoever asks for the name next writes the user.
#include <algorithm>
#include <map>
#include <thread>

#include "core/hash.h"
#include "core/i18n.h"
#include "stores/warehouse/mongo/mongo_warehouse.h"
#include "stores/warehouse/names.h"

namespace twin::stores::mongo {
namespace {

constexpr const char* kUsers = "users";
constexpr const char* kNames = "user_names";
constexpr const char* kLocks = "locks";
constexpr Millis kLease{10'000};  // far longer than the few requests made under it
constexpr Millis kPause{15};

/// Order among machines for new names. Were it to fail (a clock is wrong, a holder stands still for longer than the
/// lease), one person might get two users; a name still never belongs to both.
class NamingLock {
 public:
  explicit NamingLock(Database& database) : database_(database), holder_(random_id("lock")) {
    while (!take()) std::this_thread::sleep_for(kPause);
  }
  ~NamingLock() {
    try {
      database_.remove(kLocks, bson("_id", kUsers, "holder", holder_));
    } catch (const std::exception&) {
      // It runs out by itself.
    }
  }
  NamingLock(const NamingLock&) = delete;
  NamingLock& operator=(const NamingLock&) = delete;

 private:
  bool take() {
    const UnixMillis now = system_clock().now();
    const Bson free = bson("_id", kUsers, "until", bson("$lt", Date{now}));
    const Bson mine = bson("$set", bson("holder", holder_, "until", Date{now + kLease.count()}));
    if (database_.update(kLocks, free, mine, /*upsert=*/true) > 0) return true;
    // Ours, when the answer was lost on the way.
    return database_.find_one(kLocks, bson("_id", kUsers, "holder", holder_)).has_value();
  }

  Database& database_;
  std::string holder_;
};

std::vector<std::string> keys_of(const std::vector<std::string>& names) {
  std::vector<std::string> keys;
  keys.reserve(names.size());
  for (const auto& name : names) keys.push_back(name_key(name));
  return keys;
}

/// Owner by folded name.
std::map<std::string, std::string> owners(Database& database, const std::vector<std::string>& keys) {
  std::map<std::string, std::string> found;
  for (const Bson& row : database.find(kNames, bson("_id", bson("$in", keys)))) {
    found[View(row).text("_id")] = View(row).text("user");
  }
  return found;
}

struct Name {
  std::int64_t position = 0;
  std::string key, name;
  bool operator<(const Name& other) const { return std::tie(position, key) < std::tie(other.position, other.key); }
};

std::vector<Name> names_in_order(Database& database, const std::string& user) {
  std::vector<Name> names;
  for (const Bson& row : database.find(kNames, bson("user", user))) {
    const View view(row);
    names.push_back({view.integer("position"), view.text("_id"), view.text("name")});
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<User> load(Database& database, const std::string& id) {
  const auto row = database.find_one(kUsers, bson("_id", id));
  if (!row) return std::nullopt;
  User user{id, View(*row).text("name"), {}};
  for (const Name& name : names_in_order(database, id)) {
    if (name.position > 0) user.aliases.push_back(name.name);
  }
  return user;
}

bool claim(Database& database, const std::string& key, const std::string& user, std::int64_t position,
           const std::string& name) {
  return database.insert(kNames, bson("_id", key, "user", user, "position", position, "name", name));
}

}  // namespace

User MongoWarehouse::get_or_create_user(const std::string& name, const std::vector<std::string>& aliases) {
  const auto names = names_of(name, aliases);
  if (names.empty()) throw Fatal(ErrorKind::invalid, tr("A user needs a name"));
  const auto keys = keys_of(names);
  // Mostly all names are known, which takes no lock.
  if (const auto owned = owners(database_, keys); owned.size() == keys.size()) {
    if (auto user = load(database_, owned.at(keys.front()))) return *std::move(user);
  }
  const NamingLock lock(database_);
  const auto owned = owners(database_, keys);
  std::string id;
  for (auto key = keys.begin(); key != keys.end() && id.empty(); ++key) {
    if (const auto it = owned.find(*key); it != owned.end()) id = it->second;
  }
  const bool fresh = id.empty();
  if (fresh) id = stable_id("user", {keys.front()});
  const auto known = names_in_order(database_, id);
  std::int64_t position = known.empty() ? 0 : known.back().position + 1;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!owned.contains(keys[i]) && claim(database_, keys[i], id, position, names[i])) ++position;
    if (i == 0) {
      const std::string& main = known.empty() ? names.front() : known.front().name;
      database_.update(kUsers, bson("_id", id), bson("$setOnInsert", bson("name", main)), /*upsert=*/true);
    }
  }
  if (auto user = load(database_, id)) return *std::move(user);
  throw Fatal(ErrorKind::internal, "a user that was just written is gone", id);
}

std::optional<User> MongoWarehouse::user(const std::string& id) {
  return load(database_, id);
}

std::vector<User> MongoWarehouse::users() {
  std::map<std::string, std::vector<Name>> names;
  database_.each(kNames, {}, {}, {}, [&](View row) {
    names[row.text("user")].push_back({row.integer("position"), row.text("_id"), row.text("name")});
    return true;
  });
  std::vector<User> users;
  database_.each(kUsers, {}, {}, {}, [&](View row) {
    User user{row.text("_id"), row.text("name"), {}};
    auto& own = names[user.id];
    std::sort(own.begin(), own.end());
    for (const Name& name : own) {
      if (name.position > 0) user.aliases.push_back(name.name);
    }
    users.push_back(std::move(user));
    return true;
  });
  return users;
}

void MongoWarehouse::restore_user(const User& user) {
  const auto names = names_of(user.name, user.aliases);
  if (user.id.empty() || names.empty()) throw Fatal(ErrorKind::invalid, tr("A user needs a name"), user.id);
  const auto keys = keys_of(names);
  const NamingLock lock(database_);
  std::int64_t position = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    // A name of another user is not changed: the upsert meets their row.
    position += database_.update(kNames, bson("_id", keys[i], "user", user.id),
                                 bson("$set", bson("position", position, "name", names[i])), /*upsert=*/true);
  }
  database_.update(kUsers, bson("_id", user.id), bson("$set", bson("name", names.front())), /*upsert=*/true);
  database_.remove(kNames, bson("user", user.id, "_id", bson("$nin", keys)));
}

}  // namespace twin::stores::mongo
