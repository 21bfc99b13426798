#include "stores/index/words/word_counts.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace twin::stores {
namespace {

void append_number(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
  out += static_cast<char>(value);
}

// Reads what append_number() wrote; nothing at the end of the bytes.
class NumberReader {
 public:
  explicit NumberReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  [[nodiscard]] bool done() const { return at_ == bytes_.size(); }

  [[nodiscard]] std::optional<std::uint64_t> number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (done()) return std::nullopt;
      const auto byte = std::to_integer<std::uint64_t>(bytes_[at_++]);
      value |= (byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<std::uint32_t> small() {
    const auto value = number();
    if (!value || *value > UINT32_MAX) return std::nullopt;
    return static_cast<std::uint32_t>(*value);
  }

  [[nodiscard]] std::optional<std::string_view> text(std::uint64_t size) {
    if (size > bytes_.size() - at_) return std::nullopt;
    const std::string_view view(reinterpret_cast<const char*>(bytes_.data()) + at_, size);
    at_ += size;
    return view;
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

}  // namespace

WordCounts count_words(Tokenizer& tokenizer, std::string_view headings, std::string_view body) {
  WordCounts counts;
  std::unordered_map<std::string, std::size_t> known;
  const auto count = [&](std::string_view text, std::uint32_t WordCount::*where) {
    bool first = true;
    tokenizer.tokenize(text, Tokenizer::Purpose::document, [&](const Token& token) {
      const auto [entry, fresh] = known.try_emplace(std::string(token.text), counts.terms.size());
      if (fresh) counts.terms.push_back({.term = entry->first});
      ++(counts.terms[entry->second].*where);
      if (!token.colocated || first) ++counts.length;
      first = false;
    });
  };
  count(headings, &WordCount::headings);
  count(body, &WordCount::body);
  std::sort(counts.terms.begin(), counts.terms.end(),
            [](const WordCount& a, const WordCount& b) { return a.term < b.term; });
  return counts;
}

// A term is: bytes shared with the term before it, bytes of its own, these, 2 * body + (any in headings), headings.
std::string pack(const WordCounts& counts) {
  std::string out;
  append_number(out, counts.length);
  std::string_view before;
  for (const WordCount& word : counts.terms) {
    const std::string_view term = word.term;
    const auto shared = static_cast<std::size_t>(
        std::mismatch(before.begin(), before.end(), term.begin(), term.end()).first - before.begin());
    append_number(out, shared);
    append_number(out, term.size() - shared);
    out += term.substr(shared);
    append_number(out, std::uint64_t{word.body} * 2 + (word.headings > 0 ? 1 : 0));
    if (word.headings > 0) append_number(out, word.headings);
    before = term;
  }
  return out;
}

bool unpack(std::span<const std::byte> packed, std::uint32_t& length, const WordVisitor& visit) {
  NumberReader reader(packed);
  const auto tokens = reader.small();
  if (!tokens) return false;
  length = *tokens;
  std::string term;
  while (!reader.done()) {
    const auto shared = reader.number();
    const auto own = reader.number();
    if (!shared || !own || *shared > term.size()) return false;
    const auto rest = reader.text(*own);
    const auto body = reader.number();
    if (!rest || !body || *body / 2 > UINT32_MAX) return false;
    std::uint32_t headings = 0;
    if (*body % 2 == 1) {
      const auto count = reader.small();
      if (!count) return false;
      headings = *count;
    }
    term.resize(*shared);
    term += *rest;
    visit(term, headings, static_cast<std::uint32_t>(*body / 2));
  }
  return true;
}

}  // namespace twin::stores
