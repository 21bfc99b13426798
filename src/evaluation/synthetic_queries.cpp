#include "evaluation/synthetic_queries.h"

#include <fmt/core.h>

#include <array>
#include <map>
#include <optional>
#include <random>

#include "core/hash.h"
#include "core/text/sentences.h"
#include "core/text/unicode.h"
#include "inference/rag/content_terms.h"

namespace twin::evaluation {
namespace {

constexpr std::size_t least_words = 4;      // of content, in a sentence that is asked for
constexpr std::size_t query_words = 6;      // of a known-item query
constexpr std::size_t longest_query = 400;  // bytes of a sentence

using Random = std::mt19937_64;
using Kind = SyntheticQuery::Kind;

bool coin(Random& random) {
  return (random() & 1U) != 0;
}

/// Particles that people leave out when they search.
std::string without_particle(std::string_view word) {
  constexpr std::array<std::string_view, 16> particles = {"에서", "으로", "에게", "까지", "은", "는", "이", "가",
                                                          "을",   "를",   "의",   "에",   "로", "와", "과", "도"};
  constexpr std::size_t two_syllables = 6;  // bytes: what stays must be a word
  for (const std::string_view particle : particles) {
    if (word.size() >= particle.size() + two_syllables && word.ends_with(particle)) {
      return std::string(word.substr(0, word.size() - particle.size()));
    }
  }
  return std::string(word);
}

/// The words of a sentence that carry its content, without what stands around them.
std::vector<std::string> content_words(std::string_view sentence) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty() && !inference::content_terms(word).empty()) words.push_back(word);
    word.clear();
  };
  for (const text::Codepoint& point : text::codepoints(sentence)) {
    if (text::is_letter(point.value) || text::is_digit(point.value)) {
      word += sentence.substr(point.offset, point.length);
    } else {
      end_word();
    }
  }
  end_word();
  return words;
}

std::string some_words(const std::vector<std::string>& words, Random& random) {
  std::string query;
  std::size_t taken = 0;
  for (std::size_t i = 0; i < words.size() && taken < query_words; ++i) {
    const bool needed = taken + (words.size() - i) <= least_words;
    if (!needed && !coin(random)) continue;
    query += (taken++ == 0 ? "" : " ") + (coin(random) ? without_particle(words[i]) : words[i]);
  }
  return query;
}

/// A sentence of the passage that can be asked for.
std::optional<std::string> a_sentence(const stores::Chunk& chunk, Random& random) {
  std::vector<std::string> usable;
  for (const text::Span& span : text::sentences(chunk.text)) {
    const std::string_view sentence = std::string_view(chunk.text).substr(span.start, span.end - span.start);
    if (sentence.size() <= longest_query && content_words(sentence).size() >= least_words)
      usable.emplace_back(sentence);
  }
  if (usable.empty()) return std::nullopt;
  return usable[random() % usable.size()];
}

/// The lowest hashes so far of one kind.
class Lowest {
 public:
  Lowest(Kind kind, int count, std::int64_t seed) : kind_(kind), count_(static_cast<std::size_t>(count)), seed_(seed) {}

  void offer(const stores::Chunk& chunk, const std::vector<std::string>& document) {
    const std::string hash = sha256_hex(fmt::format("{}/{}/{}", seed_, static_cast<int>(kind_), chunk.id));
    if (kept_.size() >= count_ && (kept_.empty() || hash >= kept_.rbegin()->first)) return;
    constexpr int hex = 16;
    Random random(std::stoull(hash.substr(0, 16), nullptr, hex));
    const auto sentence = a_sentence(chunk, random);
    if (!sentence) return;
    SyntheticQuery query{kind_, {}, chunk.document_id, {}, {}};
    if (kind_ == Kind::known_item) {
      query.text = some_words(content_words(*sentence), random);
      query.relevant = {chunk.id};
    } else {
      query.text = *sentence;
      query.left_out = chunk.id;
      for (const std::string& id : document) {
        if (id != chunk.id) query.relevant.push_back(id);
      }
      if (query.relevant.empty()) return;
    }
    kept_.emplace(hash, std::move(query));
    if (kept_.size() > count_) kept_.erase(std::prev(kept_.end()));
  }

  void move_to(std::vector<SyntheticQuery>& all) {
    for (auto& [hash, query] : kept_) all.push_back(std::move(query));
  }

 private:
  Kind kind_;
  std::size_t count_;
  std::int64_t seed_;
  std::map<std::string, SyntheticQuery> kept_;
};

}  // namespace

std::vector<SyntheticQuery> synthetic_queries(stores::Index& index, int count, std::int64_t seed) {
  Lowest known(Kind::known_item, count, seed), related(Kind::related, count, seed);
  std::vector<stores::Chunk> document;
  const auto end_document = [&] {
    std::vector<std::string> ids;
    ids.reserve(document.size());
    for (const stores::Chunk& chunk : document) ids.push_back(chunk.id);
    for (const stores::Chunk& chunk : document) {
      known.offer(chunk, ids);
      related.offer(chunk, ids);
    }
    document.clear();
  };
  index.each_chunk([&](stores::Chunk&& chunk) {
    if (!document.empty() && document.front().document_id != chunk.document_id) end_document();
    document.push_back(std::move(chunk));
    return true;
  });
  end_document();
  std::vector<SyntheticQuery> all;
  known.move_to(all);
  related.move_to(all);
  return all;
}

}  // namespace twin::evaluation
