// Blocks as Markdown.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/clean/markdown_blocks.h"
#include "feature/clean/markdown_escape.h"
#include "feature/clean/table_writer.h"
#include "feature/sources/json/fields.h"
#include "feature/sources/notion/blocks.h"

namespace twin::feature::notion {
namespace {

bool is_list_item(const std::string& type) {
  return type == "bulleted_list_item" || type == "numbered_list_item" || type == "to_do";
}

std::string link(const std::string& text, const std::string& address) {
  if (address.empty()) return escape_markdown(text);
  if (text.empty()) return "<" + address + ">";
  return "[" + escape_markdown(collapse_spaces(text), ']') + "](" + link_destination(address) + ")";
}

class Writer {
 public:
  explicit Writer(std::vector<Error>& notes) : notes_(notes) {}

  std::string write(const std::vector<Block>& blocks) {
    std::string out;
    int number = 0;
    const std::string* previous = nullptr;
    for (const auto& block : blocks) {
      number = block.type == "numbered_list_item" ? number + 1 : 0;
      const std::string text = write(block, number);
      if (text.empty()) continue;
      // Items of one list stand together; two lists of different kinds do not join either way.
      const bool same_list = previous != nullptr && *previous == block.type && is_list_item(block.type);
      if (!out.empty()) out += same_list ? "\n" : "\n\n";
      out += text;
      previous = &block.type;
    }
    return out;
  }

 private:
  std::string write(const Block& block, int number) {
    const std::string& type = block.type;
    if (type == "bulleted_list_item") return item("- ", block);
    if (type == "numbered_list_item") return item(fmt::format("{}. ", number), block);
    if (type == "to_do") return item(json::flag(block.content(), "checked") ? "- [x] " : "- [ ] ", block);
    if (type.starts_with("heading_")) return heading(block);
    if (type == "quote") return quoted(with_children(text_of(block), block));
    if (type == "callout") return callout(block);
    if (type == "code") return code(block);
    if (type == "table") return table(block);
    if (type == "equation") return "$$\n" + json::text(block.content(), "expression") + "\n$$";
    if (type == "divider") return "---";
    if (type == "breadcrumb" || type == "table_of_contents") return {};  // made by the program, nobody's words
    if (type == "image" || type == "file" || type == "pdf" || type == "video" || type == "audio") return file(block);
    if (type == "bookmark" || type == "embed" || type == "link_preview") {
      return link(plain_text(json::member(block.content(), "caption")), json::text(block.content(), "url"));
    }
    if (type == "child_page" || type == "child_database") {
      return link(json::text(block.content(), "title"), page_url(block.id));
    }
    if (type == "link_to_page") return page_link(block);
    if (type == "tab") return with_children(tab_title(block), block);
    std::string text = with_children(text_of(block), block);
    static constexpr std::string_view known = " paragraph toggle template synced_block column_list column ";
    if (known.find(" " + type + " ") == std::string_view::npos) note_unknown(block, text.empty());
    return text;
  }

  static std::string text_of(const Block& block) { return rich_text(json::member(block.content(), "rich_text")); }

  std::string with_children(std::string text, const Block& block) {
    const std::string below = write(block.children);
    if (!text.empty() && !below.empty()) text += "\n\n";
    return text + below;
  }

  std::string item(const std::string& marker, const Block& block) {
    const std::size_t width = marker.starts_with("- ") ? 2 : marker.size();
    std::string body = text_of(block);
    const std::string below = write(block.children);
    if (!below.empty()) body += (is_list_item(block.children.front().type) ? "\n" : "\n\n") + below;
    return indent_block(body, marker, std::string(width, ' '));
  }

  std::string heading(const Block& block) {
    const int level = block.type.back() >= '1' && block.type.back() <= '6' ? block.type.back() - '0' : 3;
    const std::string title = rich_text(json::member(block.content(), "rich_text"), true);
    return with_children(title.empty() ? "" : std::string(static_cast<std::size_t>(level), '#') + " " + title, block);
  }

  static std::string quoted(const std::string& text) { return text.empty() ? "" : indent_block(text, "> ", "> "); }

  std::string callout(const Block& block) {
    std::string text = text_of(block);
    const std::string icon = json::text(json::member(block.content(), "icon"), "emoji");
    if (!icon.empty()) text = icon + (text.empty() ? "" : " ") + text;
    return quoted(with_children(std::move(text), block));
  }

  std::string code(const Block& block) {
    std::string language = json::text(block.content(), "language");
    if (language == "plain text") language.clear();
    for (char& c : language) c = c == ' ' ? '-' : c;
    std::string out = fenced_block(plain_text(json::member(block.content(), "rich_text")), language);
    const std::string caption = rich_text(json::member(block.content(), "caption"));
    if (!caption.empty()) out += (out.empty() ? "" : "\n\n") + caption;
    return out;
  }

  static std::string table(const Block& block) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& row : block.children) {
      if (row.type != "table_row") continue;
      rows.emplace_back();
      for (const auto& cell : json::list(row.content(), "cells")) rows.back().push_back(rich_text(cell, true));
    }
    return rows.empty() ? "" : html::write_table(rows, json::flag(block.content(), "has_column_header"));
  }

  static std::string file(const Block& block) {
    const std::string address = file_address(block.content());
    std::string caption = plain_text(json::member(block.content(), "caption"));
    if (block.type == "image") {
      return address.empty()
                 ? escape_markdown(caption)
                 : "![" + escape_markdown(collapse_spaces(caption), ']') + "](" + link_destination(address) + ")";
    }
    if (caption.empty()) caption = json::text(block.content(), "name");
    return link(caption, address);
  }

  static std::string page_link(const Block& block) {
    for (const char* key : {"page_id", "database_id", "comment_id"}) {
      const std::string id = json::text(block.content(), key);
      if (!id.empty()) return "<" + page_url(id) + ">";
    }
    return {};
  }

  /// The name of a tab reads as a heading of what it holds.
  static std::string tab_title(const Block& block) {
    std::string title = rich_text(json::member(block.content(), "rich_text"), true);
    if (title.empty()) title = rich_text(json::member(block.content(), "title"), true);
    if (title.empty()) title = escape_markdown(json::text(block.content(), "title"));
    return title.empty() ? "" : "**" + title + "**";
  }

  void note_unknown(const Block& block, bool lost) {
    const std::string inner = json::text(block.content(), "block_type");  // of "unsupported"
    notes_.push_back({ErrorKind::invalid,
                      lost ? tr("A block of the type '{}' could not be read", inner.empty() ? block.type : inner)
                           : tr("A block of the type '{}' was read as plain text", block.type),
                      page_url(block.id),
                      {}});
  }

  std::vector<Error>& notes_;
};

}  // namespace

std::string to_markdown(const std::vector<Block>& blocks, std::vector<Error>& notes) {
  return Writer(notes).write(blocks);
}

}  // namespace twin::feature::notion
