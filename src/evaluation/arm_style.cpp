#include "evaluation/arm_style.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "core/i18n.h"
#include "evaluation/words.h"

namespace twin::evaluation {

namespace {

const std::vector<std::string> style_metrics = {"style_distance", "style_words", "style_chars"};

bool is_source_of_a_question(const feature::Provenance& source, const std::vector<Question>& questions) {
  return std::any_of(questions.begin(), questions.end(), [&](const Question& question) {
    return question.document_id == source.document_id && question.start < source.end && source.start < question.end;
  });
}

/// The author's held-out passages of a language without repetition: spans may be shared by questions, or overlap.
std::vector<std::string> profile_passages(const std::vector<feature::Sample>& held_out,
                                          const std::vector<Question>& questions, const std::string& language) {
  std::vector<const feature::Sample*> samples;
  for (const feature::Sample& sample : held_out) {
    if (sample.kind != "instruct" || sample.language != language) continue;
    if (!is_source_of_a_question(sample.provenance, questions)) samples.push_back(&sample);
  }
  const auto place = [](const feature::Sample* sample) {
    return std::tie(sample->provenance.document_id, sample->provenance.start, sample->id);
  };
  std::sort(samples.begin(), samples.end(), [&](const auto* a, const auto* b) { return place(a) < place(b); });
  std::vector<std::string> passages;
  const feature::Provenance* last = nullptr;
  for (const feature::Sample* sample : samples) {
    const feature::Provenance& source = sample->provenance;
    if (last != nullptr && last->document_id == source.document_id && source.start < last->end) continue;
    passages.push_back(sample->answer);
    last = &source;
  }
  return passages;
}

std::size_t word_count(const std::string& text) {
  return words(without_marks(text)).size();
}

void add(std::vector<double>& sums, const std::vector<double>& values) {
  sums.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) sums[i] += values[i];
}

}  // namespace

ArmStyle::ArmStyle(const std::vector<feature::Sample>& held_out, const EvalReport& report, const EvalConfig& config)
    : report_(report), config_(config), arms_(report.arms.size()) {
  for (const Question& question : report.questions) {
    const auto [profile, fresh] = profiles_.try_emplace(question.language);
    if (!fresh) continue;
    profile->second.style =
        StyleProfile::make(profile_passages(held_out, report.questions, question.language), question.language == "ko");
    profile->second.offset = size_;
    if (profile->second.style) size_ += profile->second.style->size();
  }
  Counts sums(size_);
  for (std::size_t q = 0; q < report.questions.size(); ++q) {
    author_.push_back(count(q, report.questions[q].reference));
    if (author_.back()) add(sums, *author_.back());
    for (std::size_t a = 0; a < report.arms.size(); ++a) {
      const ArmAnswer& answer = report.arms[a].answers[q];
      arms_[a].push_back(answer.failure.empty() ? count(q, answer.text) : std::nullopt);
    }
  }
  floor_ = distance(sums);
}

/// The shortest text of a question that is long enough to be measured at all.
std::size_t ArmStyle::common_length(std::size_t q) const {
  std::size_t shortest = 0;
  const auto consider = [&](const std::string& text) {
    const std::size_t count = word_count(text);
    if (std::cmp_less(count, config_.style_min_words)) return;
    shortest = shortest == 0 ? count : std::min(shortest, count);
  };
  consider(report_.questions[q].reference);
  for (const ArmReport& arm : report_.arms) {
    if (arm.answers[q].failure.empty()) consider(arm.answers[q].text);
  }
  return shortest;
}

std::optional<ArmStyle::Counts> ArmStyle::count(std::size_t q, const std::string& text) const {
  const Profile& profile = profiles_.at(report_.questions[q].language);
  const std::size_t length = common_length(q);
  const std::string plain = without_marks(text);
  if (!profile.style || length == 0 || words(plain).size() < length) return std::nullopt;
  return count_words(profile, plain, length);
}

/// Of a profile that has a style; the counts of the others are zero.
ArmStyle::Counts ArmStyle::count_words(const Profile& profile, const std::string& plain, std::size_t length) const {
  Counts counts(size_);
  const auto own = profile.style->counts(first_words(plain, length));
  std::copy(own.begin(), own.end(), counts.begin() + static_cast<std::ptrdiff_t>(profile.offset));
  return counts;
}

