#include "feature/clean/inline_markdown.h"

#include <utf8proc.h>

#include <algorithm>

#include "core/text/unicode.h"

namespace twin::feature {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}
bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
/// Letters and digits; every non-ASCII byte counts as one.
bool is_word(char c) {
  return is_alpha(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80;
}

bool is_punctuation(char32_t c) {
  if (c < 0x80) return c > 0x20 && c != 0x7f && !is_word(static_cast<char>(c));
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}
bool is_unicode_space(char32_t c) {
  return c == 0 || (c < 0x80 && is_space(static_cast<char>(c))) ||
         (c >= 0x80 && utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_ZS);
}

/// "&amp;", "&#8230;": what would be decoded.
bool is_entity(std::string_view text) {
  const std::size_t end = text.substr(0, 40).find(';');
  if (end == std::string_view::npos || end < 2) return false;
  return std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(end),
                     [](char c) { return is_alpha(c) || is_digit(c) || c == '#'; });
}

bool must_escape(std::string_view text, std::size_t i, char after) {
  const char c = text[i];
  const char previous = i > 0 ? text[i - 1] : ' ';
  const char next = i + 1 < text.size() ? text[i + 1] : after;
  switch (c) {
    case '\\':
      // At the end it could meet a line break or what comes next.
      return next == 0 || (next > 0 && is_punctuation(static_cast<char32_t>(next)));
    case '`':
      return true;
    case '*':
      return !(is_space(previous) && (is_space(next) || next == 0));
    case '_':
      return !(is_word(previous) && is_word(next)) && !(is_space(previous) && is_space(next));
    case '~':
      return next == '~' || previous == '~';
    case '<':
      return is_alpha(next) || next == '/' || next == '!' || next == '?';
    case '&':
      return is_entity(text.substr(i));
    case '[':
      return next == '^';
    case ']':
      return next == '(' || next == '[' || next == ':';
    case '!':
      return next == '[';
    default:
      return false;
  }
}

