// Clean: foreign bytes → Markdown; Markdown → prose view; passage → retrieval view.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/text/sentences.h"
#include "feature/category.h"
#include "feature/clean/picture.h"
#include "feature/sources/source.h"

namespace twin::feature {

/// Bump when the output of anything below changes: part of cache keys.
inline constexpr int clean_version = 6;

/// Something of the source that is not in the result.
struct Removal {
  std::string reason;  ///< "nav", "comments", a selector of the category, "control characters" …
  std::string path;    ///< where: the element and what it stands in ("main > div.share"), a line; may be empty
  std::string text;    ///< what a reader would have seen, white space collapsed; may be empty
};

struct CleanOptions {
  bool record_removals = false;  ///< fill Cleaned::removed
};

struct Cleaned {
  std::string markdown;  ///< UTF-8, NFC, structure kept
  std::string title;     ///< from the content when the source gave none
  std::string language;  ///< primary subtag: "en", "ko"
  UnixMillis published = 0;
  UnixMillis modified = 0;                      ///< as the content says; 0: it does not
  std::string read_as;                          ///< "article" for HTML, "markdown", "text", "code"
  std::vector<std::string> authors;             ///< as the content names them
  std::map<std::string, std::string> metadata;  ///< canonical link, tags, description, front matter, charset …
  std::vector<Error> notes;                     ///< what was removed or repaired, with the reason
  std::vector<Removal> removed;                 ///< in order of the source; only when asked for
};

/// By media type: text/html (lexbor), text/markdown, text/plain, text/x-<language> (source code as a fenced block),
/// Jupyter notebooks, and what is_binary_format() names: PDF, DOCX, ODT, EPUB, images.
/// Invalid UTF-8 is repaired and noted; binary data is ErrorKind::invalid.
[[nodiscard]] Result<Cleaned> clean(const RawDocument& raw, const CleanRules& rules, const CleanOptions& options = {});

/// A block of the prose view.
struct Block {
  enum class Kind { heading, paragraph, code, table, list_item, quote };
  Kind kind = Kind::paragraph;
  int level = 0;    ///< of headings, 1 to 6
  text::Span span;  ///< bytes of ProseView::text
};

/// Prose view: the document as it reads, without markup: case, punctuation, paragraphs and code kept; links and
/// emphasis reduced to their text, pictures to their words, list items with the bullet or number that a reader sees,
/// table rows one a line. Blocks are separated by one empty line and cover every non-space byte, in order.
struct ProseView {
  std::string text;
  std::vector<Block> blocks;
  std::vector<Picture> pictures = {};  ///< in order of their place
};
[[nodiscard]] ProseView prose_view(const std::string& markdown);

/// Retrieval view of a passage: title, heading path and text, white space collapsed, NFC.
[[nodiscard]] std::string retrieval_view(const std::string& title, const std::vector<std::string>& headings,
                                         std::string_view passage);

}  // namespace twin::feature
