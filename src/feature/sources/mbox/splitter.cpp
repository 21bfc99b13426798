#include "feature/sources/mbox/splitter.h"

#include <algorithm>

#include "core/i18n.h"
#include "core/text/ascii.h"

namespace twin::feature::mail {
namespace {

/// A "line" longer than this is taken as if it ended here: no line of a mail is.
constexpr std::size_t longest_line = 1u << 20;

/// "From sender Mon Feb  5 10:00:00 2024": a year and a time make it no sentence.
bool separates(std::string_view line) {
  if (!line.starts_with("From ")) return false;
  const std::size_t colon = line.find(':');
  return colon != std::string_view::npos && colon > 0 && text::is_ascii_digit(line[colon - 1]);
}

}  // namespace

bool MboxSplitter::feed(std::string_view bytes) {
  rest_ += bytes;
  std::size_t at = 0;
  while (true) {
    const std::size_t end = rest_.find('\n', at);
    if (end == std::string::npos) break;
    if (!line(std::string_view(rest_).substr(at, end + 1 - at))) return false;
    at = end + 1;
  }
  rest_.erase(0, at);
  if (rest_.size() > longest_line) {
    const bool going = line(rest_);
    rest_.clear();
    return going;
  }
  return true;
}

bool MboxSplitter::finish() {
  if (!rest_.empty() && !line(rest_)) return false;
  rest_.clear();
  return emit();
}

bool MboxSplitter::line(std::string_view text) {
  if (empty_before_ && separates(text)) {
    if (!emit()) return false;
    started_ = true;
    empty_before_ = false;
    return true;
  }
  empty_before_ = text == "\n" || text == "\r\n";
  if (!started_) return true;  // no mbox, or its beginning is cut off
  const std::size_t quotes = std::min(text.find_first_not_of('>'), text.size());
  if (quotes > 0 && text.substr(quotes).starts_with("From ")) text.remove_prefix(1);
  if (current_.size() + text.size() > max_message_bytes_) {
    too_large_ = true;
  } else if (!too_large_) {
    current_ += text;
  }
  return true;
}

bool MboxSplitter::emit() {
  if (!started_) return true;
  std::string message;
  message.swap(current_);
  const bool too_large = std::exchange(too_large_, false);
  if (too_large) {
    return message_(fail(ErrorKind::limit, tr("A message is larger than {} bytes", max_message_bytes_), {},
                         tr("Raise collect.max_item_megabytes")));
  }
  return message_(std::move(message));
}

}  // namespace twin::feature::mail
