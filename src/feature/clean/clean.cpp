#include "feature/clean/clean.h"

#include <algorithm>
#include <array>

#include "core/i18n.h"
#include "core/text/language.h"
#include "core/text/unicode.h"
#include "feature/clean/binary_formats.h"
#include "feature/clean/charset.h"
#include "feature/clean/formats.h"
#include "feature/clean/notebook/notebook.h"

namespace twin::feature {
namespace {

/// "en-US" → "en"; where nothing is declared, what the text is in; and where a text sits in a page template that
/// declares another language (a Korean post in an English theme), what the text is when that is beyond doubt.
std::string settle_language(const std::string& declared, const std::string& text) {
  std::string primary = text::fold(declared.substr(0, declared.find_first_of("-_")));
  constexpr std::size_t enough = 20;
  constexpr double beyond_doubt = 0.8;
  const bool known = primary.size() == 2 || primary.size() == 3;
  if (known && text.size() < enough) return primary;
  const text::LanguageGuess guess = text::identify_language(text);
  if (!known) return guess.code;
  return guess.code.empty() || guess.confidence < beyond_doubt ? primary : guess.code;
}

std::string language_of_type(const std::string& media_type) {
  constexpr std::string_view prefix = "text/x-";
  return media_type.rfind(prefix, 0) == 0 ? media_type.substr(prefix.size()) : std::string();
}

bool is_html(const std::string& type) {
  return type == "text/html" || type == "application/xhtml+xml";
}

Result<Cleaned> by_format(const std::string& type, std::string text, const RawDocument& raw, const CleanRules& rules,
                          const CleanOptions& options) {
  if (is_html(type)) {
    std::vector<Removal> characters;
    text = normalize_characters(text, true, options.record_removals ? &characters : nullptr);
    auto out = clean_html(text, raw, rules, options);
    if (out) out->removed.insert(out->removed.begin(), characters.begin(), characters.end());
    return out;
  }
  if (type == "text/markdown") return clean_markdown(std::move(text), options);
  if (type == "text/plain") return clean_text(text, options);
  if (type == "application/x-ipynb+json") return clean_notebook(text, raw, rules.formats);
  if (const auto language = language_of_type(type); !language.empty()) {
    return clean_code(text, language == "source" ? std::string() : language, options);
  }
  return fail(ErrorKind::invalid, tr("Content of the type '{}' cannot be read", type), raw.url,
              tr("HTML, Markdown, plain text, source code, notebooks, PDF, DOCX, ODT and EPUB can"));
}

Result<Cleaned> from_text(const std::string& type, const RawDocument& raw, const CleanRules& rules,
                          const CleanOptions& options) {
  const auto declared = raw.metadata.find("charset");
  const std::string charset = declared == raw.metadata.end() ? std::string() : declared->second;
  auto decoded = decode(raw.bytes, charset, is_html(type) ? declared_charset(raw.bytes) : std::string());
  if (!decoded) return tl::unexpected(decoded.error());
  auto out = by_format(type, std::move(decoded->text), raw, rules, options);
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

/// Bytes that neither are nor begin anything that normalize_characters() changes: nearly all.
constexpr std::array<bool, 256> plain_bytes = [] {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0x20; byte < 256; ++byte) {
    table[byte] = byte != 0x7F && byte != 0xC2 && byte != 0xE2 && byte != 0xEF;
  }
  table['\n'] = table['\t'] = true;
  return table;
}();

}  // namespace

std::string normalize_characters(const std::string& utf8, bool spaces, std::vector<Removal>* removed) {
  std::string out;
  out.reserve(utf8.size());
  std::size_t controls = 0, hyphens = 0, zero_width = 0, marks = 0;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const std::size_t run = i;
    while (i < utf8.size() && plain_bytes[static_cast<unsigned char>(utf8[i])]) ++i;
    out.append(utf8, run, i - run);
    if (i >= utf8.size()) break;
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
      ++hyphens;
    } else if (c == 0xE2 && next == 0x80 && third == 0x8B) {  // zero-width space
      i += 2;
      ++zero_width;
    } else if (c == 0xEF && next == 0xBB && third == 0xBF) {  // byte order mark
      i += 2;
      ++marks;
    } else if ((c >= 0x20 && c != 0x7F) || c == '\n' || c == '\t') {
      out += static_cast<char>(c);
    } else {
      ++controls;
    }
  }
  if (removed != nullptr) {
    const auto report = [&](const char* reason, std::size_t count) {
      if (count > 0) removed->push_back({reason, count == 1 ? "1 time" : std::to_string(count) + " times", {}});
    };
    report("control character", controls);
    report("soft hyphen", hyphens);
    report("zero-width space", zero_width);
    report("byte order mark", marks);
  }
  return out;
}

Result<Cleaned> clean(const RawDocument& raw, const CleanRules& rules, const CleanOptions& options) {
  const std::string type = raw.media_type.substr(0, raw.media_type.find(';'));
  auto out = is_binary_format(type) ? clean_binary(type, raw, rules) : from_text(type, raw, rules, options);
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
