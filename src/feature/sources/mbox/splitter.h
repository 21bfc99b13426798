// An mbox file (RFC 4155) cut into messages, however large it is.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace twin::feature::mail {

/// Messages begin with a line "From " at the start of the file or after an empty line. In them ">From " is unquoted, as
/// mboxrd and mboxo write it. Memory: one message; of one larger than the limit the rest is skipped.
class MboxSplitter {
 public:
  MboxSplitter(std::size_t max_message_bytes, std::function<bool(Result<std::string>&&)> message)
      : max_message_bytes_(max_message_bytes), message_(std::move(message)) {}

  /// Further bytes; false when the receiver wants no more.
  bool feed(std::string_view bytes);
  bool finish();
  [[nodiscard]] bool any() const { return started_; }

 private:
  bool line(std::string_view text);
  bool emit();
  std::size_t max_message_bytes_;
  std::function<bool(Result<std::string>&&)> message_;
  std::string rest_, current_;
  bool started_ = false, empty_before_ = true, too_large_ = false;
};

}  // namespace twin::feature::mail
