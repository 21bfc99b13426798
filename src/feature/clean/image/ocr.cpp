#include "feature/clean/image/ocr.h"

#include <array>
#include <charconv>
#include <vector>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/clean/image/engine.h"
#include "feature/clean/markdown_escape.h"
#include "feature/clean/program.h"
#include "feature/clean/reflow.h"

namespace twin::feature {
namespace {

int number(std::string_view text) {
  int value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

OcrText read_tsv(const std::string& tsv, int min_confidence) {
  // level page block paragraph line word left top width height confidence text
  enum Column { level, page, block, paragraph, line, word, left, top, width, height, confidence, content, columns };
  constexpr int word_level = 5;
  OcrText out;
  std::vector<std::vector<std::string>> paragraphs;
  std::array<int, 3> at_paragraph{};
  int at_line = -1;
  const std::string repaired = text::repair_utf8(tsv);
  for (const auto row : text::split(repaired, '\n')) {
    const auto cells = text::split(row, '\t');
    if (cells.size() < columns || number(cells[level]) != word_level) continue;
    const auto text = text::trim(cells[content]);
    if (text.empty()) continue;
    if (number(cells[confidence]) < min_confidence) {  // "95.5": the fraction does not matter
      ++out.unsure;
      continue;
    }
    const std::array<int, 3> here = {number(cells[page]), number(cells[block]), number(cells[paragraph])};
    if (paragraphs.empty() || here != at_paragraph) {
      paragraphs.emplace_back();
      at_line = -1;
    }
    at_paragraph = here;
    auto& lines = paragraphs.back();
    if (lines.empty() || number(cells[line]) != at_line) lines.emplace_back();
    at_line = number(cells[line]);
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += text;
  }
  Vocabulary vocabulary;
  for (const auto& lines : paragraphs) {
    for (const auto& entry : lines) vocabulary.add_line(entry);
  }
  for (const auto& lines : paragraphs) {
    if (!out.markdown.empty()) out.markdown += "\n\n";
    out.markdown += escape_line_starts(escape_markdown(join_lines(lines, vocabulary)));
  }
  return out;
}

Result<OcrText> read_image(const std::string& bytes, const FormatRules& rules) {
  const auto run = run_program({"tesseract", "stdin", "stdout", "-l", rules.ocr_languages, "tsv"}, bytes,
                               ocr_packages(rules.ocr_languages), rules);
  if (!run) return tl::unexpected(run.error());
  // With one language missing of several, it reads by the others and succeeds: their letters for every word.
  const bool lacking = run->err.find("Failed loading language") != std::string::npos;
  if (run->status == 0 && !lacking) return read_tsv(run->out, rules.ocr_min_confidence);
  const std::string why(text::trim(text::clip(text::repair_utf8(run->err), 300)));
  if (lacking) {
    return fail(ErrorKind::not_found, tr("tesseract lacks a language of '{}'", rules.ocr_languages), {},
                tr("apt-get install {}", ocr_packages(rules.ocr_languages)));
  }
  return fail(ErrorKind::invalid, tr("The image cannot be read: {}", why.substr(0, why.find('\n'))));
}

Result<Cleaned> clean_image(const RawDocument& raw, const FormatRules& rules, bool ocr) {
  if (!ocr) {
    return fail(ErrorKind::invalid, tr("Images are read only when OCR is on"), raw.url,
                tr("Set ocr: true of this source, or clean.formats.ocr of the category, to read them by OCR"));
  }
  auto read = read_image(raw.bytes, rules);
  if (!read) return tl::unexpected(read.error());
  if (read->markdown.empty()) {
    return fail(ErrorKind::invalid, tr("No writing was found in the image"), raw.url,
                tr("{} words were too unsure; lower clean.formats.ocr_min_confidence", read->unsure));
  }
  Cleaned out;
  out.markdown = std::move(read->markdown);
  out.metadata["ocr_languages"] = rules.ocr_languages;
  if (read->unsure > 0) {
    out.notes.push_back(
        {ErrorKind::invalid, tr("{} words that OCR was not sure of were left out", read->unsure), raw.url, {}});
  }
  return out;
}

}  // namespace twin::feature
