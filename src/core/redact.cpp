// What was given out by Secrets and must not be shown. Apart from the reading of files, so that what only logs needs no
// YAML.
#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

#include "core/redact.h"
#include "core/secrets.h"

namespace twin {
namespace {

/// Shorter values would blank out ordinary words.
constexpr std::size_t shortest_redacted = 6;

/// Every form of every secret given out, the longest first: one may be part of another.
struct GivenOut {
  std::mutex mutex;
  std::vector<std::string> values;
  std::atomic<bool> any{false};

  void add(std::string value) {
    const std::scoped_lock lock(mutex);
    if (std::find(values.begin(), values.end(), value) != values.end()) return;
    values.push_back(std::move(value));
    std::stable_sort(values.begin(), values.end(),
                     [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
    any = true;
  }
};

/// Never destroyed: threads may still log while the program exits.
GivenOut& given_out() {
  static auto* all = new GivenOut;
  return *all;
}

/// As in a URL's query.
std::string percent_encoded(const std::string& value) {
  constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : value) {
    if (unreserved.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

/// As between the quotes of a JSON string.
std::string json_escaped(const std::string& value) {
  std::string out;
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

void remember_secret(const std::string& value) {
  if (value.size() < shortest_redacted) return;
  given_out().add(value);
  given_out().add(percent_encoded(value));
  given_out().add(json_escaped(value));
}

std::string redact(std::string text) {
  if (!given_out().any) return text;
  const std::scoped_lock lock(given_out().mutex);
  for (const auto& value : given_out().values) {
    for (std::size_t at = text.find(value); at != std::string::npos; at = text.find(value, at + 3)) {
      text.replace(at, value.size(), "***");
    }
  }
  return text;
}

Error redact(Error error) {
  error.message = redact(std::move(error.message));
  error.where = redact(std::move(error.where));
  error.hint = redact(std::move(error.hint));
  return error;
}

bool holds_secret(std::string_view text) {
  if (!given_out().any) return false;
  const std::scoped_lock lock(given_out().mutex);
  return std::any_of(given_out().values.begin(), given_out().values.end(),
                     [&](const std::string& value) { return text.find(value) != std::string_view::npos; });
}

}  // namespace twin
