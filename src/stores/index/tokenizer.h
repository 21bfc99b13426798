// Words of any text for the lexical index: Korean, CJK and Latin writing, identifiers and numbers.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/kiwi.h"
#include "stores/index/cells.h"

struct sb_stemmer;

namespace twin::stores {

/// Raise whenever the tokens of some text change: an index made with another version is rebuilt on opening.
inline constexpr int kTokenizerVersion = 1;

struct Token {
  std::string_view text;  ///< NFC, case-folded, stemmed; valid during the call
  std::size_t start = 0;  ///< bytes of the source
  std::size_t end = 0;
  bool colocated = false;  ///< another form of the token before it: takes no position of its own
};

/// - Hangul, and Han and Kana: overlapping bigrams of each run, so that 플랫폼 is found in 플랫폼을; a run of one is
///   a unigram. Documents also get the first character of each longer run, so that 책 is found in 책을.
/// - Hangul with Kiwi: the content morphemes of each word by their dictionary form, the word itself where it has none.
/// - Latin and other words: the English Snowball stem; an accented word also without its accents.
/// - Identifiers (apt-get, sources.list, snake_case, camelCase, utf8, C++): whole and in parts.
/// Any bytes are valid input. Not thread-safe: one per thread.
class Tokenizer {
 public:
  enum class Purpose { document, query };
  using Sink = std::function<void(const Token&)>;

  /// `kiwi`: cut Hangul into morphemes; null: into bigrams.
  explicit Tokenizer(std::shared_ptr<const text::Kiwi> kiwi = nullptr);
  ~Tokenizer();
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  void tokenize(std::string_view bytes, Purpose purpose, const Sink& sink);

 private:
  struct Range {
    std::size_t begin = 0, end = 0;  // of cells_
  };

  void words(std::string_view bytes, Purpose purpose, const Sink& sink);
  void find_morphemes(std::string_view bytes);
  std::size_t morphemes(std::size_t begin, const Sink& sink);
  void segment(std::string_view bytes, std::size_t base, Purpose purpose, const Sink& sink);
  std::size_t ngrams(std::size_t begin, Purpose purpose, const Sink& sink);
  std::size_t unit(std::size_t begin, const Sink& sink);
  [[nodiscard]] std::size_t word_end(std::size_t begin) const;
  [[nodiscard]] std::vector<Range> parts(Range word) const;
  void emit(Range range, bool stem, bool colocated, const Sink& sink);
  void send(std::string_view text, Range range, bool colocated, const Sink& sink) const;
  [[nodiscard]] std::string text_of(Range range) const;
  [[nodiscard]] std::string stemmed(const std::string& word);

  std::unique_ptr<sb_stemmer, void (*)(sb_stemmer*)> stemmer_;
  std::vector<Cell> cells_;  // of the current segment
  std::shared_ptr<const text::Kiwi> kiwi_;
  std::vector<text::Morpheme> morphemes_;  // of the text, its content words, in order
};

/// The distinct tokens of a query, in order of appearance.
[[nodiscard]] std::vector<std::string> query_tokens(std::string_view query,
                                                    std::shared_ptr<const text::Kiwi> kiwi = nullptr);

}  // namespace twin::stores
