#include "stores/index/tokenizer.h"

#include <libstemmer.h>
#include <utf8proc.h>

#include <algorithm>
#include <unordered_set>

#include "core/text/ascii.h"
#include "core/text/unicode.h"

namespace twin::stores {
namespace {

constexpr std::size_t kSegmentBytes = 4096;  // text without white space is cut here; bounds memory
constexpr std::size_t kLineBytes = 8192;     // a longer line is analysed in parts
constexpr std::size_t kTokenBytes = 96;      // longer tokens are clipped, in documents and queries alike
constexpr std::size_t kWordParts = 6;        // a word of more parts is a hash or a blob: kept whole only

using Kind = Cell::Kind;

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_word(const Cell& cell) {
  return cell.kind == Kind::letter || cell.kind == Kind::digit;
}

bool is_apostrophe(const Cell& cell) {
  return cell.value == U'\'' || cell.value == U'\u2019';
}

// Joins the words of an identifier: snake_case, apt-get, sources.list, libstdc++6.
bool is_joiner(const Cell& cell) {
  switch (cell.value) {
    case U'_':
    case U'-':
    case U'.':
    case U'+':
    case U'\u2010':
    case U'\u2011':
      return true;
    default:
      return false;
  }
}

char32_t spelled(char32_t c) {
  if (c == U'\u2019') return U'\'';
  return c == U'\u2010' || c == U'\u2011' ? U'-' : c;
}

void append_utf8(std::string& text, char32_t c) {
  if (c < 0x80) {
    text += static_cast<char>(c);
    return;
  }
  utf8proc_uint8_t bytes[4];
  const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
}

bool is_ascii_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return text::is_ascii_lower(c) || c == '\''; });
}

// The Latin word without its accents, or empty when it has none.
std::string without_accents(const std::string& word) {
  if (std::all_of(word.begin(), word.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return {};
  utf8proc_uint8_t* raw = nullptr;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(word.data()), static_cast<utf8proc_ssize_t>(word.size()),
                   &raw, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(raw, &std::free);
  if (size < 0) return {};
  std::string bare(reinterpret_cast<const char*>(raw), static_cast<std::size_t>(size));
  return is_ascii_word(bare) ? bare : std::string();
}

}  // namespace

Tokenizer::Tokenizer(std::shared_ptr<const text::Kiwi> kiwi)
    : stemmer_(sb_stemmer_new("english", "UTF_8"), &sb_stemmer_delete), kiwi_(std::move(kiwi)) {
  if (!stemmer_) throw Fatal(ErrorKind::internal, "the English stemmer is missing from libstemmer");
}

Tokenizer::~Tokenizer() = default;

void Tokenizer::tokenize(std::string_view bytes, Purpose purpose, const Sink& sink) {
  if (!kiwi_) return words(bytes, purpose, sink);
  // Kiwi reads composed, valid text. What is repaired or composed for it has other offsets than the source.
  const std::string composed = text::nfc(text::repair_utf8(bytes));
  find_morphemes(composed);
  words(composed, purpose, sink);
}

// Line by line: a morpheme never crosses one, and Kiwi's memory stays small.
void Tokenizer::find_morphemes(std::string_view bytes) {
  morphemes_.clear();
  for (std::size_t at = 0; at < bytes.size();) {
    std::size_t end = std::min(bytes.find('\n', at), bytes.size());
    if (end - at > kLineBytes) {
      const auto space = bytes.rfind(' ', at + kLineBytes);
      end = space != std::string_view::npos && space > at
                ? space
                : at + text::clip(bytes.substr(at, end - at), kLineBytes).size();
    }
    const std::string_view line = bytes.substr(at, end - at);
    if (std::any_of(line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xE1; })) {
      auto found = kiwi_->morphemes(line);
      if (!found) throw Fatal(std::move(found.error()));
      for (text::Morpheme& morpheme : *found) {
        if (!text::is_content(morpheme)) continue;
        morpheme.span.start += at;
        morpheme.span.end += at;
        morphemes_.push_back(std::move(morpheme));
      }
    }
    at = std::max(end, at + 1);
  }
}

// The content morphemes of a run of Hangul; the run itself where it has none, so that every word can be found.
std::size_t Tokenizer::morphemes(std::size_t begin, const Sink& sink) {
  std::size_t end = begin;
  while (end < cells_.size() && cells_[end].kind == Kind::hangul) ++end;
  const std::size_t from = cells_[begin].start, to = cells_[end - 1].end;
  auto next = std::lower_bound(morphemes_.begin(), morphemes_.end(), from,
                               [](const text::Morpheme& m, std::size_t at) { return m.span.start < at; });
  bool any = false;
  for (; next != morphemes_.end() && next->span.start < to; ++next) {
    if (!std::any_of(next->form.begin(), next->form.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0xE1; }))
      continue;  // digits and Latin letters have their own words
    sink({text::clip(next->form, kTokenBytes), next->span.start, std::min(next->span.end, to), false});
    any = true;
  }
  if (!any) emit({begin, end}, false, false, sink);
  return end;
}

void Tokenizer::words(std::string_view bytes, Purpose purpose, const Sink& sink) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (is_space(bytes[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < bytes.size() && !is_space(bytes[end])) ++end;
    while (at < end) {
      std::size_t cut = std::min(end, at + kSegmentBytes);
      while (cut < end && cut > at + 1 && (static_cast<unsigned char>(bytes[cut]) & 0xC0) == 0x80) --cut;
      segment(bytes.substr(at, cut - at), at, purpose, sink);
      at = cut;
    }
  }
}

