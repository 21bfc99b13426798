#include "feature/sources/wordpress_export/items.h"

#include <algorithm>
#include <array>
#include <pugixml.hpp>

#include "core/i18n.h"
#include "core/text/unicode.h"

namespace twin::feature::wordpress {
namespace {

constexpr std::string_view open_item = "<item>", close_item = "</item>", open_text = "<![CDATA[", close_text = "]]>";
/// The longest of the marks, so that one cut by the end of a block is found with the next.
constexpr std::size_t longest_mark = 9;

std::string text_of(const pugi::xml_node& node) {
  std::string out;
  for (const auto& child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) out += child.value();
  }
  return text::repair_utf8(out);  // "&#xD800;" is no character
}
std::string trimmed(const pugi::xml_node& parent, const char* name) {
  return std::string(text::trim(text_of(parent.child(name))));
}

/// "2024-05-01 09:30:00"; drafts have "0000-00-00 00:00:00".
UnixMillis time_of(const std::string& text) {
  return text.starts_with("0000") ? 0 : parse_time(text).value_or(0);
}

}  // namespace

Result<bool> ItemSplitter::feed(std::string_view bytes) {
  buffer_ += bytes;
  std::size_t done = 0;  // of buffer_: given away or passed over
  auto going = cut(done);
  buffer_.erase(0, done);
  at_ -= std::min(at_, done);
  if (going && *going && in_item_ && buffer_.size() > max_item_bytes_) {
    return fail(ErrorKind::limit, tr("An item is larger than {} bytes", max_item_bytes_), {},
                tr("Raise collect.max_item_megabytes"));
  }
  return going;
}

/// Every byte is looked at once: `at_` goes only forward.
Result<bool> ItemSplitter::cut(std::size_t& done) {
  const std::string_view buffer = buffer_;
  /// Moves to the next mark; one that the end of the block may have cut is looked for again with more bytes.
  const auto find = [&](std::string_view mark) {
    const std::size_t found = buffer.find(mark, at_);
    const std::size_t sure = buffer.size() - std::min(buffer.size(), longest_mark);
    at_ = found == std::string_view::npos ? std::max(at_, sure) : found;
    return found != std::string_view::npos;
  };
  while (true) {
    if (!in_item_) {
      if (!find(open_item)) {
        if (head_done_) done = at_;
        if (!head_done_ && buffer.size() > max_item_bytes_) {
          return fail(ErrorKind::invalid, tr("This is no WordPress export: it has no items"));
        }
        return true;
      }
      if (!head_done_) head_(buffer.substr(0, at_));
      head_done_ = in_item_ = true;
      done = at_;
      at_ += open_item.size();
    }
    if (in_text_) {
      if (!find(close_text)) return true;
      at_ += close_text.size();
      in_text_ = false;
    }
    // The next "<" that begins one of the two marks; others of the text are passed over.
    if (!find("<")) return true;
    const std::string_view rest = buffer.substr(at_);
    if (rest.starts_with(open_text)) {
      at_ += open_text.size();
      in_text_ = true;
    } else if (rest.starts_with(close_item)) {
      at_ += close_item.size();
      const bool go_on = item_(buffer.substr(done, at_ - done));
      done = at_;
      in_item_ = false;
      if (!go_on) return false;
    } else if (open_text.starts_with(rest) || close_item.starts_with(rest)) {
      return true;  // cut by the end of the block
    } else {
      ++at_;
    }
  }
}

Result<void> ItemSplitter::finish() {
  if (in_item_) return fail(ErrorKind::invalid, tr("The export ends in the middle of an item"));
  if (head_done_) return {};
  if (buffer_.find("<channel") == std::string::npos)
    return fail(ErrorKind::invalid, tr("This is no WordPress export: it has no items"));
  head_(buffer_);
  return {};
}

Channel parse_channel(std::string_view head) {
  pugi::xml_document document;
  // The end tags are missing: what stands before them is read all the same.
  static_cast<void>(document.load_buffer(head.data(), head.size(), pugi::parse_default, pugi::encoding_utf8));
  Channel out;
  const auto channel = document.document_element().child("channel");
  out.title = trimmed(channel, "title");
  out.language = trimmed(channel, "language");
  for (const auto& author : channel.children("wp:author")) {
    const std::string login = trimmed(author, "wp:author_login"), name = trimmed(author, "wp:author_display_name");
    if (!login.empty()) out.authors[login] = name.empty() ? login : name;
  }
  return out;
}

Result<Item> parse_item(std::string_view xml) {
  pugi::xml_document document;
  const auto parsed = document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8);
  const auto node = document.child("item");
  Item out;
  out.title = trimmed(node, "title");
  out.link = trimmed(node, "link");
  if (!parsed) {
    return fail(ErrorKind::invalid,
                tr("This is not well-formed XML: {} at byte {}", parsed.description(), parsed.offset), out.link);
  }
  out.guid = trimmed(node, "guid");
  out.creator = trimmed(node, "dc:creator");
  out.content = text_of(node.child("content:encoded"));
  out.id = trimmed(node, "wp:post_id");
  out.slug = trimmed(node, "wp:post_name");
  out.status = trimmed(node, "wp:status");
  out.type = trimmed(node, "wp:post_type");
  out.locked = !trimmed(node, "wp:post_password").empty();
  out.published = time_of(trimmed(node, "wp:post_date_gmt"));
  if (out.published == 0) out.published = time_of(trimmed(node, "pubDate"));
  if (out.published == 0) out.published = time_of(trimmed(node, "wp:post_date"));
  for (const auto& category : node.children("category")) {
    const std::string name(text::trim(text_of(category)));
    const std::string_view domain = category.attribute("domain").value();
    if (name.empty()) continue;
    if (domain == "post_tag") out.tags.push_back(name);
    if (domain == "category") out.categories.push_back(name);
  }
  return out;
}

}  // namespace twin::feature::wordpress
