#include "feature/sources/obsidian/note.h"

#include <algorithm>
#include <array>
#include <set>

#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "feature/clean/front_matter.h"
#include "feature/clean/markdown_escape.h"

namespace twin::feature::obsidian {
namespace {

bool is_image(const std::string& target) {
  static constexpr std::array<std::string_view, 8> extensions = {".png",  ".jpg", ".jpeg", ".gif",
                                                                 ".webp", ".svg", ".bmp",  ".avif"};
  const std::string folded = text::fold(target);
  return std::any_of(extensions.begin(), extensions.end(), [&](std::string_view end) { return folded.ends_with(end); });
}

bool only_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789x") == std::string_view::npos;
}

/// "note#Heading" as a reader sees it: "note > Heading"; block references show the note only.
std::string shown(std::string target) {
  const std::size_t block = target.find("#^");
  if (block != std::string::npos) target.resize(block);
  std::string out;
  for (std::size_t at = 0; at <= target.size();) {
    const std::size_t end = std::min(target.find('#', at), target.size());
    const auto part = text::trim(std::string_view(target).substr(at, end - at));
    if (!part.empty()) out += (out.empty() ? "" : " > ") + std::string(part);
    at = end + 1;
  }
  return out;
}

std::string wikilink(const std::string& inside, bool embed, const Resolve& resolve) {
  const std::size_t bar = inside.find('|');
  // In tables the bar is escaped.
  std::string target(text::trim(std::string_view(inside).substr(0, bar)));
  if (target.ends_with('\\')) target.pop_back();
  std::string label =
      bar == std::string::npos ? std::string() : std::string(text::trim(std::string_view(inside).substr(bar + 1)));
  const std::string file(text::trim(std::string_view(target).substr(0, target.find('#'))));
  const std::string path = file.empty() ? std::string() : resolve(file);
  if (embed && is_image(file)) {
    const bool size = only_digits(label);  // ![[image.png|300]]: a width
    return "![" + escape_markdown(size ? std::string() : label) + "](" + link_destination(path.empty() ? file : path) +
           ")";
  }
  if (label.empty()) label = shown(target);
  // A link within the note, or to a note that was never written, is its text.
  return path.empty() ? label : "[" + label + "](" + link_destination(path) + ")";
}

bool tag_character(char32_t c) {
  return text::is_letter(c) || text::is_digit(c) || c == '_' || c == '-' || c == '/';
}

/// The tag that begins after "#" at `at`; empty: none. Tags need one character that is no digit.
std::string tag_at(std::string_view line, std::size_t at) {
  const bool start = at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t' || line[at - 1] == '(';
  if (!start) return {};
  // To the next character of ASCII that no tag has: only the tag is decoded, not the rest of the line.
  auto rest = line.substr(at + 1);
  rest = rest.substr(0, rest.find_first_of(" \t#.,:;!?()[]{}<>\"'`*|\\"));
  std::size_t end = 0;
  bool word = false;
  for (const auto& c : text::codepoints(rest)) {
    if (!tag_character(c.value)) break;
    word = word || !text::is_digit(c.value);
    end = c.offset + c.length;
  }
  return word ? std::string(rest.substr(0, end)) : std::string();
}

/// "> [!warning]- Title" → "> **Title**"; the kind where there is no title.
std::string callout(const std::string& line) {
  const std::size_t mark = line.find("[!");
  const std::size_t end = line.find(']', mark);
  if (mark == std::string::npos || end == std::string::npos) return line;
  const auto before = std::string_view(line).substr(0, mark);
  if (before.find('>') == std::string_view::npos || before.find_first_not_of("> ") != std::string_view::npos)
    return line;
  std::string_view title = std::string_view(line).substr(end + 1);
  if (title.starts_with('-') || title.starts_with('+')) title.remove_prefix(1);
  title = text::trim(title);
  std::string kind = line.substr(mark + 2, end - mark - 2);
  kind = kind.substr(0, kind.find('|'));
  if (!kind.empty() && text::is_ascii_lower(kind[0])) kind[0] = static_cast<char>(kind[0] - 'a' + 'A');
  const std::string shown_title = title.empty() ? kind : std::string(title);
  return std::string(before) + "**" + shown_title + "**\n" +
         std::string(before.substr(0, before.find_last_of('>') + 1));
}

/// Removes " ^block-id" at the end of a line.
std::string without_block_id(const std::string& line) {
  const std::size_t at = line.find_last_of('^');
  if (at == std::string::npos || at + 1 == line.size()) return line;
  const bool alone = at == 0 || line[at - 1] == ' ';
  const auto id = std::string_view(line).substr(at + 1);
  const bool valid = std::all_of(id.begin(), id.end(), [](char c) { return text::is_ascii_alnum(c) || c == '-'; });
  if (!alone || !valid) return line;
  const std::string out = line.substr(0, at);
  return out.substr(0, out.find_last_not_of(' ') + 1);
}

class Reader {
 public:
  explicit Reader(const Resolve& resolve) : resolve_(resolve) {}

  void line(const std::string& text) {
    const auto trimmed = text::trim(text);
    if (!comment_ && fence(trimmed)) {
      note.markdown += text + "\n";
      return;
    }
    if (!fence_.empty()) {
      note.markdown += text + "\n";
      return;
    }
    const bool was_comment = comment_;
    std::string out = inlines(text);
    const bool vanished = text::trim(out).empty() && !trimmed.empty();
    if ((was_comment || comment_ || vanished) && text::trim(out).empty()) return;  // no empty line for a comment's line
    note.markdown += callout(without_block_id(out)) + "\n";
  }

  Note note;

 private:
  bool fence(std::string_view trimmed) {
    while (trimmed.starts_with("> ")) trimmed.remove_prefix(2);
    const std::size_t run = trimmed.empty() ? 0 : std::min(trimmed.find_first_not_of(trimmed[0]), trimmed.size());
    if (run < 3 || (trimmed[0] != '`' && trimmed[0] != '~')) return false;
    const std::string mark(trimmed.substr(0, run));
    if (fence_.empty()) {
      fence_ = mark;
      return true;
    }
    if (mark[0] != fence_[0] || mark.size() < fence_.size() || run != trimmed.size()) return false;
    fence_.clear();
    return true;
  }

  std::string inlines(const std::string& text) {
    std::string out;
    bool closed = true;  // whether a "]]" may still follow: looked for once when there is none
    for (std::size_t at = 0; at < text.size();) {
      if (text.compare(at, 2, "%%") == 0) {
        comment_ = !comment_;
        note.comments += comment_ ? 1 : 0;
        at += 2;
        continue;
      }
      if (comment_) {
        ++at;
        continue;
      }
      if (text[at] == '`') {
        const std::size_t run = std::min(text.find_first_not_of('`', at), text.size()) - at;
        const std::size_t close = text.find(std::string(run, '`'), at + run);
        const std::size_t end = close == std::string::npos ? at + run : close + run;
        out += text.substr(at, end - at);
        at = end;
        continue;
      }
      const bool embed = text.compare(at, 3, "![[") == 0;
      if (closed && (embed || text.compare(at, 2, "[[") == 0)) {
        const std::size_t from = at + (embed ? 3 : 2), close = text.find("]]", from);
        closed = close != std::string::npos;
        if (close != std::string::npos && close > from) {
          out += wikilink(text.substr(from, close - from), embed, resolve_);
          at = close + 2;
          continue;
        }
      }
      if (text[at] == '#') {
        if (std::string tag = tag_at(text, at); !tag.empty()) {
          out += "#" + tag;
          at += tag.size() + 1;
          if (tags_.insert(tag).second) note.tags.push_back(std::move(tag));
          continue;
        }
      }
      out += text[at++];
    }
    return out;
  }

  const Resolve& resolve_;
  std::set<std::string> tags_;  ///< of the note
  std::string fence_;
  bool comment_ = false;
};

}  // namespace

Note read_note(const std::string& text, const Resolve& resolve) {
  Reader reader(resolve);
  const std::size_t front = read_front_matter(text).length;
  reader.note.markdown = text.substr(0, front);
  const std::string_view body = std::string_view(text).substr(front);
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t end = std::min(body.find('\n', at), body.size());
    std::string line(body.substr(at, end - at));
    if (line.ends_with('\r')) line.pop_back();
    reader.line(line);
    at = end + 1;
  }
  return std::move(reader.note);
}

}  // namespace twin::feature::obsidian
