#include "core/result.h"

namespace twin {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return "usage";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::invalid:
      return "invalid";
    case ErrorKind::limit:
      return "limit";
    case ErrorKind::io:
      return "io";
    case ErrorKind::network:
      return "network";
    case ErrorKind::cancelled:
      return "cancelled";
    case ErrorKind::internal:
      return "internal";
  }
  return "internal";
}

std::string Error::text() const {
  std::string line;
  if (!where.empty()) line = where + ": ";
  line += message;
  if (!hint.empty()) line += " (" + hint + ")";
  return line;
}

Fatal::Fatal(Error error) : std::runtime_error(error.text()), error_(std::move(error)) {}

Fatal::Fatal(ErrorKind kind, std::string message, std::string where, std::string hint)
    : Fatal(Error{kind, std::move(message), std::move(where), std::move(hint)}) {}

}  // namespace twin