/// Of summed counts: the mean over the languages, by their number of words.
std::optional<StyleDistance> ArmStyle::distance(std::span<const double> sums) const {
  StyleDistance mean;
  double all_words = 0;
  for (const auto& [language, profile] : profiles_) {
    if (!profile.style) continue;
    const auto own = sums.subspan(profile.offset, profile.style->size());
    const auto distance = profile.style->distance(own);
    if (!distance) continue;
    mean.words += own[0] * distance->words;
    mean.chars += own[0] * distance->chars;
    all_words += own[0];
  }
  if (all_words <= 0) return std::nullopt;
  return StyleDistance{mean.words / all_words, mean.chars / all_words};
}

double ArmStyle::value(const std::string& metric, std::span<const double> sums) const {
  const auto found = distance(sums);
  if (!found) return std::nan("");
  if (metric == "style_words") return found->words;
  if (metric == "style_chars") return found->chars;
  if (!floor_ || floor_->words <= 0 || floor_->chars <= 0) return std::nan("");
  return (found->words / floor_->words + found->chars / floor_->chars) / 2;
}

std::map<std::string, Estimate> ArmStyle::estimate(
    const std::vector<Observation>& observations,
    const std::function<double(const std::string&, std::span<const double>)>& value) const {
  const BootstrapOptions options{.resamples = config_.bootstrap, .seed = config_.seed, .recentre = true};
  std::map<std::string, Estimate> estimates;
  for (const std::string& metric : style_metrics) {
    estimates[metric] = bootstrap(
        observations, [&](std::span<const double> sums) { return value(metric, sums); }, options);
  }
  return estimates;
}

std::map<std::string, Estimate> ArmStyle::of_arm(std::size_t arm, std::vector<Error>& notes) const {
  std::vector<Observation> observations;
  for (std::size_t q = 0; q < report_.questions.size(); ++q) {
    const Question& question = report_.questions[q];
    if (arms_[arm][q]) {
      observations.push_back({question.document_id, *arms_[arm][q]});
    } else if (report_.arms[arm].answers[q].failure.empty()) {
      const std::string& name = report_.arms[arm].name;
      const bool comparable = profiles_.at(question.language).style.has_value();
      notes.push_back({ErrorKind::limit,
                       comparable ? tr("{}: the answer is too short to measure its style", name)
                                  : tr("{}: too little other text of the author to compare with", name),
                       question.question,
                       comparable
                           ? std::string()
                           : tr("lower eval.questions, so that more held-out samples are left to compare with")});
    }
  }
  return estimate(observations, [this](const auto& metric, auto sums) { return value(metric, sums); });
}

std::map<std::string, Estimate> ArmStyle::of_author() const {
  std::vector<Observation> observations;
  for (std::size_t q = 0; q < report_.questions.size(); ++q) {
    if (author_[q]) observations.push_back({report_.questions[q].document_id, *author_[q]});
  }
  return estimate(observations, [this](const auto& metric, auto sums) { return value(metric, sums); });
}

std::map<std::string, Estimate> ArmStyle::difference(std::size_t first, std::size_t second) const {
  std::vector<Observation> observations;
  for (std::size_t q = 0; q < report_.questions.size(); ++q) {
    if (!arms_[first][q] || !arms_[second][q]) continue;
    Counts both = *arms_[first][q];
    both.insert(both.end(), arms_[second][q]->begin(), arms_[second][q]->end());
    observations.push_back({report_.questions[q].document_id, std::move(both)});
  }
  return estimate(observations, [this](const auto& metric, auto sums) {
    return value(metric, sums.first(size_)) - value(metric, sums.subspan(size_));
  });
}

std::optional<std::pair<double, double>> ArmStyle::distances(const Question& question, std::string_view first,
                                                             std::string_view second) const {
  const auto profile = profiles_.find(question.language);
  if (profile == profiles_.end() || !profile->second.style) return std::nullopt;
  const std::string plain[] = {without_marks(first), without_marks(second)};
  const std::size_t length = std::min(words(plain[0]).size(), words(plain[1]).size());
  if (std::cmp_less(length, config_.style_min_words)) return std::nullopt;
  const double a = value("style_distance", count_words(profile->second, plain[0], length));
  const double b = value("style_distance", count_words(profile->second, plain[1], length));
  if (!std::isfinite(a) || !std::isfinite(b)) return std::nullopt;
  return std::pair(a, b);
}

}  // namespace twin::evaluation
