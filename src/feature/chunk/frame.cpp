#include "feature/chunk/frame.h"

#include <algorithm>

#include "core/text/unicode.h"
#include "feature/chunk/units.h"

namespace twin::feature {
namespace {

constexpr int separator_tokens = 1;  // " > " between title and headings of the retrieval view

}  // namespace

Result<Frame> Framer::frame_of(const Section& section) {
  Frame frame{title_, section.headings, 0};
  const int wanted = std::min(max_tokens_, window_ / 2);
  Result<int> title = label_size(frame.title);
  if (!title) return tl::unexpected(title.error());
  int used = *title;
  for (const std::string& heading : frame.headings) {
    const Result<int> size = label_size(heading);
    if (!size) return tl::unexpected(size.error());
    used += *size + separator_tokens;
  }
  while (window_ - used < wanted && !frame.headings.empty()) {
    used -= *label_size(frame.headings.front()) + separator_tokens;
    frame.headings.erase(frame.headings.begin());
  }
  while (window_ - used < wanted && !frame.title.empty()) {
    frame.title = std::string(text::clip(frame.title, frame.title.size() / 2));
    title = label_size(frame.title);
    if (!title) return tl::unexpected(title.error());
    used = *title;
  }
  frame.capacity = std::min(max_tokens_, window_ - used);
  return frame;
}

Result<int> Framer::label_size(const std::string& label) {
  if (label.empty()) return 0;
  if (const auto it = labels_.find(label); it != labels_.end()) return it->second;
  if (label.size() > static_cast<std::size_t>(window_) * max_bytes_per_token) return window_;
  Result<int> tokens = count_(label);
  if (tokens) labels_[label] = *tokens;
  return tokens;
}

}  // namespace twin::feature
