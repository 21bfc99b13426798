#include "evaluation/retrieval_sets/make_set.h"

#include <algorithm>
#include <set>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/sentences.h"
#include "core/text/unicode.h"
#include "evaluation/random.h"
#include "evaluation/retrieval_sets/paraphrase.h"
#include "evaluation/retrieval_sets/set_corpus.h"
#include "evaluation/retrieval_sets/spoiled.h"
#include "evaluation/retrieval_sets/unanswerable.h"
#include "feature/datasets/questions.h"

namespace twin::evaluation {
namespace {

constexpr std::size_t kShortestPhrase = 4;  // words
constexpr double kLetters = 0.6;            // share of a phrase's characters: below it is a table, or code
constexpr int kSearchedPerNegative = 4;     // hits looked at for one document that counts
constexpr std::size_t kGiveUpAfter = 3;     // paraphrases in a row on which the engine itself fails

std::vector<std::string> eojeols(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const text::Codepoint& c : text::codepoints(text)) {
    if (!text::is_space(c.value)) {
      word.append(text.substr(c.offset, c.length));
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

bool is_mostly_letters(std::string_view text) {
  std::size_t letters = 0, others = 0;
  for (const text::Codepoint& c : text::codepoints(text)) {
    if (text::is_space(c.value)) continue;
    ++(text::is_letter(c.value) ? letters : others);
  }
  return static_cast<double>(letters) >= kLetters * static_cast<double>(letters + others) && letters > 0;
}

class SetMaker {
 public:
  SetMaker(const RetrievalSetConfig& config, const SetContext& context)
      : config_(config), context_(context), corpus_(config, context, set_.left_out) {}

  RetrievalSet run() {
    if (corpus_.passages().empty()) {
      throw Fatal(ErrorKind::not_found, tr("The index has no passage to ask for"), context_.index.location(),
                  tr("run: twin index; or lower retrieval_set.min_words"));
    }
    set_.documents = corpus_.documents();
    set_.passages = corpus_.all_passages();
    const auto progress = context_.progress.start(tr("questions"), tr("passages"));
    progress->total(corpus_.passages().size());
    for (const AskedPassage& passage : corpus_.passages()) {
      if (context_.stop.stop_requested()) throw Fatal(ErrorKind::cancelled, tr("Stopped"));
      ask_for(passage);
      progress->add();
    }
    for (const std::string& text : unanswerable_queries(config_, corpus_, context_.foreign, set_.left_out)) {
      if (!texts_.insert(text).second) continue;
      set_.queries.push_back(query_of(std::string(unanswerable_kind), text));
      ++set_.counts[std::string(unanswerable_kind)];
    }
    return std::move(set_);
  }

 private:
  void ask_for(const AskedPassage& passage) {
    add_question(passage);
    const std::string keywords = keywords_of(passage);
    add(passage, "keywords", keywords);
    const std::string phrase = phrase_of(passage);
    add(passage, "phrase", phrase);
    auto random = random_for({std::to_string(config_.seed), passage.chunk.id, "mistakes"});
    if (passage.language == "ko") {
      add(passage, "particles", spoil_particles(phrase, random));
      add(passage, "spacing", spoil_spacing(phrase, random));
    } else {
      add(passage, "typos", spoil_letters(keywords, random));
    }
    add_paraphrase(passage);
  }

  void add(const AskedPassage& passage, const std::string& kind, const std::string& text) {
    if (text.empty()) {
      ++set_.left_out[kind + ": nothing fits"];
    } else if (!texts_.insert(text).second) {
      ++set_.left_out[kind + ": asked before"];
    } else {
      BeirQuery query = query_of(kind, text);
      for (const std::string& id : passage.relevant) query.judged[id] = 1;
      // A question by heading is answered by all of the section.
      if (kind != "question") {
        query.document_id = passage.chunk.document_id;
        query.start = passage.chunk.start;
        query.end = passage.chunk.end;
      }
      query.negatives = negatives(passage, text);
      set_.queries.push_back(std::move(query));
      ++set_.counts[kind];
    }
  }

  static BeirQuery query_of(const std::string& kind, const std::string& text) {
    return {.id = stable_id("query", {kind, text}),
            .text = text,
            .judged = {},
            .kind = kind,
            .document_id = {},
            .negatives = {}};
  }

  void add_question(const AskedPassage& passage) {
    const auto& headings = passage.chunk.headings;
    const bool in_section = !headings.empty() && headings.back() != passage.title;
    const std::string& about = in_section ? headings.back() : passage.title;
    feature::Subject subject;
    subject.language = passage.language;
    subject.title = feature::make_phrase(passage.title, passage.language, corpus_.vocabulary());
    if (in_section) subject.heading = feature::make_phrase(about, passage.language, corpus_.vocabulary());
    if (!passage.opens_section || (subject.title.shape == feature::Shape::none && !in_section)) {
      ++set_.left_out["question: not the first passage of its heading"];
      return;
    }
    const auto category = context_.categories.find(passage.category);
    const feature::QuestionTemplates templates(category == context_.categories.end()
                                                   ? std::map<std::string, std::string>{}
                                                   : category->second.dataset.questions);
    auto random = random_for({std::to_string(config_.seed), passage.chunk.id, "question"});
    const bool needs_title = corpus_.documents_under(about) > 1;
    if (needs_title && corpus_.documents_under(passage.title) > 1) {
      ++set_.left_out["question: title and heading of several documents"];
      return;
    }
    for (const feature::Question& question : templates.ask(subject, random())) {
      if (needs_title && question.text.find(subject.title.plain) == std::string::npos) continue;
      add(passage, "question", question.text);
      return;
    }
    ++set_.left_out["question: nothing fits"];
  }

  /// The words that weigh most by tf-idf, in the order of the text.
  [[nodiscard]] std::string keywords_of(const AskedPassage& passage) const {
    const auto words = corpus_.words().of(passage.chunk.text);
    std::map<std::string, double> weights;
    for (const TopicWord& word : words) weights[word.key] += corpus_.particularity(word.key);
    std::vector<std::pair<double, std::string>> ranked;
    ranked.reserve(weights.size());
    for (const auto& [key, weight] : weights) ranked.emplace_back(-weight, key);
    std::sort(ranked.begin(), ranked.end());
    if (std::cmp_greater(ranked.size(), config_.keywords)) ranked.resize(static_cast<std::size_t>(config_.keywords));
    if (ranked.size() < 2) return {};
    std::set<std::string> wanted;
    for (const auto& [weight, key] : ranked) wanted.insert(key);
    std::string out;
    for (const TopicWord& word : words) {
      if (wanted.erase(word.key) > 0) out.append(out.empty() ? "" : " ").append(word.shown);
    }
    return out;
  }

  /// Of the sentence with the most particular words, as many words as asked for from a place drawn.
  [[nodiscard]] std::string phrase_of(const AskedPassage& passage) const {
    const std::string& text = passage.chunk.text;
    std::vector<std::string> best;
    double most = 0;
    for (const text::Span& span : text::sentences(text)) {
      const std::string_view sentence = std::string_view(text).substr(span.start, span.end - span.start);
      auto words = eojeols(sentence);
      if (words.size() < kShortestPhrase || !is_mostly_letters(sentence)) continue;
      double weight = 0;
      for (const TopicWord& word : corpus_.words().of(sentence)) weight += corpus_.particularity(word.key);
      if (weight > most) {
        most = weight;
        best = std::move(words);
      }
    }
    if (best.empty()) return {};
    const std::size_t length = std::min(best.size(), static_cast<std::size_t>(config_.phrase_words));
    auto random = random_for({std::to_string(config_.seed), passage.chunk.id, "phrase"});
    const std::size_t from = draw(random, best.size() - length + 1);
    std::string out;
    for (std::size_t i = from; i < from + length; ++i) out.append(out.empty() ? "" : " ").append(best[i]);
    return out;
  }

  void add_paraphrase(const AskedPassage& passage) {
    if (context_.chat == nullptr || paraphrased_ >= config_.paraphrases || engine_failures_ >= kGiveUpAfter) return;
    ++paraphrased_;
    const ParaphraseRules rules{config_.paraphrase_overlap, config_.paraphrase_attempts, config_.paraphrase_tokens};
    const auto result = paraphrase(*context_.chat, passage.chunk.text, rules, config_.seed, context_.stop);
    if (!result) {
      ++engine_failures_;
      set_.problems.push_back(result.error());
      set_.problems.back().where = passage.chunk.id;
      return;
    }
    engine_failures_ = 0;
    if (result->question.empty()) {
      ++set_.left_out["paraphrase: " + result->refused];
    } else {
      add(passage, "paraphrase", result->question);
    }
  }

  /// The best documents by words and by meaning, in turn, that are not the answer.
  std::vector<std::string> negatives(const AskedPassage& passage, const std::string& text) {
    const int looked_at = kSearchedPerNegative * config_.negatives;
    if (looked_at == 0) return {};
    std::vector<std::vector<std::string>> lists = {documents_of(context_.index.lexical(text, looked_at))};
    if (const auto alike = context_.index.dense(passage.vector, looked_at)) lists.push_back(documents_of(*alike));
    std::vector<std::string> found;
    for (std::size_t i = 0; i < static_cast<std::size_t>(looked_at); ++i) {
      for (const auto& list : lists) {
        if (i >= list.size() || std::cmp_greater_equal(found.size(), config_.negatives)) continue;
        const bool known = std::find(found.begin(), found.end(), list[i]) != found.end();
        if (!known && !passage.relevant.contains(list[i])) found.push_back(list[i]);
      }
    }
    return found;
  }

  std::vector<std::string> documents_of(const std::vector<stores::Hit>& hits) {
    std::vector<std::string> ids, documents;
    for (const stores::Hit& hit : hits) ids.push_back(hit.chunk_id);
    for (const stores::IndexedPassage& passage : context_.index.passages(ids)) {
      documents.push_back(passage.chunk.document_id);
    }
    return documents;
  }

  const RetrievalSetConfig& config_;
  const SetContext& context_;
  RetrievalSet set_;
  SetCorpus corpus_;
  std::set<std::string> texts_;
  int paraphrased_ = 0;
  std::size_t engine_failures_ = 0;
};

}  // namespace

RetrievalSet make_retrieval_set(const RetrievalSetConfig& config, const SetContext& context) {
  return SetMaker(config, context).run();
}

void RetrievalSetConfig::bind(config::Binder& b) {
  b.field("passages", passages, "Passages asked for; each gives a query of every kind that fits it",
          {.min = 1, .max = 1'000'000});
  b.field("min_words", min_words, "Words of a passage; a shorter one is not asked for", {.min = 1, .max = 10'000});
  b.field("keywords", keywords, "Words of a query of keywords", {.min = 2, .max = 64});
  b.field("phrase_words", phrase_words, "Words of a query that quotes", {.min = 4, .max = 200});
  b.field("negatives", negatives, "Documents listed for a query that look like the answer", {.min = 0, .max = 1000});
  b.field("unanswerable", unanswerable, "Queries that nothing answers", {.min = 0, .max = 100'000});
  b.field("paraphrases", paraphrases, "Passages that the chat model asks for in other words",
          {.min = 0, .max = 100'000});
  b.field("paraphrase_overlap", paraphrase_overlap, "Share of a paraphrase's content words that its passage may hold",
          {.min = 0, .max = 1});
  b.field("paraphrase_attempts", paraphrase_attempts, "Attempts at one paraphrase", {.min = 1, .max = 20});
  b.field("paraphrase_tokens", paraphrase_tokens, "Longest paraphrase in tokens", {.min = 8, .max = 1024});
  b.field("seed", seed, "Seed of everything drawn");
}

}  // namespace twin::evaluation
