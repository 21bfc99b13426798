#include "feature/clean/binary_formats.h"

#include "core/text/unicode.h"
#include "feature/clean/epub/epub.h"
#include "feature/clean/formats.h"
#include "feature/clean/image/ocr.h"
#include "feature/clean/office/docx.h"
#include "feature/clean/office/odt.h"
#include "feature/clean/pdf/pdf.h"
#include "feature/collect/media_type.h"

namespace twin::feature {
namespace {

constexpr std::string_view pdf_type = "application/pdf";
constexpr std::string_view epub_type = "application/epub+zip";
constexpr std::string_view docx_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
constexpr std::string_view odt_type = "application/vnd.oasis.opendocument.text";

Result<Cleaned> read(std::string_view type, const RawDocument& raw, const CleanRules& rules) {
  const auto asked = raw.metadata.find("ocr");
  const bool ocr = rules.formats.ocr || (asked != raw.metadata.end() && asked->second == "true");
  if (type == pdf_type) return clean_pdf(raw, rules.formats, ocr);
  if (type == epub_type) return clean_epub(raw, rules);
  if (type == docx_type) return clean_docx(raw, rules.formats);
  if (type == odt_type) return clean_odt(raw, rules.formats);
  return clean_image(raw, rules.formats, ocr);
}

}  // namespace

bool is_binary_format(std::string_view type) {
  return type == pdf_type || type == epub_type || type == docx_type || type == odt_type || is_image_type(type);
}

Result<Cleaned> clean_binary(std::string_view type, const RawDocument& raw, const CleanRules& rules) {
  auto out = read(type, raw, rules);
  if (!out) return out;
  // XML parts may hold bytes that are no UTF-8, and references to what is no character ("&#xD800;", "&#0;").
  out->markdown = normalize_characters(text::repair_utf8(out->markdown), true);
  const auto line = [](const std::string& text) { return normalize_characters(text::repair_utf8(text), true); };
  out->title = line(out->title);
  for (auto& author : out->authors) author = line(author);
  for (auto& [key, value] : out->metadata) value = line(value);
  for (auto& note : out->notes) note.message = line(note.message);
  return out;
}

}  // namespace twin::feature
