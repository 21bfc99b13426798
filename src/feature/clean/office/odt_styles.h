// Styles of an OpenDocument text: which paragraphs are code or quotes, which spans bold, which lists numbered.
#pragma once

#include <map>
#include <pugixml.hpp>
#include <string>

namespace twin::feature::office {

struct OdtStyle {
  bool bold = false, italic = false, strike = false, code = false, quote = false, title = false;
};

struct OdtListLevel {
  bool number = false;
  int start = 1;
};

class OdtStyles {
 public:
  /// From styles.xml and the automatic styles of content.xml.
  OdtStyles(const pugi::xml_document& styles, const pugi::xml_document& content);
  [[nodiscard]] OdtStyle of(const std::string& name) const;
  /// Of a list style, at a level from 1. Unknown ones are bullets.
  [[nodiscard]] OdtListLevel list(const std::string& name, int level) const;

 private:
  void read(const pugi::xml_node& styles);
  std::map<std::string, pugi::xml_node> nodes_;
  std::map<std::string, OdtStyle> styles_;
  std::map<std::string, std::map<int, OdtListLevel>> lists_;
};

}  // namespace twin::feature::office
