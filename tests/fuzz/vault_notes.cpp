// Notes of Obsidian, and the names, links and properties of a Notion export.
#include "check.h"
#include "feature/sources/notion_export/pages.h"
#include "feature/sources/obsidian/note.h"

using namespace twin;
using namespace twin::feature;

TWIN_FUZZ(vault_notes, bytes) {
  const std::string text = text::repair_utf8(bytes);
  const auto note = obsidian::read_note(
      text, [](const std::string& target) { return target.size() % 2 == 0 ? "folder/" + target : std::string(); });
  fuzz::require_utf8(note.markdown, "a note is UTF-8");
  fuzz::require(note.comments >= 0, "comments are counted");
  for (const auto& tag : note.tags) fuzz::require(!tag.empty(), "a tag has a name");

  const auto name = notion::parse_name(text.substr(0, text.find('\n')));
  fuzz::require(name.id.empty() || name.id.size() == 32, "an id has 32 digits");
  std::string markdown = notion::with_page_links(text);
  for (const auto& [key, value] : notion::take_properties(markdown)) {
    fuzz::require_utf8(key + value, "properties are UTF-8");
    (void)notion::parse_date(value);
  }
  fuzz::require_utf8(markdown, "a page is UTF-8");
}
