// Users and the names they are known by.
#include "core/hash.h"
#include "core/i18n.h"
#include "stores/warehouse/names.h"
#include "stores/warehouse/sqlite_warehouse.h"

namespace twin::stores {
namespace {

using sqlite::Connection;
using sqlite::Query;

std::optional<std::string> owner(Connection& c, const std::string& name) {
  Query query(c, "SELECT user FROM user_names WHERE folded = ?", name_key(name));
  if (!query.step()) return std::nullopt;
  return query.text(0);
}

void add_name(Connection& c, const std::string& user, const std::string& name) {
  Query(c,
        "INSERT INTO user_names(folded, user, position, name) "
        "VALUES(?1, ?2, (SELECT ifnull(max(position) + 1, 0) FROM user_names WHERE user = ?2), ?3) "
        "ON CONFLICT(folded) DO NOTHING",
        name_key(name), user, name)
      .run();
}

std::optional<User> load(Connection& c, const std::string& id) {
  Query user(c, "SELECT name FROM users WHERE id = ?", id);
  if (!user.step()) return std::nullopt;
  User found{id, user.text(0), {}};
  Query names(c, "SELECT name FROM user_names WHERE user = ? AND position > 0 ORDER BY position", id);
  while (names.step()) found.aliases.push_back(names.text(0));
  return found;
}

}  // namespace

User SqliteWarehouse::get_or_create_user(const std::string& name, const std::vector<std::string>& aliases) {
  const auto names = names_of(name, aliases);
  if (names.empty()) throw Fatal(ErrorKind::invalid, tr("A user needs a name"));
  return store_.write([&](Connection& c) {
    std::optional<std::string> id;
    for (auto it = names.begin(); it != names.end() && !id; ++it) id = owner(c, *it);
    if (!id) {
      id = stable_id("user", {name_key(names.front())});
      // The id may be there under other names, when an import took this one from it.
      Query(c, "INSERT INTO users(id, name) VALUES(?, ?) ON CONFLICT DO NOTHING", *id, names.front()).run();
    }
    for (const auto& each : names) add_name(c, *id, each);
    return load(c, *id).value();
  });
}

std::optional<User> SqliteWarehouse::user(const std::string& id) {
  return store_.read([&](Connection& c) { return load(c, id); });
}

std::vector<User> SqliteWarehouse::users() {
  return store_.read([](Connection& c) {
    std::vector<User> users;
    Query ids(c, "SELECT id FROM users ORDER BY id");
    while (ids.step()) users.push_back(load(c, ids.text(0)).value());
    return users;
  });
}

void SqliteWarehouse::restore_user(const User& user) {
  const auto names = names_of(user.name, user.aliases);
  if (user.id.empty() || names.empty()) throw Fatal(ErrorKind::invalid, tr("A user needs a name"), user.id);
  store_.write([&](Connection& c) {
    Query(c, "INSERT INTO users(id, name) VALUES(?, ?) ON CONFLICT(id) DO UPDATE SET name = excluded.name", user.id,
          names.front())
        .run();
    Query(c, "DELETE FROM user_names WHERE user = ?", user.id).run();
    for (const auto& name : names) add_name(c, user.id, name);
  });
}

}  // namespace twin::stores
