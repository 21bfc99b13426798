#include "feature/clean/office/odt.h"

#include <algorithm>
#include <array>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/clean/inline_markdown.h"
#include "feature/clean/markdown_escape.h"
#include "feature/clean/office/blocks.h"
#include "feature/clean/office/odt_styles.h"
#include "feature/clean/office/package.h"

namespace twin::feature {
namespace {

using office::is;
using Xml = pugi::xml_node;

/// A cell or row repeated more often than this fills a sheet with nothing.
constexpr int max_repeat = 100;
/// A cell with more text than this comes once, however often it says.
constexpr std::size_t max_repeated_text = 1000;
/// What LibreOffice writes for a run of blanks may not become a page of them.
constexpr int max_blanks = 1000;

bool one_of(const Xml& node, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), std::string_view(node.name())) != names.end();
}
std::string value(const Xml& node, const char* attribute) {
  return node.attribute(attribute).value();
}

class OdtReader {
 public:
  explicit OdtReader(const office::OdtStyles& styles) : styles_(styles) {}

  void blocks(const Xml& parent, office::BlockWriter& out) {
    for (const Xml& node : parent.children()) {
      if (is(node, "text:h")) {
        std::vector<Xml> boxes;
        out.heading(node.attribute("text:outline-level").as_int(1), inlines(node, true, boxes));
        for (const Xml& box : boxes) blocks(box, out);
      } else if (is(node, "text:p")) {
        paragraph(node, out);
      } else if (is(node, "text:list")) {
        list(node, value(node, "text:style-name"), 1, out);
      } else if (is(node, "table:table")) {
        table(node, out);
      } else if (one_of(node, {"text:table-of-content", "text:alphabetical-index", "text:illustration-index"})) {
        ++contents;
      } else if (is(node, "text:tracked-changes")) {
        for (const Xml& change : node.children()) deleted += change.child("text:deletion") ? 1 : 0;
      } else if (one_of(node, {"text:section", "text:numbered-paragraph", "draw:text-box"})) {
        blocks(node, out);
      } else if (is(node, "draw:frame")) {
        std::vector<Xml> boxes;
        InlineMarkdown image;
        frame(node, image, boxes);
        out.paragraph(image.take());
        for (const Xml& box : boxes) blocks(box, out);
      }
    }
  }

  std::vector<Xml> notes;  ///< bodies, in the order they are referred to
  std::string title;
  int deleted = 0, images = 0, contents = 0;

 private:
  void paragraph(const Xml& node, office::BlockWriter& out) {
    const auto style = styles_.of(value(node, "text:style-name"));
    if (style.code) {
      std::string line;
      plain(node, line);
      out.code(line);
      return;
    }
    std::vector<Xml> boxes;
    const std::string markdown = inlines(node, style.title, boxes);
    if (style.title) {
      if (title.empty()) {
        plain(node, title);
        title = std::string(text::trim(collapse_spaces(title)));
      }
      out.heading(1, markdown);
    } else if (style.quote) {
      out.quote(markdown);
    } else {
      out.paragraph(markdown);
    }
    for (const Xml& box : boxes) blocks(box, out);
  }

  void list(const Xml& node, const std::string& style, int level, office::BlockWriter& out) {
    const auto format = styles_.list(style, level);
    int number = format.start;
    const std::string counter = style + "/" + std::to_string(level);
    if (node.attribute("text:continue-numbering").as_bool() && counters_.contains(counter)) number = counters_[counter];
    for (const Xml& item : node.children()) {
      if (!one_of(item, {"text:list-item", "text:list-header"})) continue;
      number = std::clamp(item.attribute("text:start-value").as_int(number), 0, office::max_list_number);
      bool first = true;
      for (const Xml& child : item.children()) {
        if (is(child, "text:list")) {
          const std::string own = value(child, "text:style-name");
          list(child, own.empty() ? style : own, level + 1, out);
        } else if (one_of(child, {"text:p", "text:h"})) {
          std::vector<Xml> boxes;
          const std::string markdown = inlines(child, false, boxes);
          if (first && is(item, "text:list-item")) {
            out.list_item(level - 1, format.number ? std::max(number, 1) : 0, markdown);
            first = first && markdown.empty();
          } else {
            out.list_continuation(markdown);
          }
          for (const Xml& box : boxes) blocks(box, out);
        }
      }
      if (!first && number < office::max_list_number) ++number;
    }
    counters_[counter] = number;
  }

