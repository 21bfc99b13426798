// Errors and how they travel.
//
// One item fails (a page is 404, a file is not UTF-8): return Result<T>.
// The run cannot go on (disk full, broken config): throw Fatal. It is caught once per boundary:
// main(), a pipeline step, an HTTP handler, a thread.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace twin {

/// What went wrong, in the few kinds that callers act on differently.
enum class ErrorKind {
  usage,      ///< wrong command line or configuration (exit code 2)
  not_found,  ///< a named thing does not exist
  invalid,    ///< foreign data is malformed
  limit,      ///< a named, configurable limit was exceeded
  io,         ///< disk or process failure
  network,    ///< remote end failed or timed out; may be retried
  cancelled,  ///< the user asked to stop
  internal,   ///< a bug in Twin
};

std::string_view to_string(ErrorKind kind);

/// An error as the user reads it: what happened, where, and what to do next.
struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;  ///< what happened, one sentence without a final full stop
  std::string where;    ///< file:line:column, URL, document id … (may be empty)
  std::string hint;     ///< what to do next (may be empty)

  /// "where: message (hint)" on one line.
  [[nodiscard]] std::string text() const;
};

template <class T>
using Result = tl::expected<T, Error>;

/// Shorthand for returning a failure: `return fail(ErrorKind::invalid, "…", where, hint);`
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorKind kind, std::string message, std::string where = {},
                                                std::string hint = {}) {
  return tl::unexpected<Error>(Error{kind, std::move(message), std::move(where), std::move(hint)});
}

/// The run dies. Carries the same Error; what() is Error::text().
class Fatal : public std::runtime_error {
 public:
  explicit Fatal(Error error);
  Fatal(ErrorKind kind, std::string message, std::string where = {}, std::string hint = {});
  [[nodiscard]] const Error& error() const noexcept { return error_; }

 private:
  Error error_;
};

/// Turns a failed item into the death of the run, where nothing can go on without it.
template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw Fatal(std::move(result.error()));
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// Exit codes of every command.
namespace exit_code {
inline constexpr int done = 0;
inline constexpr int failed = 1;
inline constexpr int usage = 2;
inline constexpr int partial = 3;
}  // namespace exit_code

}  // namespace twin
