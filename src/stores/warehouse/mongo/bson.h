// BSON documents as the warehouse builds and reads them: the only file that handles libbson's types.
#pragma once

#include <bson/bson.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"

namespace twin::stores::mongo {

/// Bytes, as opposed to text.
struct Binary {
  std::string_view bytes;
};
/// Milliseconds since the epoch, stored as a BSON date.
struct Date {
  UnixMillis millis = 0;
};

/// A document of its own. Keys keep their order. Text must be valid UTF-8 and may hold NUL.
class Bson {
 public:
  Bson() : bson_(bson_new()) {}
  explicit Bson(const bson_t* other) : bson_(bson_copy(other)) {}
  Bson(Bson&&) noexcept = default;
  Bson& operator=(Bson&&) noexcept = default;

  void add(const char* key, std::string_view value);
  void add(const char* key, const std::string& value) { add(key, std::string_view(value)); }
  void add(const char* key, const char* value) { add(key, std::string_view(value)); }
  void add(const char* key, bool value);
  void add(const char* key, int value);
  void add(const char* key, std::int64_t value);
  void add(const char* key, Date value);
  void add(const char* key, Binary value);
  void add(const char* key, const Bson& value);
  void add(const char* key, const std::vector<std::string>& values);
  void add(const char* key, const std::vector<Bson>& values);

  [[nodiscard]] const bson_t* get() const { return bson_.get(); }
  [[nodiscard]] std::uint32_t size() const { return bson_->len; }
  [[nodiscard]] bool empty() const { return bson_empty(bson_.get()); }

 private:
  struct Destroy {
    void operator()(bson_t* bson) const { bson_destroy(bson); }
  };
  std::unique_ptr<bson_t, Destroy> bson_;
};

/// bson("a", 1, "b", bson("c", "text")).
template <class... Rest>
void add_all(Bson& into, const char* key, const auto& value, const Rest&... rest) {
  into.add(key, value);
  if constexpr (sizeof...(rest) > 0) add_all(into, rest...);
}
template <class... Pairs>
[[nodiscard]] Bson bson(const Pairs&... pairs) {
  Bson made;
  if constexpr (sizeof...(pairs) > 0) add_all(made, pairs...);
  return made;
}

/// Looks into a document that lives elsewhere. What is absent or of another type reads as empty, 0 or false.
class View {
 public:
  View() = default;
  View(const bson_t* bson) : data_(bson_get_data(bson)), size_(bson->len) {}  // NOLINT(google-explicit-constructor)
  View(const Bson& bson) : View(bson.get()) {}                                // NOLINT(google-explicit-constructor)
  View(const std::uint8_t* data, std::uint32_t size) : data_(data), size_(size) {}

  [[nodiscard]] bool has(const char* key) const;
  [[nodiscard]] std::string text(const char* key) const;
  [[nodiscard]] std::int64_t integer(const char* key) const;  ///< of any number or date
  [[nodiscard]] int small(const char* key) const { return static_cast<int>(integer(key)); }
  [[nodiscard]] bool flag(const char* key) const;
  [[nodiscard]] std::string binary(const char* key) const;
  [[nodiscard]] View child(const char* key) const;
  [[nodiscard]] std::vector<std::string> texts(const char* key) const;
  [[nodiscard]] std::vector<View> children(const char* key) const;
  [[nodiscard]] Bson copy() const;

 private:
  [[nodiscard]] bool find(const char* key, bson_iter_t& at) const;
  const std::uint8_t* data_ = nullptr;
  std::uint32_t size_ = 0;
};

}  // namespace twin::stores::mongo
