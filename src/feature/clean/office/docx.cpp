#include "feature/clean/office/docx.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <memory>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/clean/inline_markdown.h"
#include "feature/clean/markdown_escape.h"
#include "feature/clean/office/blocks.h"
#include "feature/clean/office/docx_styles.h"
#include "feature/clean/office/package.h"

namespace twin::feature {
namespace {

using office::attribute;
using office::is;
using Xml = pugi::xml_node;

/// <w:b/>, <w:b w:val="true"/>, but not <w:b w:val="0"/>.
bool on(const Xml& properties, const char* name) {
  const Xml flag = properties.child(name);
  const auto value = attribute(flag, "val");
  return flag && value != "0" && value != "false" && value != "none" && value != "off";
}

bool monospaced(const Xml& properties) {
  static constexpr std::array<std::string_view, 6> fonts = {"consolas", "courier",  "mono",
                                                            "menlo",    "d2coding", "cascadia"};
  const std::string font = text::fold(attribute(properties.child("w:rFonts"), "ascii"));
  return std::any_of(fonts.begin(), fonts.end(),
                     [&](std::string_view name) { return font.find(name) != std::string::npos; });
}

std::map<std::string, std::string> relationships(const office::Parts& parts, const std::string& part,
                                                 const FormatRules& rules) {
  std::map<std::string, std::string> out;
  const auto found = parts.find(part);
  if (found == parts.end()) return out;
  const auto document = office::parse_xml(found->second, part, rules);
  if (!document) return out;
  for (const auto& entry : document->document_element().children())
    out[entry.attribute("Id").value()] = entry.attribute("Target").value();
  return out;
}

/// One walk over the body, the notes or a cell.
class DocxReader {
 public:
  DocxReader(const office::DocxStyles& styles, office::DocxNumbering& numbering,
             std::map<std::string, std::string> targets)
      : styles_(styles), numbering_(numbering), targets_(std::move(targets)) {}

  void blocks(const Xml& parent, office::BlockWriter& out) {
    for (const Xml& node : parent.children()) {
      if (is(node, "w:p")) {
        paragraph(node, out);
      } else if (is(node, "w:tbl")) {
        table(node, out);
      } else if (is(node, "w:sdt")) {
        blocks(node.child("w:sdtContent"), out);
      } else if (is(node, "w:ins") || is(node, "w:moveTo") || is(node, "w:customXml") || is(node, "w:smartTag")) {
        blocks(node, out);
      } else if (is(node, "w:del") || is(node, "w:moveFrom")) {
        ++deleted;
      }
    }
  }

  /// The text of notes, in the order they are referred to.
  std::vector<std::string> references;  ///< "footnotes 2", "endnotes 1"
  std::string title;
  int deleted = 0, images = 0, contents = 0;

 private:
  void paragraph(const Xml& node, office::BlockWriter& out) {
    const Xml properties = node.child("w:pPr");
    const auto& style = styles_.of(std::string(attribute(properties.child("w:pStyle"), "val")));
    if (style.contents) {
      ++contents;
      return;
    }
    if (style.code) {
      std::string line;
      code_text(node, line);
      out.code(line);
      return;
    }
    int heading = style.heading;
    if (const Xml outline = properties.child("w:outlineLvl")) heading = office::outline_heading(outline);
    InlineMarkdown inlines;
    std::vector<Xml> boxes;
    field_ = {};
    runs(node, inlines, boxes);
    close_field(inlines);
    const bool one_line = (heading > 0 && heading < 10) || style.title;
    const std::string markdown = inlines.take(one_line);
    if (one_line) {
      if (style.title && title.empty()) {
        code_text(node, title);
        title = std::string(text::trim(collapse_spaces(title)));
      }
      out.heading(style.title ? 1 : heading, markdown);
    } else {
      list_or_paragraph(properties, style, markdown, out);
    }
    for (const Xml& box : boxes) blocks(box, out);
  }

  void list_or_paragraph(const Xml& properties, const office::DocxStyle& style, const std::string& markdown,
                         office::BlockWriter& out) {
    std::string num_id = style.num_id;
    int level = style.level;
    if (const Xml list = properties.child("w:numPr")) {
      if (list.child("w:numId")) num_id = attribute(list.child("w:numId"), "val");
      level = number(attribute(list.child("w:ilvl"), "val"), level);
    }
    if (!num_id.empty() && num_id != "0" && !markdown.empty()) {
      if (const auto item = numbering_.next(num_id, level)) {
        out.list_item(level, *item, markdown);
        return;
      }
    }
    if (style.quote) {
      out.quote(markdown);
    } else if (out.in_list() && properties.child("w:ind") &&
               number(attribute(properties.child("w:ind"), "left"), 0) > 0) {
      out.list_continuation(markdown);  // an indented paragraph below an item belongs to it
    } else {
      out.paragraph(markdown);
    }
  }

