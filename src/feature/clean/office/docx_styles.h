// styles.xml and numbering.xml of a DOCX: which paragraphs are headings, code, list items.
#pragma once

#include <map>
#include <optional>
#include <pugixml.hpp>
#include <string>

namespace twin::feature::office {

/// An attribute whatever the prefix of its namespace ("w:val", "val").
[[nodiscard]] std::string_view attribute(const pugi::xml_node& node, std::string_view local_name);

/// The level of a heading by <w:outlineLvl>: 1 to 9; 10 for text.
[[nodiscard]] int outline_heading(const pugi::xml_node& outline);

struct DocxStyle {
  int heading = 0;                                                    ///< 1 to 9; 0: none
  bool title = false, code = false, quote = false, contents = false;  ///< contents: a line of the table of contents
  std::string num_id;
  int level = 0;
};

class DocxStyles {
 public:
  explicit DocxStyles(const pugi::xml_document& styles);
  [[nodiscard]] const DocxStyle& of(const std::string& id) const;

 private:
  std::map<std::string, DocxStyle> styles_;
};

/// Numbers of list items, counted as Word does: a list goes on after other paragraphs, deeper levels start again.
class DocxNumbering {
 public:
  explicit DocxNumbering(const pugi::xml_document& numbering);
  /// The number of the next item of this list at this level; 0 for a bullet; nullopt when the list does not exist or
  /// shows no mark at all.
  [[nodiscard]] std::optional<int> next(const std::string& num_id, int level);

 private:
  struct Level {
    bool bullet = false, none = false;
    int start = 1;
  };
  std::map<std::string, std::map<int, Level>> levels_;  ///< by num id, overrides applied
  std::map<std::string, std::string> abstract_;  ///< num id → abstract id: lists of one abstract count together
  std::map<std::string, std::map<int, int>> counters_;
};

}  // namespace twin::feature::office
