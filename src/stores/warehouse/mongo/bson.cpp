#include "stores/warehouse/mongo/bson.h"

#include <new>

namespace twin::stores::mongo {
namespace {

// libbson says no only when a document outgrows 2 GB.
void must(bool added) {
  if (!added) throw std::bad_alloc();
}

View view_of(const bson_iter_t& at, bool array) {
  const std::uint8_t* data = nullptr;
  std::uint32_t size = 0;
  array ? bson_iter_array(&at, &size, &data) : bson_iter_document(&at, &size, &data);
  return {data, size};
}

}  // namespace

void Bson::add(const char* key, std::string_view value) {
  must(bson_append_utf8(bson_.get(), key, -1, value.empty() ? "" : value.data(), static_cast<int>(value.size())));
}

void Bson::add(const char* key, bool value) {
  must(bson_append_bool(bson_.get(), key, -1, value));
}

void Bson::add(const char* key, int value) {
  must(bson_append_int32(bson_.get(), key, -1, value));
}

void Bson::add(const char* key, std::int64_t value) {
  must(bson_append_int64(bson_.get(), key, -1, value));
}

void Bson::add(const char* key, Date value) {
  must(bson_append_date_time(bson_.get(), key, -1, value.millis));
}

void Bson::add(const char* key, Binary value) {
  static constexpr std::uint8_t nothing = 0;
  const auto* data = value.bytes.empty() ? &nothing : reinterpret_cast<const std::uint8_t*>(value.bytes.data());
  must(bson_append_binary(bson_.get(), key, -1, BSON_SUBTYPE_BINARY, data,
                          static_cast<std::uint32_t>(value.bytes.size())));
}

void Bson::add(const char* key, const Bson& value) {
  must(bson_append_document(bson_.get(), key, -1, value.get()));
}

void Bson::add(const char* key, const std::vector<std::string>& values) {
  Bson array;
  for (std::size_t i = 0; i < values.size(); ++i) array.add(std::to_string(i).c_str(), values[i]);
  must(bson_append_array(bson_.get(), key, -1, array.get()));
}

void Bson::add(const char* key, const std::vector<Bson>& values) {
  Bson array;
  for (std::size_t i = 0; i < values.size(); ++i) array.add(std::to_string(i).c_str(), values[i]);
  must(bson_append_array(bson_.get(), key, -1, array.get()));
}

bool View::find(const char* key, bson_iter_t& at) const {
  return data_ != nullptr && bson_iter_init_from_data(&at, data_, size_) && bson_iter_find(&at, key);
}

bool View::has(const char* key) const {
  bson_iter_t at;
  return find(key, at);
}

std::string View::text(const char* key) const {
  bson_iter_t at;
  if (!find(key, at) || !BSON_ITER_HOLDS_UTF8(&at)) return {};
  std::uint32_t size = 0;
  const char* value = bson_iter_utf8(&at, &size);
  return {value, size};
}

std::int64_t View::integer(const char* key) const {
  bson_iter_t at;
  if (!find(key, at)) return 0;
  if (BSON_ITER_HOLDS_DATE_TIME(&at)) return bson_iter_date_time(&at);
  return BSON_ITER_HOLDS_NUMBER(&at) ? bson_iter_as_int64(&at) : 0;
}

bool View::flag(const char* key) const {
  bson_iter_t at;
  return find(key, at) && bson_iter_as_bool(&at);
}

std::string View::binary(const char* key) const {
  bson_iter_t at;
  if (!find(key, at) || !BSON_ITER_HOLDS_BINARY(&at)) return {};
  bson_subtype_t type{};
  std::uint32_t size = 0;
  const std::uint8_t* data = nullptr;
  bson_iter_binary(&at, &type, &size, &data);
  return {reinterpret_cast<const char*>(data), size};
}

View View::child(const char* key) const {
  bson_iter_t at;
  if (!find(key, at) || !BSON_ITER_HOLDS_DOCUMENT(&at)) return {};
  return view_of(at, false);
}

std::vector<std::string> View::texts(const char* key) const {
  std::vector<std::string> values;
  bson_iter_t at;
  bson_iter_t item;
  if (!find(key, at) || !BSON_ITER_HOLDS_ARRAY(&at) || !bson_iter_recurse(&at, &item)) return values;
  while (bson_iter_next(&item)) {
    if (!BSON_ITER_HOLDS_UTF8(&item)) continue;
    std::uint32_t size = 0;
    const char* value = bson_iter_utf8(&item, &size);
    values.emplace_back(value, size);
  }
  return values;
}

std::vector<View> View::children(const char* key) const {
  std::vector<View> values;
  bson_iter_t at;
  bson_iter_t item;
  if (!find(key, at) || !BSON_ITER_HOLDS_ARRAY(&at) || !bson_iter_recurse(&at, &item)) return values;
  while (bson_iter_next(&item)) {
    if (BSON_ITER_HOLDS_DOCUMENT(&item)) values.push_back(view_of(item, false));
  }
  return values;
}

Bson View::copy() const {
  if (data_ == nullptr) return {};
  bson_t bson;
  if (!bson_init_static(&bson, data_, size_)) return {};
  return Bson(&bson);
}

}  // namespace twin::stores::mongo
