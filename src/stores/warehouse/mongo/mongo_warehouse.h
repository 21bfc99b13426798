// The warehouse in a MongoDB database (4.4 or newer, or what speaks its protocol: no sessions or transactions needed).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "stores/warehouse/mongo/database.h"
#include "stores/warehouse/mongo/raw_files.h"
#include "stores/warehouse/mongo/rows.h"
#include "stores/warehouse/warehouse.h"

namespace twin::stores::mongo {

/// Many processes, on several machines, may write at the same time. A crash at any instant leaves what was told as
/// written, and at most bodies that no row names. each() is of the instant of its listing: 40 bytes are held for each
/// document that passes, never a corpus.
class MongoWarehouse final : public Warehouse {
 public:
  MongoWarehouse(const MongoOptions& options, FileSystem& files);

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

  /// No transaction: each write is durable by itself, in order.
  void batch(const std::function<void()>& body) override { body(); }
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
  [[nodiscard]] std::string location() const override { return "mongodb://" + database_.location(); }
  std::uint64_t bytes() override;

 private:
  /// The row without its past.
  [[nodiscard]] std::optional<Bson> row(const std::string& id);
  void put(const char* collection, const std::string& id, const Bson& row);
  void put_body(const std::string& sha256, std::string_view text);
  [[nodiscard]] std::string body(const Entry& entry);
  /// Fills the bodies of several, one question for many.
  void fill_bodies(std::vector<Entry>& entries);
  void spill(View now);
  /// Every entry of a row, oldest first.
  [[nodiscard]] std::vector<Bson> entries(View row);
  void originate(const Document& document);
  void restore_document(std::span<const Document> versions);
  void visit_listed(const DocumentFilter& filter, bool versions, const std::function<bool(Document&&)>& visit);

  Database database_;
  RawFiles raw_;
  Objects objects_;
};

}  // namespace twin::stores::mongo