  std::string inlines(const Xml& node, bool one_line, std::vector<Xml>& boxes) {
    InlineMarkdown out;
    run(node, out, boxes);  // a paragraph that is bold as a whole is a matter of looks
    return out.take(one_line);
  }

  void run(const Xml& parent, InlineMarkdown& out, std::vector<Xml>& boxes) {
    for (const Xml& node : parent.children()) {
      if (node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata) {
        out.text(node.value());
      } else if (is(node, "text:s") || is(node, "text:tab")) {
        out.text(" ");
      } else if (is(node, "text:line-break")) {
        out.line_break();
      } else if (is(node, "text:a")) {
        InlineMarkdown inside;
        run(node, inside, boxes);
        const std::string label = inside.take(true), url = value(node, "xlink:href");
        const bool within = url.empty() || url.starts_with('#');
        if (!label.empty()) out.raw(within ? label : "[" + label + "](" + link_destination(url) + ")");
      } else if (is(node, "text:note")) {
        notes.push_back(node.child("text:note-body"));
        out.raw("[^" + std::to_string(notes.size()) + "]");
      } else if (is(node, "draw:frame")) {
        frame(node, out, boxes);
      } else if (is(node, "text:span")) {
        span(node, out, boxes);
      } else if (!one_of(node, {"office:annotation", "text:tracked-changes", "text:ruby-text", "office:event-listeners",
                                "svg:title", "svg:desc"})) {
        run(node, out, boxes);
      }
    }
  }

  void span(const Xml& node, InlineMarkdown& out, std::vector<Xml>& boxes) {
    const auto style = styles_.of(value(node, "text:style-name"));
    if (style.code) {
      std::string text;
      plain(node, text);
      out.code(text);
      return;
    }
    const std::array<std::pair<bool, std::string_view>, 3> marks = {
        {{style.bold, "**"}, {style.italic, "*"}, {style.strike, "~~"}}};
    for (const auto& [is_on, mark] : marks) {
      if (is_on) out.open(mark);
    }
    run(node, out, boxes);
    for (auto mark = marks.rbegin(); mark != marks.rend(); ++mark) {
      if (mark->first) out.close(mark->second);
    }
  }

  void frame(const Xml& node, InlineMarkdown& out, std::vector<Xml>& boxes) {
    if (const Xml box = node.child("draw:text-box")) {
      boxes.push_back(box);
      return;
    }
    const Xml image = node.child("draw:image");
    if (!image) return;
    std::string alt = office::child_text(node, "svg:desc");
    if (alt.empty()) alt = office::child_text(node, "svg:title");
    if (alt.empty()) {
      ++images;
      return;
    }
    out.raw("![" + escape_markdown(collapse_spaces(alt)) + "](" + link_destination(value(image, "xlink:href")) + ")");
  }

  /// Text without markup, blanks kept: for code and titles.
  void plain(const Xml& parent, std::string& out) {
    for (const Xml& node : parent.children()) {
      if (node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata) {
        out += node.value();
      } else if (is(node, "text:s")) {
        out.append(static_cast<std::size_t>(std::clamp(node.attribute("text:c").as_int(1), 1, max_blanks)), ' ');
      } else if (is(node, "text:tab")) {
        out += '\t';
      } else if (is(node, "text:line-break")) {
        out += '\n';
      } else if (!one_of(node, {"office:annotation", "text:note"})) {
        plain(node, out);
      }
    }
  }

  void rows(const Xml& parent, std::vector<std::vector<Xml>>& out, int& header) {
    for (const Xml& node : parent.children()) {
      if (is(node, "table:table-row")) {
        auto& row = out.emplace_back();
        for (const Xml& cell : node.children()) {
          if (!one_of(cell, {"table:table-cell", "table:covered-table-cell"})) continue;
          int repeat = std::clamp(cell.attribute("table:number-columns-repeated").as_int(1), 1, max_repeat);
          if (row.size() >= office::max_filled_row || office::text_below(cell).size() > max_repeated_text) repeat = 1;
          row.insert(row.end(), static_cast<std::size_t>(repeat), cell);
        }
      } else if (one_of(node, {"table:table-header-rows", "table:table-rows", "table:table-row-group"})) {
        rows(node, out, header);
        if (is(node, "table:table-header-rows")) header = static_cast<int>(out.size());
      }
    }
  }