  void runs(const Xml& parent, InlineMarkdown& out, std::vector<Xml>& boxes) {
    for (const Xml& node : parent.children()) {
      if (is(node, "w:r")) {
        run(node, out, boxes);
      } else if (is(node, "w:hyperlink")) {
        const auto target = targets_.find(std::string(attribute(node, "id")));
        link(target == targets_.end() ? std::string() : target->second, node, out, boxes);
      } else if (is(node, "w:fldSimple")) {
        link(hyperlink_of(std::string(attribute(node, "instr"))), node, out, boxes);
      } else if (is(node, "w:del") || is(node, "w:moveFrom")) {
        ++deleted;
      } else if (is(node, "m:oMath") || is(node, "m:oMathPara")) {
        out.text(office::text_below(node));
      } else if (is(node, "w:sdt")) {
        runs(node.child("w:sdtContent"), out, boxes);
      } else if (is(node, "w:ins") || is(node, "w:moveTo") || is(node, "w:smartTag") || is(node, "w:customXml")) {
        runs(node, out, boxes);
      }
    }
  }

  void link(const std::string& url, const Xml& node, InlineMarkdown& out, std::vector<Xml>& boxes) {
    if (url.empty()) {
      runs(node, out, boxes);
      return;
    }
    InlineMarkdown inside;
    runs(node, inside, boxes);
    const std::string label = inside.take(true);
    if (!label.empty()) out.raw("[" + label + "](" + link_destination(url) + ")");
  }

  void run(const Xml& node, InlineMarkdown& out, std::vector<Xml>& boxes) {
    const Xml properties = node.child("w:rPr");
    if (on(properties, "w:vanish")) return;
    InlineMarkdown& to = field_.inside != nullptr ? *field_.inside : out;
    const auto& style = styles_.of(std::string(attribute(properties.child("w:rStyle"), "val")));
    if (style.code || monospaced(properties)) {
      std::string text;
      code_text(node, text);
      to.code(text);
      special(node, out, boxes);
      return;
    }
    std::vector<std::string_view> marks;
    if (on(properties, "w:b")) marks.emplace_back("**");
    if (on(properties, "w:i")) marks.emplace_back("*");
    if (on(properties, "w:strike")) marks.emplace_back("~~");
    for (const auto mark : marks) to.open(mark);
    for (const Xml& part : node.children()) {
      if (is(part, "w:t")) {
        (field_.inside != nullptr ? *field_.inside : out).text(office::text_below(part));
      } else if (is(part, "w:tab")) {
        to.text(" ");
      } else if (is(part, "w:noBreakHyphen")) {
        to.text("-");
      } else if ((is(part, "w:br") && attribute(part, "type").empty()) || is(part, "w:cr")) {
        to.line_break();
      }
    }
    for (auto mark = marks.rbegin(); mark != marks.rend(); ++mark) to.close(*mark);
    special(node, out, boxes);
  }

  /// What is not text: notes, images, text boxes, fields.
  void special(const Xml& run, InlineMarkdown& out, std::vector<Xml>& boxes) {
    for (const Xml& part : run.children()) {
      if (is(part, "w:footnoteReference") || is(part, "w:endnoteReference")) {
        const std::string kind = is(part, "w:footnoteReference") ? "footnotes " : "endnotes ";
        // A note that is referred to again is written once: else a small file could make a huge text.
        const auto [label, first] = labels_.emplace(kind + std::string(attribute(part, "id")), references.size() + 1);
        if (first) references.push_back(label->first);
        out.raw("[^" + std::to_string(label->second) + "]");
      } else if (is(part, "w:fldChar")) {
        field(std::string(attribute(part, "fldCharType")), out);
      } else if (is(part, "w:instrText") && field_.open) {
        field_.instruction += office::text_below(part);
      } else if (is(part, "w:drawing") || is(part, "w:pict") || is(part, "w:object")) {
        drawing(part, out, boxes);
      } else if (is(part, "mc:AlternateContent")) {
        special(part.child("mc:Choice"), out, boxes);
      }
    }
  }

