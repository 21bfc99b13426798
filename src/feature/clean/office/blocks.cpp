#include "feature/clean/office/blocks.h"

#include <fmt/format.h>

#include <algorithm>

#include "feature/clean/markdown_blocks.h"
#include "feature/clean/table_writer.h"

namespace twin::feature::office {
namespace {

/// Deeper lists keep their text at this level.
constexpr int deepest_list = 12;

}  // namespace

void BlockWriter::flush() {
  if (!list_.empty()) blocks_.push_back(std::move(list_));
  list_.clear();
  indents_.clear();
  if (in_code_) {
    std::string block = fenced_block(code_, {});
    if (!block.empty()) blocks_.push_back(std::move(block));
  }
  code_.clear();
  in_code_ = false;
}

void BlockWriter::heading(int level, const std::string& markdown) {
  if (markdown.empty()) return;
  flush();
  blocks_.push_back(std::string(static_cast<std::size_t>(std::clamp(level, 1, 6)), '#') + " " + markdown);
}

void BlockWriter::paragraph(const std::string& markdown) {
  if (markdown.empty()) return;
  flush();
  blocks_.push_back(markdown);
}

void BlockWriter::quote(const std::string& markdown) {
  if (markdown.empty()) return;
  flush();
  blocks_.push_back(indent_block(markdown, "> ", "> "));
}

void BlockWriter::list_item(int level, int number, const std::string& markdown) {
  if (in_code_) flush();
  if (markdown.empty()) return;
  // A level may be skipped in the document, but not in Markdown.
  const auto depth =
      static_cast<std::size_t>(std::clamp(level, 0, std::min(deepest_list, static_cast<int>(indents_.size()))));
  indents_.resize(depth);
  const std::size_t indent = indents_.empty() ? 0 : indents_.back();
  const std::string marker = number > 0 ? fmt::format("{}. ", number) : "- ";
  indents_.push_back(indent + marker.size());
  if (!list_.empty()) list_ += '\n';
  list_ += indent_block(markdown, std::string(indent, ' ') + marker, std::string(indents_.back(), ' '));
}

void BlockWriter::list_continuation(const std::string& markdown) {
  if (list_.empty()) {
    paragraph(markdown);
  } else if (!markdown.empty()) {
    const std::string indent(indents_.back(), ' ');
    list_ += "\n\n" + indent_block(markdown, indent, indent);
  }
}

void BlockWriter::code(const std::string& line) {
  if (!in_code_) flush();
  in_code_ = true;
  code_ += line + "\n";
}

void BlockWriter::table(const std::vector<std::vector<std::string>>& rows, bool header) {
  if (rows.empty()) return;
  flush();
  blocks_.push_back(html::write_table(rows, header));
}

void BlockWriter::footnote(const std::string& label, const std::string& markdown) {
  if (markdown.empty()) return;
  if (!notes_.empty()) notes_ += "\n\n";
  notes_ += indent_block(markdown, "[^" + label + "]: ", "    ");
}

std::string BlockWriter::take() {
  flush();
  if (!notes_.empty()) blocks_.push_back(std::move(notes_));
  notes_.clear();
  std::string out = join_blocks(blocks_, "\n\n");
  blocks_.clear();
  return out;
}

}  // namespace twin::feature::office
