// Word-processor paragraphs → blocks of Markdown: lists, code and footnotes put together from single paragraphs.
#pragma once

#include <string>
#include <vector>

namespace twin::feature::office {

/// Numbers of list items have at most nine digits (CommonMark, 5.2).
constexpr int max_list_number = 999'999'999;
/// Styles are read from so many of their ancestors: word processors nest a handful.
constexpr std::size_t max_style_ancestors = 32;
/// In a row this wide, cells that are only there by a span or a repetition are left out.
constexpr std::size_t max_filled_row = 1000;

class BlockWriter {
 public:
  /// Level 1 to 6; empty headings are left out.
  void heading(int level, const std::string& markdown);
  void paragraph(const std::string& markdown);
  void quote(const std::string& markdown);
  /// `level` from 0; items in a row make one list. `number` 0: a bullet.
  void list_item(int level, int number, const std::string& markdown);
  /// A further block inside the last item.
  void list_continuation(const std::string& markdown);
  /// Lines of code in a row make one block.
  void code(const std::string& line);
  void table(const std::vector<std::vector<std::string>>& rows, bool header);
  void footnote(const std::string& label, const std::string& markdown);
  [[nodiscard]] bool in_list() const { return !list_.empty(); }
  /// Everything so far; the writer is empty afterwards.
  [[nodiscard]] std::string take();

 private:
  void flush();
  std::vector<std::string> blocks_;
  std::string list_;                  ///< the list being written
  std::vector<std::size_t> indents_;  ///< of the content of each open level
  std::string code_;
  bool in_code_ = false;
  std::string notes_;
};

}  // namespace twin::feature::office
