#include "feature/clean/pdf/pdf.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/clean/image/ocr.h"
#include "feature/clean/pdf/page.h"
#include "feature/clean/program.h"

namespace twin::feature {
namespace {

constexpr const char* poppler_package = "poppler-utils";
/// Resolution at which pages are drawn for OCR: what tesseract's models were made for.
constexpr const char* ocr_dpi = "300";
/// Titles that programs write when the author gave none.
bool real_title(const std::string& title) {
  const std::string folded = text::fold(title);
  for (const char* prefix : {"microsoft word - ", "untitled", "제목 없음", "powerpoint presentation"}) {
    if (folded.starts_with(prefix)) return false;
  }
  for (const char* suffix : {".doc", ".docx", ".hwp", ".odt", ".indd", ".tex", ".dvi"}) {
    if (folded.ends_with(suffix)) return false;
  }
  return !folded.empty();
}

using Info = std::map<std::string, std::string>;

/// "Title:          Some title", one a line.
Info read_info(const std::string& output) {
  Info info;
  const std::string repaired = text::repair_utf8(output);
  for (const auto line : text::split(repaired, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) info.emplace(line.substr(0, colon), text::trim(line.substr(colon + 1)));
  }
  return info;
}

/// A PDF ends with "%%EOF" (ISO 32000, 7.5.5), give or take what mail programs append.
bool cut_off(std::string_view bytes) {
  constexpr std::size_t tail = 1024;
  return bytes.substr(bytes.size() - std::min(bytes.size(), tail)).find("%%EOF") == std::string_view::npos;
}

Result<Info> pdf_info(const RawDocument& raw, const FormatRules& rules) {
  const auto run = run_program({"pdfinfo", "-isodates", "-enc", "UTF-8", "-"}, raw.bytes, poppler_package, rules);
  if (!run) return tl::unexpected(run.error());
  if (run->status == 0) return read_info(run->out);
  if (run->err.find("ncorrect password") != std::string::npos || run->err.find("ncrypt") != std::string::npos) {
    return fail(ErrorKind::invalid, tr("The PDF is encrypted"), raw.url,
                tr("Save it without a password (for example: qpdf --decrypt)"));
  }
  const std::string why(text::trim(text::clip(text::repair_utf8(run->err), 200)));
  return fail(ErrorKind::invalid, tr("The PDF cannot be read: {}", why.substr(0, why.find('\n'))), raw.url,
              cut_off(raw.bytes) ? tr("The end of the file is missing: fetch it again") : std::string());
}

/// poppler makes the best of a damaged file and says so only here: what it could not find is not in the text.
void note_damage(const ProcessOutput& run, const RawDocument& raw, Cleaned& out) {
  const std::string err = text::repair_utf8(run.err);
  const std::size_t at = err.find("Syntax Error");
  if (at == std::string::npos && !cut_off(raw.bytes)) return;
  const std::string why = at == std::string::npos ? "%%EOF" : err.substr(at, err.find('\n', at) - at);
  out.notes.push_back({ErrorKind::invalid,
                       tr("The PDF is damaged; some of it may be missing: {}", std::string(text::clip(why, 200))),
                       raw.url,
                       {}});
}

UnixMillis time_of(const Info& info, const char* key) {
  const auto found = info.find(key);
  return found == info.end() ? 0 : parse_time(found->second).value_or(0);
}

std::string value_of(const Info& info, const char* key) {
  const auto found = info.find(key);
  return found == info.end() ? std::string() : found->second;
}

int pages_of(const Info& info) {
  try {
    return std::stoi(value_of(info, "Pages"));
  } catch (const std::exception&) {
    return 0;
  }
}

Result<void> read_by_ocr(const RawDocument& raw, const FormatRules& rules, int pages, Cleaned& out) {
  const int last = std::min(pages, rules.ocr_max_pages);
  OcrText all;
  for (int page = 1; page <= last; ++page) {
    const std::string number = std::to_string(page);
    const auto drawn =
        run_program({"pdftoppm", "-png", "-gray", "-r", ocr_dpi, "-f", number, "-l", number, "-singlefile", "-"},
                    raw.bytes, poppler_package, rules);
    if (!drawn) return tl::unexpected(drawn.error());
    if (drawn->status != 0 || drawn->out.empty()) {
      out.notes.push_back({ErrorKind::invalid, tr("Page {} cannot be drawn", page), raw.url, {}});
      continue;
    }
    auto read = read_image(drawn->out, rules);
    if (!read) return tl::unexpected(read.error());
    if (!read->markdown.empty() && !all.markdown.empty()) all.markdown += "\n\n";
    all.markdown += read->markdown;
    all.unsure += read->unsure;
  }
  out.markdown = std::move(all.markdown);
  out.metadata["ocr_languages"] = rules.ocr_languages;
  out.notes.push_back({ErrorKind::invalid,
                       tr("{} pages were read by OCR; {} words it was not sure of were left out", last, all.unsure),
                       raw.url,
                       {}});
  if (pages > last) {
    out.notes.push_back(
        {ErrorKind::limit, tr("{} pages beyond ocr_max_pages were left out", pages - last), raw.url, {}});
  }
  return {};
}

}  // namespace

Result<Cleaned> clean_pdf(const RawDocument& raw, const FormatRules& rules, bool ocr) {
  if (raw.bytes.find("%PDF-") > 1024) return fail(ErrorKind::invalid, tr("This is no PDF"), raw.url);
  const auto info = pdf_info(raw, rules);
  if (!info) return tl::unexpected(info.error());
  const auto run =
      run_program({"pdftotext", "-bbox-layout", "-enc", "UTF-8", "-", "-"}, raw.bytes, poppler_package, rules);
  if (!run) return tl::unexpected(run.error());
  if (run->status != 0) {
    const bool forbidden = run->status == 3;  // the author allows no copying
    return fail(ErrorKind::invalid,
                forbidden ? tr("The PDF forbids copying its text") : tr("The PDF cannot be read: {}", run->status),
                raw.url);
  }
  auto pages = pdf::parse_pages(run->out, rules);
  if (!pages) return tl::unexpected(pages.error());

  Cleaned out;
  note_damage(*run, raw, out);
  if (real_title(value_of(*info, "Title"))) out.title = value_of(*info, "Title");
  if (const auto author = value_of(*info, "Author"); !author.empty()) out.authors = {author};
  out.published = time_of(*info, "CreationDate");
  if (const auto modified = time_of(*info, "ModDate"); modified != 0) out.metadata["modified"] = format_time(modified);
  for (const auto& [key, name] :
       {std::pair{"Keywords", "tags"}, std::pair{"Subject", "description"}, std::pair{"Pages", "pages"}}) {
    if (const auto value = value_of(*info, key); !value.empty()) out.metadata[name] = value;
  }

  for (const auto& furniture : pdf::remove_furniture(*pages)) {
    out.notes.push_back(
        {ErrorKind::invalid, tr("Removed from {} pages: '{}'", furniture.pages, furniture.text), raw.url, {}});
  }
  out.markdown = pdf::markdown_of(*pages);
  if (!out.markdown.empty()) return out;
  if (!ocr) {
    return fail(ErrorKind::invalid, tr("The PDF has no text: its pages are images"), raw.url,
                tr("Set ocr: true of this source, or clean.formats.ocr of the category, to read them by OCR"));
  }
  if (auto done = read_by_ocr(raw, rules, pages_of(*info), out); !done) return tl::unexpected(done.error());
  return out;
}

}  // namespace twin::feature