  void drawing(const Xml& node, InlineMarkdown& out, std::vector<Xml>& boxes) {
    std::string alt, embedded;
    bool box = false;
    const std::function<void(const Xml&)> walk = [&](const Xml& at) {
      if (is(at, "w:txbxContent")) {
        boxes.push_back(at);
        box = true;
        return;
      }
      if (is(at, "wp:docPr")) alt = attribute(at, "descr").empty() ? attribute(at, "title") : attribute(at, "descr");
      if (is(at, "v:shape") && alt.empty()) alt = attribute(at, "alt");
      if (is(at, "a:blip")) embedded = attribute(at, "embed");
      for (const Xml& child : at.children()) walk(child);
    };
    walk(node);
    if (box) return;
    alt = std::string(text::trim(collapse_spaces(alt)));
    if (alt.empty()) {
      ++images;
      return;
    }
    const auto target = targets_.find(embedded);
    out.raw("![" + escape_markdown(alt) + "](" + link_destination(target == targets_.end() ? "" : target->second) +
            ")");
  }

  /// Complex fields: begin, instruction, separate, result, end. Only links matter; results are text like any other.
  void field(const std::string& type, InlineMarkdown& out) {
    if (type == "begin") {
      ++field_.depth;
      if (field_.depth == 1) field_.open = true;
    } else if (type == "separate" && field_.depth == 1) {
      field_.open = false;
      field_.url = hyperlink_of(field_.instruction);
      if (!field_.url.empty()) field_.inside = std::make_unique<InlineMarkdown>();
    } else if (type == "end" && field_.depth > 0 && --field_.depth == 0) {
      close_field(out);
    }
  }
  void close_field(InlineMarkdown& out) {
    if (field_.inside != nullptr) {
      const std::string label = field_.inside->take(true);
      if (!label.empty()) out.raw("[" + label + "](" + link_destination(field_.url) + ")");
    }
    field_ = {};
  }

  /// ` HYPERLINK "https://…" \o "…" `
  static std::string hyperlink_of(const std::string& instruction) {
    const auto trimmed = text::trim(instruction);
    constexpr std::string_view word = "HYPERLINK";
    if (!trimmed.starts_with(word)) return {};
    const auto rest = text::trim(trimmed.substr(word.size()));
    if (!rest.starts_with('"')) return {};
    return std::string(rest.substr(1, rest.find('"', 1) - 1));
  }

  /// Code keeps its spaces and has no markup.
  void code_text(const Xml& parent, std::string& out) {
    for (const Xml& node : parent.children()) {
      if (is(node, "w:t")) {
        out += office::text_below(node);
      } else if (is(node, "w:tab")) {
        out += '\t';
      } else if (is(node, "w:br") || is(node, "w:cr")) {
        out += '\n';
      } else if (is(node, "w:del") || is(node, "w:moveFrom")) {
        ++deleted;
      } else if (!is(node, "w:pPr") && !is(node, "w:rPr")) {
        code_text(node, out);
      }
    }
  }

  void table(const Xml& node, office::BlockWriter& out) {
    std::vector<std::vector<Xml>> cells;
    bool header = number(attribute(node.child("w:tblPr").child("w:tblLook"), "firstRow"), 1) != 0;
    for (const Xml& row : node.children("w:tr")) {
      if (on(row.child("w:trPr"), "w:tblHeader")) header = true;
      if (row.child("w:trPr").child("w:del")) {
        ++deleted;
        continue;
      }
      auto& line = cells.emplace_back();
      for (const Xml& cell : row.children("w:tc")) line.push_back(cell);
    }
    const bool layout = std::all_of(cells.begin(), cells.end(), [](const auto& row) { return row.size() < 2; });
    if (layout) {  // one column: a frame around text
      for (const auto& row : cells) {
        for (const Xml& cell : row) blocks(cell, out);
      }
      return;
    }
    std::vector<std::vector<std::string>> rows;
    constexpr int widest_span = 100;
    for (const auto& row : cells) {
      auto& line = rows.emplace_back();
      for (const Xml& cell : row) {
        const Xml properties = cell.child("w:tcPr");
        const Xml merged = properties.child("w:vMerge");
        const bool continued = merged && attribute(merged, "val") != "restart";
        line.push_back(continued ? std::string() : cell_text(cell));
        const int span = std::clamp(number(attribute(properties.child("w:gridSpan"), "val"), 1), 1, widest_span);
        if (line.size() < office::max_filled_row) line.insert(line.end(), static_cast<std::size_t>(span - 1), {});
      }
    }
    out.table(rows, header && rows.size() > 1);
  }

