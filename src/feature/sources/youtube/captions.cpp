#include "feature/sources/youtube/captions.h"

#include <cmath>
#include <pugixml.hpp>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/sources/web/page.h"

namespace twin::feature::youtube {
namespace {

/// "en" takes "en-GB", "ko" takes "ko".
bool speaks(const std::string& track, const std::string& wanted) {
  const std::string given = text::fold(track), asked = text::fold(wanted);
  return given == asked || (given.size() > asked.size() && given.starts_with(asked) && given[asked.size()] == '-');
}

void append_text(const pugi::xml_node& node, std::string& out) {
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) out += child.value();
    // Format 3 has the words of automatic captions in <s>; no deeper nesting exists.
    if (child.type() == pugi::node_element) out += child.child_value();
  }
}

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!space) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  return std::string(text::trim(out));
}

/// "[음악]", "(applause)", "♪♪": what is heard but not said.
bool is_sound(std::string_view text) {
  if (text.empty()) return true;
  const bool brackets = (text.front() == '[' && text.find(']') == text.size() - 1) ||
                        (text.front() == '(' && text.find(')') == text.size() - 1);
  if (brackets) return true;
  for (const auto& c : text::codepoints(text)) {
    if (text::is_letter(c.value) || text::is_digit(c.value)) return false;
  }
  return true;
}

bool ends_sentence(std::string_view text) {
  for (const std::string_view end : {".", "!", "?", "…", "。", ".\"", "?\"", "!\"", ".”", "?”"}) {
    if (text.ends_with(end)) return true;
  }
  return false;
}

/// No film is longer; times beyond it, or before the beginning, are no times.
constexpr std::int64_t longest_ms = 1'000'000'000'000;

std::int64_t millis(double seconds) {
  constexpr double longest = static_cast<double>(longest_ms) / 1000;
  return seconds >= 0 && seconds < longest ? static_cast<std::int64_t>(std::llround(seconds * 1000)) : 0;
}

std::int64_t sound_time(std::int64_t milliseconds) {
  return milliseconds >= 0 && milliseconds < longest_ms ? milliseconds : 0;
}

}  // namespace

std::optional<Track> choose_track(const std::vector<Track>& tracks, const std::vector<std::string>& languages,
                                  bool only_preferred) {
  for (const auto& language : languages) {
    for (const bool automatic : {false, true}) {
      for (const auto& track : tracks) {
        if (track.automatic == automatic && speaks(track.language, language)) return track;
      }
    }
  }
  if (only_preferred && !languages.empty()) return std::nullopt;
  for (const bool automatic : {false, true}) {
    for (const auto& track : tracks) {
      if (track.automatic == automatic) return track;
    }
  }
  return std::nullopt;
}

Result<std::vector<Segment>> parse_captions(std::string_view xml) {
  pugi::xml_document document;
  const auto parsed = document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8);
  const pugi::xml_node root = document.document_element();
  const std::string_view kind = root ? root.name() : "";
  if (!parsed || (kind != "transcript" && kind != "timedtext")) {
    return fail(ErrorKind::invalid, tr("The captions are not in a form that is known"), {},
                tr("The service may have changed or may refuse programs; try again later"));
  }
  std::vector<Segment> out;
  const bool third = kind == "timedtext";
  for (const pugi::xml_node& node : (third ? root.child("body") : root).children(third ? "p" : "text")) {
    Segment segment;
    append_text(node, segment.text);
    if (third) {
      segment.start_ms = sound_time(node.attribute("t").as_llong());
      segment.duration_ms = sound_time(node.attribute("d").as_llong());
    } else {
      segment.start_ms = millis(node.attribute("start").as_double());
      segment.duration_ms = millis(node.attribute("dur").as_double());
      segment.text = web::plain_title(segment.text);  // the second layer of escapes: "&amp;#39;"
    }
    segment.text = one_line(text::repair_utf8(segment.text));
    if (!is_sound(segment.text)) out.push_back(std::move(segment));
  }
  return out;
}

std::string paragraphs(const std::vector<Segment>& segments, const ParagraphRules& rules) {
  std::string out;
  std::size_t length = 0;  // characters of the paragraph
  std::int64_t end = 0;
  bool sentence_ended = false;
  for (const auto& segment : segments) {
    const auto longest = static_cast<std::size_t>(rules.max_characters);
    const bool pause = segment.start_ms - end >= rules.pause_ms;
    const bool full = (length >= longest && sentence_ended) || length >= 2 * longest;
    if (!out.empty()) {
      out += pause || full ? "\n\n" : " ";
      if (pause || full) length = 0;
    }
    out += segment.text;
    length += text::codepoints(segment.text).size() + 1;
    // Automatic captions overlap: a line stays while the next one is spoken.
    end = std::max(end, segment.start_ms + segment.duration_ms);
    sentence_ended = ends_sentence(segment.text);
  }
  if (!out.empty()) out += '\n';
  return out;
}

}  // namespace twin::feature::youtube
