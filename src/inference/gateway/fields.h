// Reading fields of a request's JSON object with errors that name them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "inference/gateway/errors.h"

namespace twin::inference {

/// A JSON object of a request. The first field that is wrong is remembered in error(); null counts as absent.
class Fields {
 public:
  /// Malformed text or anything but an object is an error.
  explicit Fields(std::string_view body);

  [[nodiscard]] const std::optional<ApiError>& error() const noexcept { return error_; }
  void refuse(ApiError error);

  /// nullptr when absent.
  [[nodiscard]] const Json* find(const std::string& key) const;
  [[nodiscard]] std::string text(const std::string& key, bool required);
  /// One of `known`; `fallback` when absent or empty.
  [[nodiscard]] std::string choice(const std::string& key, const std::string& fallback,
                                   const std::vector<std::string>& known);
  [[nodiscard]] bool boolean(const std::string& key, bool fallback);
  [[nodiscard]] std::int64_t integer(const std::string& key, std::int64_t fallback, std::int64_t min, std::int64_t max);
  [[nodiscard]] double number(const std::string& key, double fallback, double min, double max);
  /// A string or an array of strings; empty when absent.
  [[nodiscard]] std::vector<std::string> texts(const std::string& key, std::size_t max);

 private:
  std::shared_ptr<Json> json_;  ///< behind a pointer, so that this header does without the JSON library
  std::optional<ApiError> error_;
};

}  // namespace twin::inference
