// What making a test set needs to know of the whole index: the passages to ask for, and how particular words are.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "evaluation/retrieval_sets/make_set.h"
#include "evaluation/topic_words.h"
#include "feature/datasets/phrase.h"

namespace twin::evaluation {

/// A passage that queries ask for.
struct AskedPassage {
  stores::Chunk chunk;
  std::string title, category, language;
  std::vector<float> vector;
  std::set<std::string> relevant;  ///< ids of the documents that hold it, or a passage with the same text
  bool opens_section = false;      ///< the first passage below its headings
};

/// Reads the index twice, one document at a time: once to learn the words and choose passages, once to count and keep.
class SetCorpus {
 public:
  SetCorpus(const RetrievalSetConfig& config, const SetContext& context, std::map<std::string, int>& left_out);

  [[nodiscard]] const std::vector<AskedPassage>& passages() const { return passages_; }
  [[nodiscard]] const TopicWords& words() const { return words_; }
  [[nodiscard]] const feature::Vocabulary& vocabulary() const { return vocabulary_; }
  [[nodiscard]] int documents() const { return documents_; }
  [[nodiscard]] int all_passages() const { return all_passages_; }
  /// Documents whose passages hold the word.
  [[nodiscard]] int documents_with(const std::string& key) const;
  /// log(documents / documents_with()), 0 for a word of no document.
  [[nodiscard]] double particularity(const std::string& key) const;
  /// Whether the word is in so few documents that all of them are remembered.
  [[nodiscard]] bool is_rare(const std::string& key) const;
  /// Of two rare words.
  [[nodiscard]] bool stand_together(const std::string& a, const std::string& b) const;
  /// Documents that use the text as a title, or as a heading.
  [[nodiscard]] int documents_under(const std::string& heading) const;

 private:
  struct Candidate {
    std::size_t round = 0;              ///< how many of its document come before it
    std::uint64_t order = 0, text = 0;  ///< hashes
    std::string id;
    bool opens_section = false;
  };
  struct Uses {
    int documents = 0;
    std::vector<int> in;  ///< numbers of the first documents, a few at most
  };

  std::vector<Candidate> find_candidates(std::map<std::string, int>& left_out);
  void choose(std::vector<Candidate> candidates, std::map<std::string, int>& left_out);
  void count(const stores::IndexEntry& entry);
  void keep(stores::IndexEntry& entry);

  const RetrievalSetConfig& config_;
  const SetContext& context_;
  TopicWords words_;
  feature::Vocabulary vocabulary_;
  std::unordered_map<std::string, Uses> uses_;
  std::unordered_map<std::string, int> headings_;
  std::vector<Candidate> chosen_;                            // in the order of asking
  std::unordered_map<std::string, std::size_t> chosen_ids_;  // chunk id → its place there
  std::unordered_map<std::uint64_t, std::size_t> chosen_texts_;
  std::vector<AskedPassage> passages_;
  int documents_ = 0, all_passages_ = 0;
};

}  // namespace twin::evaluation