  /// A cell of a Markdown table is one line.
  std::string cell_text(const Xml& cell) {
    std::string out;
    for (const Xml& node : cell.children()) {
      std::string text;
      if (is(node, "w:p")) {
        InlineMarkdown inlines;
        std::vector<Xml> boxes;
        runs(node, inlines, boxes);
        close_field(inlines);
        text = inlines.take(true);
      } else if (is(node, "w:tbl") || is(node, "w:sdt")) {
        text = escape_markdown(text::trim(collapse_spaces(office::text_below(node))));
      }
      if (text.empty()) continue;
      if (!out.empty()) out += "<br>";
      out += text;
    }
    return out;
  }

  static int number(std::string_view text, int otherwise) {
    int value = otherwise;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  struct Field {
    int depth = 0;
    bool open = false;
    std::string instruction, url;
    std::unique_ptr<InlineMarkdown> inside;
  };

  const office::DocxStyles& styles_;
  office::DocxNumbering& numbering_;
  std::map<std::string, std::string> targets_;
  std::map<std::string, std::size_t> labels_;  ///< of references
  Field field_;
};

bool is_docx_part(std::string_view part) {
  return part == "word/document.xml" || part == "word/styles.xml" || part == "word/numbering.xml" ||
         part == "word/footnotes.xml" || part == "word/endnotes.xml" || part == "docProps/core.xml" ||
         (part.starts_with("word/_rels/") && part.ends_with(".rels"));
}

void read_properties(const pugi::xml_document& core, Cleaned& out) {
  const Xml root = core.document_element();
  out.title = office::child_text(root, "dc:title");
  if (const auto author = office::child_text(root, "dc:creator"); !author.empty()) out.authors = {author};
  out.language = office::child_text(root, "dc:language");
  out.published = parse_time(office::child_text(root, "dcterms:created")).value_or(0);
  const auto keep = [&](const char* key, const char* name) {
    if (const auto value = office::child_text(root, name); !value.empty()) out.metadata[key] = value;
  };
  keep("tags", "cp:keywords");
  keep("description", "dc:description");
  keep("subject", "dc:subject");
  if (const auto modified = parse_time(office::child_text(root, "dcterms:modified"))) {
    out.metadata["modified"] = format_time(*modified);
  }
}

}  // namespace

Result<Cleaned> clean_docx(const RawDocument& raw, const FormatRules& rules) {
  constexpr std::string_view compound_file = "\xD0\xCF\x11\xE0";
  if (raw.bytes.starts_with(compound_file)) {
    return fail(ErrorKind::invalid, tr("The document is encrypted, or an old binary .doc"), raw.url,
                tr("Save it as .docx without a password"));
  }
  const auto parts = office::read_parts(raw.bytes, raw.url, rules, is_docx_part);
  if (!parts) return tl::unexpected(parts.error());
  if (!parts->contains("word/document.xml")) {
    return fail(ErrorKind::invalid, tr("This is no Word document: {} is missing", "word/document.xml"), raw.url);
  }
  auto body = office::part(*parts, "word/document.xml", rules);
  auto styles = office::part(*parts, "word/styles.xml", rules);
  auto numbering = office::part(*parts, "word/numbering.xml", rules);
  auto core = office::part(*parts, "docProps/core.xml", rules);
  for (const auto* document : {&body, &styles, &numbering, &core}) {
    if (!*document) return tl::unexpected(document->error());
  }
  const office::DocxStyles known(*styles);
  office::DocxNumbering numbers(*numbering);
  office::BlockWriter writer;
  DocxReader reader(known, numbers, relationships(*parts, "word/_rels/document.xml.rels", rules));
  reader.blocks(body->document_element().child("w:body"), writer);

  // By kind and id, the first of an id: a hostile file may refer to thousands of notes.
  std::map<std::string, pugi::xml_document> documents;
  std::map<std::string, Xml> notes;
  std::map<std::string, std::map<std::string, std::string>> targets;
  for (const std::string kind : {"footnotes", "endnotes"}) {
    auto document = office::part(*parts, "word/" + kind + ".xml", rules);
    if (!document) return tl::unexpected(document.error());
    documents[kind] = std::move(*document);
    targets[kind] = relationships(*parts, "word/_rels/" + kind + ".xml.rels", rules);
    for (const Xml& note : documents[kind].document_element().children()) {
      notes.emplace(kind + " " + std::string(attribute(note, "id")), note);
    }
  }
  for (std::size_t i = 0; i < reader.references.size(); ++i) {
    const std::string& reference = reader.references[i];
    const auto found = notes.find(reference);
    if (found == notes.end()) continue;
    office::BlockWriter text;
    DocxReader inner(known, numbers, targets[reference.substr(0, reference.find(' '))]);
    inner.blocks(found->second, text);
    writer.footnote(std::to_string(i + 1), text.take());
  }

  Cleaned out;
  read_properties(*core, out);
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