void Tokenizer::segment(std::string_view bytes, std::size_t base, Purpose purpose, const Sink& sink) {
  cells_.clear();
  append_cells(bytes, base, cells_);
  for (std::size_t at = 0; at < cells_.size();) {
    const Kind kind = cells_[at].kind;
    if (kind == Kind::hangul && kiwi_) {
      at = morphemes(at, sink);
    } else if (kind == Kind::hangul || kind == Kind::cjk) {
      at = ngrams(at, purpose, sink);
    } else if (is_word(cells_[at])) {
      at = unit(at, sink);
    } else {
      ++at;
    }
  }
}

std::size_t Tokenizer::ngrams(std::size_t begin, Purpose purpose, const Sink& sink) {
  std::size_t end = begin;
  while (end < cells_.size() && cells_[end].kind == cells_[begin].kind) ++end;
  if (end - begin == 1) {
    emit({begin, end}, false, false, sink);
    return end;
  }
  for (std::size_t i = begin; i + 1 < end; ++i) {
    emit({i, i + 2}, false, false, sink);
    if (i == begin && purpose == Purpose::document) emit({i, i + 1}, false, true, sink);
  }
  return end;
}

// The end of the letters, digits and inner apostrophes from here.
std::size_t Tokenizer::word_end(std::size_t begin) const {
  std::size_t end = begin;
  while (end < cells_.size()) {
    const bool inner_apostrophe =
        is_apostrophe(cells_[end]) && end > begin && end + 1 < cells_.size() && cells_[end + 1].kind == Kind::letter;
    if (!is_word(cells_[end]) && !inner_apostrophe) break;
    ++end;
  }
  return end;
}

// One word, or several joined into an identifier: each part, then the longer forms on the position of their first part.
std::size_t Tokenizer::unit(std::size_t begin, const Sink& sink) {
  std::vector<Range> words{{begin, word_end(begin)}};
  std::size_t end = words.back().end;
  while (end + 1 < cells_.size() && is_joiner(cells_[end]) && is_word(cells_[end + 1])) {
    words.push_back({end + 1, word_end(end + 1)});
    end = words.back().end;
  }
  std::size_t whole_end = end;  // with the signs of C++ and C#
  if (end + 1 < cells_.size() && cells_[end].value == U'+' && cells_[end + 1].value == U'+') {
    whole_end = end + 2;
  } else if (end < cells_.size() && cells_[end].value == U'#') {
    whole_end = end + 1;
  }
  for (const Range word : words) {
    const auto split = parts(word);
    for (const Range part : split) {
      emit(part, true, false, sink);
      if (part.begin != word.begin) continue;
      if (split.size() > 1) emit(word, true, true, sink);
      if (word.begin == begin && whole_end > word.end) emit({begin, whole_end}, false, true, sink);
    }
  }
  return whole_end;
}

// camelCase, HTTPServer, utf8.
std::vector<Tokenizer::Range> Tokenizer::parts(Range word) const {
  std::vector<Range> result{{word.begin, word.end}};
  for (std::size_t i = word.begin + 1; i < word.end; ++i) {
    const Cell& before = cells_[i - 1];
    const Cell& here = cells_[i];
    if (is_apostrophe(here)) return {word};
    if (before.start == here.start) continue;  // two cells of one folded character
    const bool hump = here.upper && before.kind == Kind::letter && !before.upper;
    const bool acronym =
        here.upper && before.upper && i + 1 < word.end && cells_[i + 1].kind == Kind::letter && !cells_[i + 1].upper;
    if (hump || acronym || before.kind != here.kind) {
      result.back().end = i;
      result.push_back({i, word.end});
    }
  }
  return result.size() > kWordParts ? std::vector<Range>{word} : result;
}

void Tokenizer::emit(Range range, bool stem, bool colocated, const Sink& sink) {
  const std::string text = text_of(range);
  send(stem ? stemmed(text) : text, range, colocated, sink);
  if (const std::string bare = stem ? without_accents(text) : std::string(); !bare.empty()) {
    send(stemmed(bare), range, true, sink);
  }
}

void Tokenizer::send(std::string_view text, Range range, bool colocated, const Sink& sink) const {
  sink({text::clip(text, kTokenBytes), cells_[range.begin].start, cells_[range.end - 1].end, colocated});
}

std::string Tokenizer::text_of(Range range) const {
  std::string text;
  for (std::size_t i = range.begin; i < range.end; ++i) append_utf8(text, spelled(cells_[i].value));
  return text;
}

std::string Tokenizer::stemmed(const std::string& word) {
  if (!is_ascii_word(word)) return word;
  const auto* stem =
      sb_stemmer_stem(stemmer_.get(), reinterpret_cast<const sb_symbol*>(word.data()), static_cast<int>(word.size()));
  const int length = sb_stemmer_length(stemmer_.get());
  if (!stem || length <= 0) return word;
  return {reinterpret_cast<const char*>(stem), static_cast<std::size_t>(length)};
}

std::vector<std::string> query_tokens(std::string_view query, std::shared_ptr<const text::Kiwi> kiwi) {
  std::vector<std::string> tokens;
  std::unordered_set<std::string> seen;
  Tokenizer(std::move(kiwi)).tokenize(query, Tokenizer::Purpose::query, [&](const Token& token) {
    std::string text(token.text);
    if (seen.insert(text).second) tokens.push_back(std::move(text));
  });
  return tokens;
}

}  // namespace twin::stores
