#include "evaluation/question_style.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "core/i18n.h"
#include "evaluation/words.h"

namespace twin::evaluation {

namespace {

struct Passage {
  std::string document_id, language, text;
  std::size_t start = 0, end = 0;
};

/// The author's held-out text without repetition: several questions may share a span, or spans may overlap.
std::vector<Passage> distinct_passages(const std::vector<feature::Sample>& held_out) {
  std::vector<Passage> all;
  for (const feature::Sample& sample : held_out) {
    if (sample.kind != "instruct") continue;
    const feature::Provenance& source = sample.provenance;
    all.push_back({source.document_id, sample.language, sample.answer, source.start, source.end});
  }
  std::sort(all.begin(), all.end(), [](const Passage& a, const Passage& b) {
    return std::tie(a.document_id, a.start, b.end) < std::tie(b.document_id, b.start, a.end);
  });
  std::vector<Passage> distinct;
  for (Passage& passage : all) {
    const bool overlaps =
        !distinct.empty() && distinct.back().document_id == passage.document_id && passage.start < distinct.back().end;
    if (!overlaps) distinct.push_back(std::move(passage));
  }
  return distinct;
}

std::optional<StyleProfile> profile_for(const Question& question, const std::vector<Passage>& passages) {
  std::vector<std::string> others;
  for (const Passage& passage : passages) {
    if (passage.language == question.language && passage.document_id != question.document_id) {
      others.push_back(passage.text);
    }
  }
  return StyleProfile::make(others, question.language == "ko");
}

}  // namespace

QuestionStyle::QuestionStyle(const std::vector<feature::Sample>& held_out, const EvalReport& report,
                             const EvalConfig& config)
    : report_(report), config_(config), questions_(report.questions.size()) {
  const std::vector<Passage> passages = distinct_passages(held_out);
  std::map<std::pair<std::string, std::string>, std::optional<StyleProfile>> profiles;
  for (std::size_t q = 0; q < questions_.size(); ++q) {
    const Question& question = report.questions[q];
    const auto [profile, fresh] = profiles.try_emplace({question.document_id, question.language});
    if (fresh) profile->second = profile_for(question, passages);
    questions_[q].profile = profile->second;
    set_length(q);
    questions_[q].author = measure(q, question.reference);
  }
  set_floors();
}

void QuestionStyle::set_length(std::size_t q) {
  const auto consider = [&](const std::string& text) {
    const std::size_t count = words(without_marks(text)).size();
    if (std::cmp_less(count, config_.style_min_words)) return;
    std::size_t& shortest = questions_[q].words;
    shortest = shortest == 0 ? count : std::min(shortest, count);
  };
  consider(report_.questions[q].reference);
  for (const ArmReport& arm : report_.arms) {
    if (arm.answers[q].failure.empty()) consider(arm.answers[q].text);
  }
}

std::optional<StyleDistance> QuestionStyle::measure(std::size_t q, const std::string& text) const {
  const PerQuestion& question = questions_[q];
  const std::string plain = without_marks(text);
  if (!question.profile || question.words == 0 || words(plain).size() < question.words) return std::nullopt;
  return question.profile->distance(first_words(plain, question.words));
}

void QuestionStyle::set_floors() {
  std::map<std::string, int> counts;
  for (std::size_t q = 0; q < questions_.size(); ++q) {
    if (!questions_[q].author) continue;
    const std::string& language = report_.questions[q].language;
    floors_[language].words += questions_[q].author->words;
    floors_[language].chars += questions_[q].author->chars;
    ++counts[language];
  }
  for (auto& [language, floor] : floors_) {
    floor.words /= counts[language];
    floor.chars /= counts[language];
  }
}

std::optional<StyleDistance> QuestionStyle::of_answer(std::size_t q, std::size_t a, std::vector<Error>& notes) const {
  auto distance = measure(q, report_.arms[a].answers[q].text);
  if (!distance) {
    notes.push_back({ErrorKind::limit,
                     questions_[q].profile
                         ? tr("{}: the answer is too short to measure its style", report_.arms[a].name)
                         : tr("{}: too little other text of the author to compare with", report_.arms[a].name),
                     report_.questions[q].question,
                     {}});
  }
  return distance;
}

std::optional<double> QuestionStyle::relative(std::size_t q, const StyleDistance& distance) const {
  const auto floor = floors_.find(report_.questions[q].language);
  if (floor == floors_.end() || floor->second.words <= 0 || floor->second.chars <= 0) return std::nullopt;
  return (distance.words / floor->second.words + distance.chars / floor->second.chars) / 2;
}

std::map<std::string, Estimate> QuestionStyle::author() const {
  std::vector<Measured> words, chars, both;
  for (std::size_t q = 0; q < questions_.size(); ++q) {
    if (!questions_[q].author) continue;
    const std::string& cluster = report_.questions[q].document_id;
    words.push_back({cluster, questions_[q].author->words});
    chars.push_back({cluster, questions_[q].author->chars});
    if (const auto value = relative(q, *questions_[q].author)) both.push_back({cluster, *value});
  }
  const BootstrapOptions options{.resamples = config_.bootstrap, .seed = config_.seed};
  return {{"style_words", bootstrap_mean(words, options)},
          {"style_chars", bootstrap_mean(chars, options)},
          {"style_distance", bootstrap_mean(both, options)}};
}

}  // namespace twin::evaluation