std::string collapse(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (!is_space(c)) {
      out += c;
    } else if (out.empty() || out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

std::size_t longest_run(std::string_view text, char c) {
  std::size_t longest = 0, run = 0;
  for (const char x : text) {
    run = x == c ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

/// Length of what opens a block at the beginning of a line; the escape goes before its last character. 0: nothing.
std::size_t block_opener(std::string_view line) {
  if (line.empty()) return 0;
  const auto ends = [&](std::size_t at) { return at >= line.size() || line[at] == ' '; };
  const std::size_t hashes = std::min(line.find_first_not_of('#'), line.size());
  if (hashes >= 1 && hashes <= 6 && ends(hashes)) return 1;
  if (line[0] == '>') return 1;
  if ((line[0] == '-' || line[0] == '+' || line[0] == '*') && ends(1)) return 1;
  if (line.find_first_not_of("-= ") == std::string_view::npos) return 1;
  if (line.substr(0, 3) == "~~~") return 1;
  if (line[0] == '|') return 1;
  const std::size_t digits = std::min(line.find_first_not_of("0123456789"), line.size());
  if (digits >= 1 && digits <= 9 && digits < line.size() && (line[digits] == '.' || line[digits] == ')') &&
      ends(digits + 1)) {
    return digits + 1;
  }
  if (line.substr(0, 3) == "[ ]" || line.substr(0, 3) == "[x]" || line.substr(0, 3) == "[X]") return 1;
  return 0;
}

}  // namespace

std::string escape_markdown(std::string_view text, char next) {
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (must_escape(text, i, next)) out += '\\';
    out += text[i];
  }
  return out;
}

std::string escape_line_starts(std::string_view paragraph) {
  std::string out;
  out.reserve(paragraph.size() + 8);
  for (std::size_t at = 0; at <= paragraph.size();) {
    const std::size_t end = std::min(paragraph.find('\n', at), paragraph.size());
    const auto line = paragraph.substr(at, end - at);
    const std::size_t opener = block_opener(line);
    if (opener > 0) {
      out += line.substr(0, opener - 1);
      out += '\\';
      out += line.substr(opener - 1);
    } else {
      out += line;
    }
    if (end < paragraph.size()) out += '\n';
    at = end + 1;
  }
  return out;
}

std::string code_span(std::string_view text) {
  const std::string content = collapse(text);
  if (text::trim(content).empty()) return {};
  const std::string fence(longest_run(content, '`') + 1, '`');
  const bool pad = content.front() == '`' || content.back() == '`';
  return fence + (pad ? " " : "") + (pad ? content : std::string(text::trim(content))) + (pad ? " " : "") + fence;
}

std::string link_destination(std::string_view url) {
  std::string out;
  bool brackets = url.empty();
  for (const char c : url) {
    if (c == '\n' || c == '\r' || c == '\t') continue;
    if (c == '<' || c == '>') {
      out += c == '<' ? "%3C" : "%3E";
      continue;
    }
    brackets = brackets || c == ' ' || c == '(' || c == ')';
    if (c == '\\') out += '\\';
    out += c;
  }
  return brackets ? "<" + out + ">" : out;
}

void InlineMarkdown::text(std::string_view text) {
  std::string content = collapse(text);
  if (content.empty()) return;
  // White space goes before an opening marker, never behind it.
  if (content[0] == ' ' && !tokens_.empty() && tokens_.back().kind == Kind::open) {
    content.erase(0, 1);
    auto at = tokens_.end();
    while (at != tokens_.begin() && (at - 1)->kind == Kind::open) --at;
    const bool needed = at != tokens_.begin() && (at - 1)->kind != Kind::line_break &&
                        !((at - 1)->kind == Kind::text && (at - 1)->value.back() == ' ');
    if (needed) tokens_.insert(at, {Kind::text, " "});
    if (content.empty()) return;
  }
  if (!tokens_.empty() && tokens_.back().kind == Kind::text) {
    auto& last = tokens_.back().value;
    last.append(last.back() == ' ' && content[0] == ' ' ? content.substr(1) : content);
  } else if (content != " " || (!tokens_.empty() && tokens_.back().kind != Kind::line_break)) {
    tokens_.push_back({Kind::text, std::move(content)});
  }
}

void InlineMarkdown::code(std::string_view text) {
  std::string span = code_span(text);
  if (span.empty()) {
    if (!text.empty()) this->text(" ");
    return;
  }
  if (is_space(text.front())) this->text(" ");
  tokens_.push_back({Kind::code, std::move(span)});
  if (is_space(text.back())) this->text(" ");
}

void InlineMarkdown::raw(std::string markdown) {
  if (!markdown.empty()) tokens_.push_back({Kind::raw, std::move(markdown)});
}

void InlineMarkdown::line_break() {
  tokens_.push_back({Kind::line_break, {}});
}

void InlineMarkdown::open(std::string_view marker) {
  const bool nested = std::find(open_.begin(), open_.end(), marker) != open_.end();
  open_.emplace_back(marker);
  if (nested) return;
  // "**a****b**" would not parse: what is closed and opened again at once stays open.
  if (!tokens_.empty() && tokens_.back().kind == Kind::close && tokens_.back().value == marker) {
    tokens_.pop_back();
  } else {
    tokens_.push_back({Kind::open, std::string(marker)});
  }
}

void InlineMarkdown::close(std::string_view marker) {
  const auto at = std::find(open_.rbegin(), open_.rend(), marker);
  if (at == open_.rend()) return;
  open_.erase(std::next(at).base());
  if (std::find(open_.begin(), open_.end(), marker) == open_.end()) close_token(marker);
}

void InlineMarkdown::close_token(std::string_view marker) {
  // Markers that hold nothing go, and white space and breaks move behind the closing one.
  std::vector<Token> moved;
  while (!tokens_.empty()) {
    auto& last = tokens_.back();
    if (last.kind == Kind::line_break || (last.kind == Kind::text && last.value == " ")) {
      moved.push_back(std::move(last));
      tokens_.pop_back();
    } else if (last.kind == Kind::text && last.value.back() == ' ') {
      last.value.pop_back();
      moved.push_back({Kind::text, " "});
    } else {
      break;
    }
  }
  if (!tokens_.empty() && tokens_.back().kind == Kind::open && tokens_.back().value == marker) {
    tokens_.pop_back();
  } else {
    tokens_.push_back({Kind::close, std::string(marker)});
  }
  for (auto it = moved.rbegin(); it != moved.rend(); ++it) {
    if (it->kind == Kind::text) {
      text(" ");
    } else {
      tokens_.push_back(std::move(*it));
    }
  }
}

bool InlineMarkdown::empty() const {
  return std::all_of(tokens_.begin(), tokens_.end(), [](const Token& t) {
    return t.kind == Kind::open || t.kind == Kind::close || t.kind == Kind::line_break ||
           (t.kind == Kind::text && t.value == " ");
  });
}

bool InlineMarkdown::ends_with_break() const {
  for (auto it = tokens_.rbegin(); it != tokens_.rend(); ++it) {
    if (it->kind == Kind::line_break) return true;
    if (!(it->kind == Kind::text && it->value == " ")) return false;
  }
  return false;
}

void InlineMarkdown::trim_ends() {
  const auto blank = [](const Token& t) {
    return t.kind == Kind::line_break || (t.kind == Kind::text && text::trim(t.value).empty());
  };
  while (!tokens_.empty() && blank(tokens_.back())) tokens_.pop_back();
  const auto first = std::find_if_not(tokens_.begin(), tokens_.end(), blank);
  tokens_.erase(tokens_.begin(), first);
  if (!tokens_.empty() && tokens_.front().kind == Kind::text && tokens_.front().value.front() == ' ') {
    tokens_.front().value.erase(0, 1);
  }
  // A space before a break would be invisible; one at the end of text before nothing is trimmed by the caller.
  for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
    auto& value = tokens_[i].value;
    if (tokens_[i].kind == Kind::text && tokens_[i + 1].kind == Kind::line_break && !value.empty() &&
        value.back() == ' ') {
      value.pop_back();
    }
  }
}

/// The visible character next to a marker, beyond adjacent markers; 0 at the edge of the paragraph.
char32_t InlineMarkdown::neighbour(std::size_t index, int direction) const {
  for (auto i = static_cast<std::ptrdiff_t>(index) + direction; i >= 0 && i < std::ssize(tokens_); i += direction) {
    const Token& token = tokens_[static_cast<std::size_t>(i)];
    if (token.kind == Kind::line_break) return '\n';
    if (token.kind == Kind::open || token.kind == Kind::close || token.kind == Kind::dropped) continue;
    if (token.kind == Kind::code || token.kind == Kind::raw) return '`';
    if (token.value.empty()) continue;
    std::size_t at = 0;
    if (direction < 0) {
      at = token.value.size() - 1;
      while (at > 0 && (static_cast<unsigned char>(token.value[at]) & 0xC0) == 0x80) --at;
    }
    const auto points = text::codepoints(text::clip(std::string_view(token.value).substr(at), 4));
    return points.empty() ? U'a' : points.front().value;
  }
  return 0;
}

void InlineMarkdown::drop_unreadable_emphasis() {
  std::vector<std::size_t> opened;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (tokens_[i].kind == Kind::open) opened.push_back(i);
    if (tokens_[i].kind != Kind::close) continue;
    // Overlapping elements (<b><i></b></i>) cannot nest: the inner marker goes.
    while (!opened.empty() && tokens_[opened.back()].value != tokens_[i].value) {
      tokens_[opened.back()].kind = Kind::dropped;
      opened.pop_back();
    }
    if (opened.empty()) {
      tokens_[i].kind = Kind::dropped;
      continue;
    }
    const std::size_t start = opened.back();
    opened.pop_back();
    const char32_t before = neighbour(start, -1), first = neighbour(start, 1);
    const char32_t last = neighbour(i, -1), after = neighbour(i, 1);
    const bool opens =
        !is_unicode_space(first) && (!is_punctuation(first) || is_unicode_space(before) || is_punctuation(before));
    const bool closes =
        !is_unicode_space(last) && (!is_punctuation(last) || is_unicode_space(after) || is_punctuation(after));
    if (!opens || !closes) tokens_[start].kind = tokens_[i].kind = Kind::dropped;
  }
  for (const std::size_t i : opened) tokens_[i].kind = Kind::dropped;
}

