#include "evaluation/retrieval_sets/set_corpus.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "evaluation/words.h"

namespace twin::evaluation {
namespace {

constexpr int kRareDocuments = 8;

std::uint64_t number_of(const std::string& hex) {
  return std::stoull(hex.substr(0, 16), nullptr, 16);
}

/// Equal for texts that differ in case and white space only.
std::uint64_t text_number(std::string_view text) {
  std::string plain;
  for (const std::string& word : words(text)) plain.append(word).append(" ");
  return number_of(sha256_hex(plain));
}

void stop_set_if_asked(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Fatal(ErrorKind::cancelled, tr("Stopped"));
}

}  // namespace

SetCorpus::SetCorpus(const RetrievalSetConfig& config, const SetContext& context, std::map<std::string, int>& left_out)
    : config_(config), context_(context) {
  choose(find_candidates(left_out), left_out);
  passages_.resize(chosen_.size());
  context_.index.each_entry([&](stores::IndexEntry&& entry) {
    stop_set_if_asked(context_.stop);
    count(entry);
    keep(entry);
    return true;
  });
  // What was chosen and is gone by the second reading: another process writes the index.
  std::erase_if(passages_, [](const AskedPassage& passage) { return passage.chunk.id.empty(); });
}

std::vector<SetCorpus::Candidate> SetCorpus::find_candidates(std::map<std::string, int>& left_out) {
  std::vector<Candidate> all;
  std::string document;
  std::set<std::vector<std::string>> sections;
  context_.index.each_chunk([&](stores::Chunk&& chunk) {
    if (chunk.document_id != document) {
      stop_set_if_asked(context_.stop);
      document = chunk.document_id;
      sections.clear();
    }
    ++all_passages_;
    words_.learn(chunk.text);
    const bool opens = sections.insert(chunk.headings).second;
    if (std::cmp_less(evaluation::words(chunk.text).size(), config_.min_words)) {
      ++left_out["too short"];
      return true;
    }
    // The document's id for now: the round is counted by it once all are sorted.
    all.push_back({.round = 0,
                   .order = number_of(sha256_hex(std::to_string(config_.seed) + "/" + chunk.id)),
                   .text = text_number(chunk.text),
                   .id = chunk.document_id + " " + chunk.id,
                   .opens_section = opens});
    return true;
  });
  return all;
}

void SetCorpus::choose(std::vector<Candidate> candidates, std::map<std::string, int>& left_out) {
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return std::tie(a.order, a.id) < std::tie(b.order, b.id); });
  std::unordered_map<std::string, std::size_t> of_document;
  for (Candidate& candidate : candidates) {
    const std::size_t blank = candidate.id.find(' ');
    candidate.round = of_document[candidate.id.substr(0, blank)]++;
    candidate.id.erase(0, blank + 1);
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.round, a.order, a.id) < std::tie(b.round, b.order, b.id);
  });
  for (Candidate& candidate : candidates) {
    if (std::cmp_greater_equal(chosen_.size(), config_.passages)) break;
    if (!chosen_texts_.emplace(candidate.text, chosen_.size()).second) {
      ++left_out["the same text as another passage"];
      continue;
    }
    chosen_ids_.emplace(candidate.id, chosen_.size());
    chosen_.push_back(std::move(candidate));
  }
}

void SetCorpus::count(const stores::IndexEntry& entry) {
  std::set<std::string> keys, headings = {text::fold(entry.document.title)};
  for (const stores::Chunk& chunk : entry.chunks) {
    for (TopicWord& word : words_.of(chunk.text)) keys.insert(std::move(word.key));
    if (!chunk.headings.empty()) headings.insert(text::fold(chunk.headings.back()));
  }
  for (const std::string& heading : headings) ++headings_[heading];
  for (const std::string& key : keys) {
    Uses& uses = uses_[key];
    ++uses.documents;
    if (uses.documents <= kRareDocuments) uses.in.push_back(documents_);
  }
  feature::Block block;
  block.span = {0, entry.document.prose.size()};
  vocabulary_.add({entry.document.prose, {block}});
  ++documents_;
}

void SetCorpus::keep(stores::IndexEntry& entry) {
  for (std::size_t i = 0; i < entry.chunks.size(); ++i) {
    stores::Chunk& chunk = entry.chunks[i];
    const auto same = chosen_texts_.find(text_number(chunk.text));
    if (same != chosen_texts_.end()) passages_[same->second].relevant.insert(entry.document.id);
    const auto asked = chosen_ids_.find(chunk.id);
    if (asked == chosen_ids_.end()) continue;
    AskedPassage& passage = passages_[asked->second];
    passage.opens_section = chosen_[asked->second].opens_section;
    passage.title = entry.document.title;
    passage.category = entry.document.category;
    passage.language = text::guess_language(chunk.text);
    passage.vector = entry.vectors.at(i);
    passage.chunk = std::move(chunk);
  }
}

int SetCorpus::documents_with(const std::string& key) const {
  const auto found = uses_.find(key);
  return found == uses_.end() ? 0 : found->second.documents;
}

double SetCorpus::particularity(const std::string& key) const {
  const int with = documents_with(key);
  return with == 0 ? 0.0 : std::log(static_cast<double>(documents_ + 1) / with);
}

bool SetCorpus::is_rare(const std::string& key) const {
  const int with = documents_with(key);
  return with > 0 && with <= kRareDocuments;
}

bool SetCorpus::stand_together(const std::string& a, const std::string& b) const {
  const auto& in_a = uses_.at(a).in;
  const auto& in_b = uses_.at(b).in;
  return std::any_of(in_a.begin(), in_a.end(),
                     [&](int document) { return std::find(in_b.begin(), in_b.end(), document) != in_b.end(); });
}

int SetCorpus::documents_under(const std::string& heading) const {
  const auto found = headings_.find(text::fold(heading));
  return found == headings_.end() ? 0 : found->second;
}

}  // namespace twin::evaluation
