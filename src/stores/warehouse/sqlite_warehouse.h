// The warehouse in one SQLite file. Opened by open_warehouse(); this header is for its own .cpp files and tests.
#pragma once

#include "stores/sqlite/store.h"
#include "stores/warehouse/warehouse.h"

namespace twin::stores {

class SqliteWarehouse final : public Warehouse {
 public:
  SqliteWarehouse(const std::filesystem::path& folder, FileSystem& files, sqlite::Options options = {});

  User get_or_create_user(const std::string& name, const std::vector<std::string>& aliases) override;
  std::optional<User> user(const std::string& id) override;
  std::vector<User> users() override;
  void restore_user(const User& user) override;

  Upsert upsert(Document& document) override;
  bool tombstone(const std::string& id, UnixMillis when) override;
  void restore(const Document& document) override;
  void restore_all(std::span<const Document> documents) override;

  std::optional<Document> document(const std::string& id, int version) override;
  void each(const DocumentFilter& filter, const std::function<bool(Document&&)>& visit) override;
  void each_version(const DocumentFilter& filter, const std::function<bool(Document&&)>& visit) override;

  void batch(const std::function<void()>& body) override { store_.batch(body); }
  void set_origin(const Origin& origin) override;
  bool remove_origin(const std::string& url) override;
  void each_origin(const std::string& source, const std::string& location,
                   const std::function<bool(Origin&&)>& visit) override;
  void each_origin(const std::function<bool(Origin&&)>& visit) override;

  std::optional<std::string> cursor(const std::string& key) override;
  void set_cursor(const std::string& key, const std::string& value) override;
  void each_cursor(const std::function<bool(const std::string&, const std::string&)>& visit) override;

  WarehouseCounts counts() override;
  std::string digest() override;
  Objects& objects() override { return objects_; }
  void check(const std::function<void(Error&&)>& report) override;
  [[nodiscard]] std::string location() const override { return "sqlite:" + store_.file().string(); }
  std::uint64_t bytes() override;

 private:
  sqlite::Store store_;
  Objects objects_;
};

}  // namespace twin::stores
