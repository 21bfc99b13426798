#include "models/engines/sse.h"

namespace twin::models {

bool SseParser::feed(std::string_view bytes) {
  for (const char c : bytes) {
    const bool lf_of_crlf = c == '\n' && after_cr_;
    after_cr_ = c == '\r';
    if (lf_of_crlf) continue;
    if (c == '\n' || c == '\r') {
      if (!end_line()) return false;
      continue;
    }
    line_ += c;
    if (line_.size() + data_.size() > max_event_bytes_) {
      too_large_ = true;
      return false;
    }
  }
  return true;
}

bool SseParser::finish() {
  if (!line_.empty() && !end_line()) return false;
  return dispatch();
}

bool SseParser::end_line() {
  std::string_view line = line_;
  if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);  // byte order mark
  if (line.empty()) {
    line_.clear();
    return dispatch();
  }
  if (line == "data" || line.starts_with("data:")) {
    line.remove_prefix(std::min<std::size_t>(line.size(), 5));
    if (line.starts_with(' ')) line.remove_prefix(1);
    if (has_data_) data_ += '\n';
    data_ += line;
    has_data_ = true;
  }
  line_.clear();
  return true;
}

bool SseParser::dispatch() {
  if (!has_data_) return true;
  std::string data;
  data.swap(data_);
  has_data_ = false;
  return on_data_(data);
}

}  // namespace twin::models