  void table(const Xml& node, office::BlockWriter& out) {
    std::vector<std::vector<Xml>> cells;
    int header = 0;
    rows(node, cells, header);
    if (std::all_of(cells.begin(), cells.end(), [](const auto& row) { return row.size() < 2; })) {
      for (const auto& row : cells) {
        for (const Xml& cell : row) blocks(cell, out);
      }
      return;
    }
    std::vector<std::vector<std::string>> lines;
    for (const auto& row : cells) {
      auto& line = lines.emplace_back();
      for (const Xml& cell : row) line.push_back(cell_text(cell));
      while (line.size() > 1 && line.back().empty()) line.pop_back();  // repeated empty cells fill the sheet's width
    }
    // Writer marks header rows rarely: the first row is one as in nearly every table of a text.
    out.table(lines, header > 0 || lines.size() > 1);
  }

  std::string cell_text(const Xml& cell) {
    std::string out;
    const auto add = [&](const std::string& text) {
      if (text.empty()) return;
      if (!out.empty()) out += "<br>";
      out += text;
    };
    for (const Xml& node : cell.children()) {
      std::vector<Xml> boxes;
      if (one_of(node, {"text:p", "text:h"})) add(inlines(node, true, boxes));
      if (one_of(node, {"text:list", "table:table"})) {
        add(escape_markdown(text::trim(collapse_spaces(office::text_below(node)))));
      }
    }
    return out;
  }

  const office::OdtStyles& styles_;
  std::map<std::string, int> counters_;
};

bool is_odt_part(std::string_view part) {
  return part == "content.xml" || part == "styles.xml" || part == "meta.xml" || part == "META-INF/manifest.xml";
}

void read_meta(const pugi::xml_document& document, Cleaned& out) {
  const Xml meta = document.document_element().child("office:meta");
  out.title = office::child_text(meta, "dc:title");
  std::string author = office::child_text(meta, "meta:initial-creator");
  if (author.empty()) author = office::child_text(meta, "dc:creator");
  if (!author.empty()) out.authors = {author};
  out.language = office::child_text(meta, "dc:language");
  out.published = parse_time(office::child_text(meta, "meta:creation-date")).value_or(0);
  if (const auto modified = parse_time(office::child_text(meta, "dc:date")))
    out.metadata["modified"] = format_time(*modified);
  if (const auto text = office::child_text(meta, "dc:description"); !text.empty()) out.metadata["description"] = text;
  std::string tags;
  for (const Xml& keyword : meta.children("meta:keyword")) {
    tags += (tags.empty() ? "" : ", ") + std::string(text::trim(office::text_below(keyword)));
  }
  if (!tags.empty()) out.metadata["tags"] = tags;
}

}  // namespace

Result<Cleaned> clean_odt(const RawDocument& raw, const FormatRules& rules) {
  const auto parts = office::read_parts(raw.bytes, raw.url, rules, is_odt_part);
  if (!parts) return tl::unexpected(parts.error());
  if (!parts->contains("content.xml")) {
    return fail(ErrorKind::invalid, tr("This is no OpenDocument text: {} is missing", "content.xml"), raw.url);
  }
  const auto manifest = parts->find("META-INF/manifest.xml");
  if (manifest != parts->end() && manifest->second.find("encryption-data") != std::string::npos) {
    return fail(ErrorKind::invalid, tr("The document is encrypted"), raw.url, tr("Save it without a password"));
  }
  auto content = office::part(*parts, "content.xml", rules);
  auto styles = office::part(*parts, "styles.xml", rules);
  auto meta = office::part(*parts, "meta.xml", rules);
  for (const auto* document : {&content, &styles, &meta}) {
    if (!*document) return tl::unexpected(document->error());
  }
  const office::OdtStyles known(*styles, *content);
  OdtReader reader(known);
  office::BlockWriter writer;
  reader.blocks(content->document_element().child("office:body").child("office:text"), writer);
  for (std::size_t i = 0; i < reader.notes.size(); ++i) {  // notes may have notes
    office::BlockWriter text;
    const Xml body = reader.notes[i];
    reader.blocks(body, text);
    writer.footnote(std::to_string(i + 1), text.take());
  }
  Cleaned out;
  read_meta(*meta, out);
  if (out.title.empty()) out.title = reader.title;
  out.markdown = writer.take();
  const auto note = [&](int count, std::string message) {
    if (count > 0) out.notes.push_back({ErrorKind::invalid, std::move(message), raw.url, {}});
  };
  note(reader.deleted, tr("{} tracked deletions were left out", reader.deleted));
  note(reader.images, tr("{} images without a description were left out", reader.images));
  note(reader.contents, tr("{} lines of the table of contents were left out", reader.contents));
  return out;
}

}  // namespace twin::feature
