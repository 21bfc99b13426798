#include "feature/clean/clean.h"

#include <algorithm>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/clean/binary_formats.h"
#include "feature/clean/charset.h"
#include "feature/clean/formats.h"
#include "feature/clean/notebook/notebook.h"

namespace twin::feature {
namespace {

/// "en-US" → "en"; and where a Korean text sits in a page template declared English (or the other way round), what the
/// text is.
std::string settle_language(const std::string& declared, const std::string& text) {
  std::string primary = text::fold(declared.substr(0, declared.find_first_of("-_")));
  constexpr std::size_t enough = 20;
  if (primary.size() < 2 || primary.size() > 3) return text.empty() ? std::string() : text::guess_language(text);
  const bool known = primary == "en" || primary == "ko";
  return known && text.size() >= enough ? text::guess_language(text) : primary;
}

std::string language_of_type(const std::string& media_type) {
  constexpr std::string_view prefix = "text/x-";
  return media_type.rfind(prefix, 0) == 0 ? media_type.substr(prefix.size()) : std::string();
}

bool is_html(const std::string& type) {
  return type == "text/html" || type == "application/xhtml+xml";
}

Result<Cleaned> by_format(const std::string& type, std::string text, const RawDocument& raw, const CleanRules& rules) {
  if (is_html(type)) return clean_html(text, raw, rules);
  if (type == "text/markdown") return clean_markdown(std::move(text));
  if (type == "text/plain") return clean_text(text);
  if (type == "application/x-ipynb+json") return clean_notebook(text, raw, rules.formats);
  if (const auto language = language_of_type(type); !language.empty()) {
    return clean_code(text, language == "source" ? std::string() : language);
  }
  return fail(ErrorKind::invalid, tr("Content of the type '{}' cannot be read", type), raw.url,
              tr("HTML, Markdown, plain text, source code, notebooks, PDF, DOCX, ODT and EPUB can"));
}

Result<Cleaned> from_text(const std::string& type, const RawDocument& raw, const CleanRules& rules) {
  const auto declared = raw.metadata.find("charset");
  const std::string charset = declared == raw.metadata.end() ? std::string() : declared->second;
  auto decoded = decode(raw.bytes, charset, is_html(type) ? declared_charset(raw.bytes) : std::string());
  if (!decoded) return tl::unexpected(decoded.error());
  if (is_html(type)) decoded->text = normalize_characters(decoded->text, true);
  auto out = by_format(type, std::move(decoded->text), raw, rules);
  if (!out) return out;
  if (decoded->charset != "utf-8") out->metadata["charset"] = decoded->charset;
  if (decoded->replaced > 0) {
    out->notes.push_back({ErrorKind::invalid,
                          tr("{} invalid sequences of {} were replaced by U+FFFD", decoded->replaced, decoded->charset),
                          raw.url,
                          {}});
  }
  return out;
}

}  // namespace

std::string normalize_characters(const std::string& utf8, bool spaces) {
  std::string out;
  out.reserve(utf8.size());
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    const auto next = i + 1 < utf8.size() ? static_cast<unsigned char>(utf8[i + 1]) : 0;
    const auto third = i + 2 < utf8.size() ? static_cast<unsigned char>(utf8[i + 2]) : 0;
    if (c == '\r') {
      if (next != '\n') out += '\n';
    } else if (c == 0xC2 && next == 0xA0 && spaces) {  // no-break space
      out += ' ';
      ++i;
    } else if (c == 0xC2 && next == 0xAD) {  // soft hyphen
      ++i;
    } else if ((c == 0xE2 && next == 0x80 && third == 0x8B) || (c == 0xEF && next == 0xBB && third == 0xBF)) {
      i += 2;  // zero-width space, byte order mark
    } else if ((c >= 0x20 && c != 0x7F) || c == '\n' || c == '\t') {
      out += static_cast<char>(c);
    }
  }
  return out;
}

Result<Cleaned> clean(const RawDocument& raw, const CleanRules& rules) {
  const std::string type = raw.media_type.substr(0, raw.media_type.find(';'));
  auto out = is_binary_format(type) ? clean_binary(type, raw, rules) : from_text(type, raw, rules);
  if (!out) {
    if (out.error().where.empty()) out.error().where = raw.url;
    return out;
  }
  out->markdown = text::nfc(out->markdown);
  out->title = text::nfc(raw.title.empty() ? std::string(text::trim(out->title)) : raw.title);
  if (raw.published != 0) out->published = raw.published;
  out->language = settle_language(raw.language.empty() ? out->language : raw.language, out->markdown);
  for (auto& note : out->notes) {
    if (note.where.empty()) note.where = raw.url;
  }
  return out;
}

}  // namespace twin::feature
