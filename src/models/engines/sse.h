// Server-sent events (WHATWG HTML, section 9.2), as OpenAI-compatible servers stream their answers.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace twin::models {

/// Takes the body in pieces cut anywhere and calls back once per event with its data lines joined by '\n'. Comments and
/// other fields are skipped. Lines end in LF, CRLF or CR.
class SseParser {
 public:
  using OnData = std::function<bool(std::string_view data)>;

  static constexpr std::size_t default_max_event_bytes = 16u << 20;
  explicit SseParser(OnData on_data, std::size_t max_event_bytes = default_max_event_bytes)
      : on_data_(std::move(on_data)), max_event_bytes_(max_event_bytes) {}

  /// False when the callback returned false or an event grew beyond the limit; feed no more then.
  [[nodiscard]] bool feed(std::string_view bytes);
  /// At the end of the stream: an event that lacks its final blank line counts too (many servers omit it).
  [[nodiscard]] bool finish();
  [[nodiscard]] bool too_large() const { return too_large_; }

 private:
  bool end_line();
  bool dispatch();

  OnData on_data_;
  std::size_t max_event_bytes_;
  std::string line_;
  std::string data_;
  bool has_data_ = false;
  bool after_cr_ = false;
  bool too_large_ = false;
};

}  // namespace twin::models
