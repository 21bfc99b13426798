#include "feature/clean/extract.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text/unicode.h"
#include "feature/collect/canonical_url.h"
#include "feature/collect/media_type.h"

namespace twin::feature {
namespace {

std::optional<std::string> day(const Cleaned& cleaned, const char* key, UnixMillis time) {
  const auto it = cleaned.metadata.find(key);
  if (it != cleaned.metadata.end()) return it->second;
  if (time == 0) return std::nullopt;
  return format_time(time).substr(0, 10);
}

}  // namespace

Result<Extract> extract(const RawDocument& raw, const CleanRules& rules) {
  auto cleaned = clean(raw, rules);
  if (!cleaned) return tl::unexpected(cleaned.error());
  Extract out;
  out.title = std::move(cleaned->title);
  const auto& authors = raw.authors.empty() ? cleaned->authors : raw.authors;
  if (!authors.empty()) out.author = fmt::format("{}", fmt::join(authors, ", "));
  out.published = day(*cleaned, "published_day", cleaned->published);
  out.modified = day(*cleaned, "modified_day", cleaned->modified);
  out.language = std::move(cleaned->language);
  const auto canonical = cleaned->metadata.find("canonical");
  const bool named = canonical != cleaned->metadata.end() && is_web(canonical->second);
  out.url = named ? canonical->second : raw.url;
  out.text = prose_view(cleaned->markdown).text;
  out.markdown = std::move(cleaned->markdown);
  out.source = std::move(cleaned->read_as);
  return out;
}

std::string guess_media_type(std::string_view name, std::string_view bytes) {
  if (auto type = media_type_of(name); !type.empty()) return type;
  constexpr std::size_t window = 1024;
  const std::string head = text::fold(text::repair_utf8(bytes.substr(0, window)));
  const auto begin = text::trim(head);
  for (const std::string_view mark :
       {"<!doctype html", "<html", "<head", "<body", "<!--", "<?xml", "<div", "<p>", "<article"}) {
    if (begin.starts_with(mark) || (mark == "<html" && head.find(mark) != std::string::npos)) return "text/html";
  }
  return "text/plain";
}

}  // namespace twin::feature
