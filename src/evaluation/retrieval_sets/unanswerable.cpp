#include "evaluation/retrieval_sets/unanswerable.h"

#include <algorithm>
#include <set>

#include "core/hash.h"
#include "evaluation/random.h"

namespace twin::evaluation {
namespace {

constexpr int kTriesPerUnanswerable = 20;  // pairs of words

bool may_be_answered(const std::string& query, const SetCorpus& corpus) {
  const auto words = corpus.words().of(query);
  const auto unknown = std::count_if(words.begin(), words.end(),
                                     [&](const TopicWord& word) { return corpus.documents_with(word.key) == 0; });
  return unknown == 0 || 2 * unknown < static_cast<std::ptrdiff_t>(words.size());
}

/// None where the passage has no rare word.
TopicWord rare_word(const AskedPassage& passage, const SetCorpus& corpus, std::mt19937_64& random) {
  auto words = corpus.words().of(passage.chunk.text);
  std::erase_if(words, [&](const TopicWord& word) { return !corpus.is_rare(word.key); });
  return words.empty() ? TopicWord{} : words[draw(random, words.size())];
}

/// A question about two things; empty where these two passages give none.
std::string joining_question(const AskedPassage& one, const AskedPassage& other, const SetCorpus& corpus,
                             std::mt19937_64& random) {
  if (one.language != other.language || one.chunk.document_id == other.chunk.document_id) return {};
  const TopicWord a = rare_word(one, corpus, random), b = rare_word(other, corpus, random);
  if (a.key.empty() || b.key.empty() || a.key == b.key || corpus.stand_together(a.key, b.key)) return {};
  return one.language == "ko" ? a.shown + " 그리고 " + b.shown + " 사이에 어떤 관계가 있나요?"
                              : "How are " + a.shown + " and " + b.shown + " related?";
}

}  // namespace

std::vector<std::string> unanswerable_queries(const RetrievalSetConfig& config, const SetCorpus& corpus,
                                              const std::vector<std::string>& foreign,
                                              std::map<std::string, int>& left_out) {
  const auto wanted = static_cast<std::size_t>(config.unanswerable);
  const std::string seed = std::to_string(config.seed);
  std::vector<std::string> queries;
  std::set<std::string> known;
  const auto add = [&](const std::string& query) {
    if (!query.empty() && known.insert(query).second) queries.push_back(query);
  };
  std::vector<std::pair<std::string, std::string>> ordered;
  ordered.reserve(foreign.size());
  for (const std::string& text : foreign) ordered.emplace_back(sha256_hex(seed + "/" + text), text);
  std::sort(ordered.begin(), ordered.end());
  for (const auto& [order, text] : ordered) {
    if (queries.size() >= wanted) break;
    if (may_be_answered(text, corpus)) {
      ++left_out["unanswerable: the corpus may answer it"];
    } else {
      add(text);
    }
  }
  auto random = random_for({seed, "unanswerable"});
  const auto& passages = corpus.passages();
  for (int tries = kTriesPerUnanswerable * config.unanswerable; queries.size() < wanted && tries > 0; --tries) {
    const AskedPassage& one = passages[draw(random, passages.size())];
    add(joining_question(one, passages[draw(random, passages.size())], corpus, random));
  }
  if (queries.size() < wanted) {
    left_out["unanswerable: no more pairs of rare words"] += static_cast<int>(wanted - queries.size());
  }
  return queries;
}

}  // namespace twin::evaluation
