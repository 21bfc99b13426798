#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/clean/formats.h"
#include "feature/clean/front_matter.h"
#include "feature/clean/markdown_tree.h"
#include "feature/clean/page_date.h"

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

void apply(const FrontMatter& front, Cleaned& out) {
  out.title = front.first({"title"});
  out.language = front.first({"lang", "language", "locale"});
  for (const char* key : {"author", "authors"}) {
    const auto it = front.values.find(key);
    if (it != front.values.end()) out.authors.insert(out.authors.end(), it->second.begin(), it->second.end());
  }
  if (const auto changed = html::machine_date(front.first({"lastmod", "modified", "updated", "last_modified_at"}))) {
    out.modified = changed->time;
    out.metadata["modified_day"] = changed->day;
  }
  const std::string date = front.first({"date", "published", "created", "pubdate"});
  if (!date.empty()) {
    if (const auto read = html::machine_date(date)) {
      out.published = read->time;
      out.metadata["published_day"] = read->day;
    } else {
      out.notes.push_back(
          {ErrorKind::invalid, tr("The date '{}' of the front matter is not understood", date), {}, {}});
    }
  }
  for (const auto& [key, values] : front.values) out.metadata[key] = joined(values);
}

}  // namespace

Cleaned clean_markdown(std::string utf8, const CleanOptions& options) {
  Cleaned out;
  out.read_as = "markdown";
  std::vector<Removal>* removed = options.record_removals ? &out.removed : nullptr;
  std::string text = normalize_characters(utf8, false, removed);
  const FrontMatter front = read_front_matter(text);
  apply(front, out);
  if (!front.problem.empty()) out.notes.push_back({ErrorKind::invalid, front.problem, {}, {}});
  if (removed != nullptr && front.length > 0) {
    removed->push_back({"front matter", "first lines", std::string(text::trim(text.substr(0, front.length)))});
  }
  text.erase(0, front.length);
  const std::size_t first = text.find_first_not_of(" \n\t");
  const std::size_t line = first == std::string::npos ? text.size() : text.rfind('\n', first) + 1;
  out.markdown = text.substr(first == std::string::npos ? text.size() : line);
  out.markdown.erase(out.markdown.find_last_not_of(" \n\t") + 1);
  if (out.title.empty()) out.title = first_heading(out.markdown);
  return out;
}

}  // namespace twin::feature