std::string InlineMarkdown::take(bool one_line) {
  // Elements left open (a paragraph break inside <b>) close here and open again in the next paragraph.
  std::vector<std::string> distinct;
  for (const auto& marker : open_) {
    if (std::find(distinct.begin(), distinct.end(), marker) == distinct.end()) distinct.push_back(marker);
  }
  for (auto it = distinct.rbegin(); it != distinct.rend(); ++it) close_token(*it);
  trim_ends();
  drop_unreadable_emphasis();

  std::string out;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const Token& token = tokens_[i];
    if (token.kind == Kind::dropped) continue;
    if (token.kind == Kind::line_break) {
      out += one_line ? " " : "\\\n";
    } else if (token.kind == Kind::text) {
      const bool before_raw = i + 1 < tokens_.size() && tokens_[i + 1].kind == Kind::raw;
      const char next = before_raw ? tokens_[i + 1].value.front() : '\0';
      std::string_view value = token.value;
      if (i > 0 && tokens_[i - 1].kind == Kind::line_break && value.front() == ' ') value.remove_prefix(1);
      out += escape_markdown(value, next);
    } else {
      out += token.value;
    }
  }
  tokens_.clear();
  for (const auto& marker : distinct) tokens_.push_back({Kind::open, marker});
  out = std::string(text::trim(out));
  return one_line ? out : escape_line_starts(out);
}

}  // namespace twin::feature
