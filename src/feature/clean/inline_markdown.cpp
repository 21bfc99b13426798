#include "feature/clean/inline_markdown.h"

#include <algorithm>

#include "core/text/unicode.h"
#include "feature/clean/characters.h"
#include "feature/clean/markdown_escape.h"

namespace twin::feature {

void InlineMarkdown::text(std::string_view text) {
  std::string content = collapse_spaces(text);
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
    if (it->kind != Kind::text || it->value != " ") return false;
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
