#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/clean/formats.h"
#include "feature/clean/front_matter.h"
#include "feature/clean/markdown_tree.h"

namespace twin::feature {
namespace {

std::string joined(const std::vector<std::string>& values) {
  std::string out;
  for (const auto& value : values) {
    if (!out.empty()) out += ", ";
    out += value;
  }
  return out;
}

/// Jekyll writes "2024-05-01 09:30:00 +0900"; RFC 3339 has no space there.
std::string without_space_before_offset(std::string date) {
  const std::size_t sign = date.find_last_of("+-");
  if (sign != std::string::npos && sign > 1 && date[sign - 1] == ' ') date.erase(sign - 1, 1);
  return date;
}

void apply(const FrontMatter& front, Cleaned& out) {
  out.title = front.first({"title"});
  out.language = front.first({"lang", "language", "locale"});
  for (const char* key : {"author", "authors"}) {
    const auto it = front.values.find(key);
    if (it != front.values.end()) out.authors.insert(out.authors.end(), it->second.begin(), it->second.end());
  }
  const std::string date = front.first({"date", "published", "created", "pubdate"});
  if (!date.empty()) {
    const auto time = parse_time(without_space_before_offset(date));
    if (time) {
      out.published = *time;
    } else {
      out.notes.push_back(
          {ErrorKind::invalid, tr("The date '{}' of the front matter is not understood", date), {}, {}});
    }
  }
  for (const auto& [key, values] : front.values) out.metadata[key] = joined(values);
}

}  // namespace

Cleaned clean_markdown(std::string utf8) {
  Cleaned out;
  std::string text = normalize_characters(utf8, false);
  const FrontMatter front = read_front_matter(text);
  apply(front, out);
  if (!front.problem.empty()) out.notes.push_back({ErrorKind::invalid, front.problem, {}, {}});
  text.erase(0, front.length);
  const std::size_t first = text.find_first_not_of(" \n\t");
  const std::size_t line = first == std::string::npos ? text.size() : text.rfind('\n', first) + 1;
  out.markdown = text.substr(first == std::string::npos ? text.size() : line);
  out.markdown.erase(out.markdown.find_last_not_of(" \n\t") + 1);
  if (out.title.empty()) out.title = first_heading(out.markdown);
  return out;
}

}  // namespace twin::feature
