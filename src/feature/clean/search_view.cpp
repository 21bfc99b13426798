#include "feature/clean/search_view.h"

#include <algorithm>

#include "core/text/unicode.h"
#include "feature/collect/canonical_url.h"
#include "stores/warehouse/picture_texts.h"

namespace twin::feature {
namespace {

struct HeadingAbove {
  int level = 0;
  std::string text;
  bool operator==(const HeadingAbove&) const = default;
};

/// "images/boot%20menu.png?w=300" → "boot menu.png".
std::string name_of_picture(const std::string& source) {
  const std::string link = source.substr(0, source.find_first_of("?#"));
  const std::string name = link.substr(link.find_last_of('/') + 1);
  return path_of_file_url("file:///" + name).value_or("/" + name).substr(1);
}

class SearchView {
 public:
  explicit SearchView(const stores::Document& document)
      : document_(document), view_(prose_view(document.body)), blocks_(view_.blocks.size()) {
    shown_ = view_.pictures;
  }

  ProseView build() {
    for (const stores::PictureText& text : stores::picture_texts(document_)) add(text);
    return std::move(view_);
  }

 private:
  void add(const stores::PictureText& text) {
    const ProseView said = prose_view(text.markdown);
    if (said.blocks.empty()) return;
    const auto picture =
        std::find_if(shown_.begin(), shown_.end(), [&](const Picture& p) { return p.source == text.source; });
    std::string words;
    std::vector<HeadingAbove> above;
    if (picture != shown_.end()) {
      words = view_.text.substr(picture->span.start, picture->span.end - picture->span.start);
      std::replace(words.begin(), words.end(), '\n', ' ');
      above = headings_above(picture->span.start);
    }
    if (above != above_) {
      for (const HeadingAbove& heading : above) append(Block::Kind::heading, heading.level, heading.text);
    }
    // Under no heading it must not stand under the last one.
    const int level = above.empty() ? 1 : above.back().level + 1;
    append(Block::Kind::heading, level, label() + ": " + (words.empty() ? name_of_picture(text.source) : words));
    above_ = std::move(above);
    const std::size_t first = view_.blocks.size();
    for (const Block& block : said.blocks) {
      append(Block::Kind::paragraph, 0, said.text.substr(block.span.start, block.span.end - block.span.start));
    }
    view_.pictures.push_back({{view_.blocks[first].span.start, view_.text.size()}, text.source, true});
  }

  /// In the document's language, as its headings are.
  [[nodiscard]] std::string label() const {
    return document_.language == "ko" ? "그림 (OCR로 읽음)" : "Picture (read by OCR)";
  }

  /// The headings of the document, outermost first, that a byte of its prose stands under.
  [[nodiscard]] std::vector<HeadingAbove> headings_above(std::size_t at) const {
    std::vector<HeadingAbove> open;
    for (std::size_t i = 0; i < blocks_; ++i) {
      const Block& block = view_.blocks[i];
      if (block.span.start > at) break;
      if (block.kind != Block::Kind::heading) continue;
      while (!open.empty() && open.back().level >= block.level) open.pop_back();
      open.push_back({block.level, view_.text.substr(block.span.start, block.span.end - block.span.start)});
    }
    return open;
  }

  void append(Block::Kind kind, int level, const std::string& content) {
    if (!view_.text.empty()) view_.text += "\n\n";
    const std::size_t start = view_.text.size();
    view_.text += content;
    view_.blocks.push_back({kind, level, {start, view_.text.size()}});
  }

  const stores::Document& document_;
  ProseView view_;
  std::size_t blocks_;               ///< of the document itself
  std::vector<Picture> shown_;       ///< in the document
  std::vector<HeadingAbove> above_;  ///< of the picture before
};

}  // namespace

ProseView search_view(const stores::Document& document) {
  return SearchView(document).build();
}

}  // namespace twin::feature
