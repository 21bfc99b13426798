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
  return cut();
}

Result<bool> ItemSplitter::cut() {
  while (true) {
    if (!in_item_) {
      const std::size_t start = buffer_.find(open_item, at_);
      if (start == std::string::npos) {
        if (head_done_) {
          buffer_.erase(0, buffer_.size() - std::min(buffer_.size(), longest_mark));
        } else if (buffer_.size() > max_item_bytes_) {
          return fail(ErrorKind::invalid, tr("This is no WordPress export: it has no items"));
        }
        at_ = buffer_.size() - std::min(buffer_.size(), longest_mark);
        return true;
      }
      if (!head_done_) head_(std::string_view(buffer_).substr(0, start));
      head_done_ = true;
      buffer_.erase(0, start);
      at_ = open_item.size();
      in_item_ = true;
    }
    const std::size_t close = buffer_.find(close_item, at_), section = buffer_.find(open_text, at_);
    if (section < close) {
      const std::size_t end = buffer_.find(close_text, section + open_text.size());
      if (end == std::string::npos) {
        at_ = section;
        break;
      }
      at_ = end + close_text.size();
      continue;
    }
    if (close == std::string::npos) {
      at_ = std::max(at_, buffer_.size() - std::min(buffer_.size(), longest_mark));
      break;
    }
    const std::size_t end = close + close_item.size();
    const bool go_on = item_(std::string_view(buffer_).substr(0, end));
    buffer_.erase(0, end);
    at_ = 0;
    in_item_ = false;
    if (!go_on) return false;
  }
  if (buffer_.size() > max_item_bytes_)
    return fail(ErrorKind::limit, tr("An item is larger than {} bytes", max_item_bytes_), {},
                tr("Raise collect.max_item_megabytes"));
  return true;
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
