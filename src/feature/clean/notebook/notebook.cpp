#include "feature/clean/notebook/notebook.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/json.h"
#include "core/text/unicode.h"
#include "feature/clean/formats.h"
#include "feature/clean/markdown_blocks.h"
#include "feature/clean/markdown_escape.h"
#include "feature/clean/markdown_tree.h"

namespace twin::feature {
namespace {

constexpr int max_json_depth = 64;

const Json& member(const Json& object, const char* key) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

std::string string_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

/// Multi-line strings are stored as they are or as a list of lines.
std::string joined(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  std::string out;
  if (value.is_array()) {
    for (const auto& line : value) out += string_of(line);
  }
  return out;
}

/// Terminal colours (ECMA-48 control sequences) and carriage returns of progress bars.
std::string without_colours(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b' && i + 1 < text.size() && text[i + 1] == '[') {
      i += 2;
      while (i < text.size() && !(text[i] >= '@' && text[i] <= '~')) ++i;
    } else if (text[i] == '\r' && (i + 1 >= text.size() || text[i + 1] != '\n')) {
      out.erase(out.find_last_of('\n') == std::string::npos ? 0 : out.find_last_of('\n') + 1);
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string output_text(const Json& output) {
  const std::string type = string_of(member(output, "output_type"));
  if (type == "stream") return joined(member(output, "text"));
  if (type == "error" || type == "pyerr") {
    return string_of(member(output, "ename")) + ": " + string_of(member(output, "evalue"));
  }
  const Json& data = member(output, "data");  // nbformat 3 keeps the text beside the type
  return joined(data.is_object() ? member(data, "text/plain") : member(output, "text"));
}

std::string outputs_of(const Json& cell, const FormatRules& rules) {
  std::string text;
  const Json& outputs = member(cell, "outputs");
  if (!outputs.is_array()) return {};
  for (const auto& output : outputs) {
    std::string one = without_colours(output_text(output));
    if (!text.empty() && text.back() != '\n' && !one.empty()) text += '\n';
    text += one;
  }
  const auto points = text::codepoints(text);
  const auto most = static_cast<std::size_t>(rules.notebook_output_characters);
  if (points.size() > most) {
    text.erase(points[most].offset);
    text += "\n… " + tr("[{} more characters]", points.size() - most);
  }
  return text;
}

std::string language_of(const Json& root) {
  const Json& metadata = member(root, "metadata");
  for (const auto& name :
       {string_of(member(member(metadata, "language_info"), "name")),
        string_of(member(member(metadata, "kernelspec"), "language")), string_of(member(metadata, "language")),
        string_of(member(member(metadata, "kernelspec"), "name"))}) {
    if (name.empty()) continue;
    std::string folded = text::fold(name);
    if (folded.starts_with("python") || folded.starts_with("ipython")) return "python";
    if (folded == "ir") return "r";
    const bool plain = folded.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+#-_.") == std::string::npos;
    if (plain) return folded;
  }
  return "python";
}

}  // namespace

Result<Cleaned> clean_notebook(const std::string& utf8, const RawDocument& raw, const FormatRules& rules) {
  const Json root = Json::parse(
      utf8, [](int depth, nlohmann::ordered_json::parse_event_t, Json&) { return depth < max_json_depth; }, false);
  if (root.is_discarded() || !root.is_object()) {
    return fail(ErrorKind::invalid, tr("This is no notebook: it is not valid JSON"), raw.url);
  }
  std::vector<const Json*> cells;
  const auto add = [&](const Json& list) {
    if (!list.is_array()) return;
    for (const auto& cell : list) cells.push_back(&cell);
  };
  add(member(root, "cells"));
  const Json& sheets = member(root, "worksheets");  // nbformat 3
  if (sheets.is_array()) {
    for (const auto& sheet : sheets) add(member(sheet, "cells"));
  }
  if (!member(root, "cells").is_array() && !sheets.is_array()) {
    return fail(ErrorKind::invalid, tr("This is no notebook: it has no cells"), raw.url);
  }

  Cleaned out;
  const std::string language = language_of(root);
  std::vector<std::string> blocks;
  const auto block = [&](std::string text) {
    text.erase(text.find_last_not_of(" \n\t") + 1);
    const std::size_t first = text.find_first_not_of('\n');
    if (first != std::string::npos) blocks.push_back(text.substr(first));
  };
  int printed = 0;
  for (const Json* cell : cells) {
    const std::string type = string_of(member(*cell, "cell_type"));
    std::string source = joined(member(*cell, "source"));
    if (source.empty()) source = joined(member(*cell, "input"));
    source = normalize_characters(source, false);
    if (type == "code") {
      const std::string own = string_of(member(*cell, "language"));
      block(fenced_block(source, own.empty() ? language : own));
      const Json& outputs = member(*cell, "outputs");
      if (rules.notebook_outputs) {
        block(fenced_block(normalize_characters(outputs_of(*cell, rules), false), "text"));
      } else {
        printed += outputs.is_array() && !outputs.empty() ? 1 : 0;
      }
    } else if (type == "heading") {
      const Json& level = member(*cell, "level");
      const int depth = level.is_number_integer() ? std::clamp(level.get<int>(), 1, 6) : 1;
      block(std::string(static_cast<std::size_t>(depth), '#') + " " + collapse_spaces(source));
    } else if (type == "raw") {
      block(clean_text(source).markdown);
    } else {
      block(source);
    }
  }
  out.markdown = join_blocks(blocks, "\n\n");
  const Json& metadata = member(root, "metadata");
  out.title = string_of(member(metadata, "title"));
  if (out.title.empty()) out.title = first_heading(out.markdown);
  const Json& authors = member(metadata, "authors");
  if (authors.is_array()) {
    for (const auto& author : authors) {
      const std::string name = author.is_string() ? author.get<std::string>() : string_of(member(author, "name"));
      if (!name.empty()) out.authors.push_back(name);
    }
  }
  out.metadata["code_language"] = language;
  if (printed > 0) {
    out.notes.push_back({ErrorKind::invalid, tr("The outputs of {} cells were left out", printed), raw.url,
                         tr("Set clean.formats.notebook_outputs to keep them")});
  }
  return out;
}

}  // namespace twin::feature
