#include "evaluation/preference/judging.h"

#include <algorithm>
#include <map>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "evaluation/preference/opinions.h"

namespace twin::evaluation {

namespace {

using OpinionsById = std::map<std::string, Opinion>;

/// What of an answer is compared; empty for one that failed.
std::string compared_text(const EvalReport& report, std::size_t arm, std::size_t question) {
  const ArmAnswer& answer = report.arms[arm].answers[question];
  return answer.failure.empty() ? text::repair_utf8(text::trim(answer.text)) : std::string();
}

BlindPair blind_pair(const Question& question, std::string a, std::string b) {
  if (b < a) std::swap(a, b);
  std::string id = Sha256().field(question.question).field(question.reference).field(a).field(b).hex().substr(0, 24);
  return {std::move(id), &question, std::move(a), std::move(b)};
}

/// Asks about every pair that is open.
OpinionsById ask_judge(EvalReport& report, PreferenceJudge& judge, const JudgeConfig& config,
                       const JudgingContext& context, PreferenceReport& counted) {
  Opinions kept(context.kept, judge);
  const auto pairs = blind_pairs(report);
  const auto progress = context.progress.start(tr("evaluate: judge"), tr("pairs"));
  progress->total(pairs.size());
  OpinionsById opinions;
  int failed_in_a_row = 0;
  std::size_t not_asked = 0;
  for (const BlindPair& pair : pairs) {
    if (context.stop.stop_requested()) throw Fatal(ErrorKind::cancelled, tr("stopped"));
    progress->add();
    if (const auto before = kept.find(pair)) {
      opinions[pair.id] = *before;
      continue;
    }
    if (failed_in_a_row >= config.give_up_after) {
      ++not_asked;
      continue;
    }
    progress->note(pair.question->question);
    auto opinion = judge.decide(pair);
    if (!opinion) {
      // A key that is missing or refused will not do for the next pair either.
      const bool hopeless = opinion.error().kind == ErrorKind::cancelled || opinion.error().kind == ErrorKind::usage;
      if (hopeless) throw Fatal(opinion.error());
      ++failed_in_a_row;
      Error error = std::move(opinion.error());
      error.message = tr("judge {} on \"{}\": {}", judge.name(), pair.question->question, error.message);
      report.failures.push_back(std::move(error));
      continue;
    }
    failed_in_a_row = 0;
    if (!*opinion) continue;
    value_or_throw(kept.add(pair, **opinion));
    opinions[pair.id] = **opinion;
  }
  if (not_asked > 0) {
    report.failures.push_back({ErrorKind::limit,
                               tr("judge {}: {} pairs were not asked about after {} failures in a row", judge.name(),
                                  not_asked, failed_in_a_row),
                               "judge.give_up_after",
                               {}});
  }
  counted.decided = static_cast<int>(opinions.size());
  counted.open = static_cast<int>(pairs.size() - opinions.size());
  for (const auto& [id, opinion] : opinions) {
    counted.readings += opinion.readings;
    counted.shown_first += opinion.shown_first;
    counted.orders_disagree += opinion.orders_disagree() ? 1 : 0;
    counted.cut += opinion.cut ? 1 : 0;
  }
  return opinions;
}

/// The opinion on two arms' answers to one question, told by arm.
JudgedAnswers judged_answers(const EvalReport& report, std::size_t first, std::size_t second, std::size_t q,
                             const OpinionsById& opinions) {
  JudgedAnswers judged{q, report.arms[first].name, report.arms[second].name, std::nullopt, {}};
  const std::string a = compared_text(report, first, q), b = compared_text(report, second, q);
  if (a.empty() || b.empty()) {
    judged.reason = "no answer";
    return judged;
  }
  if (a == b) {
    judged.winner = Verdict::tie;
    judged.reason = "identical";
    return judged;
  }
  const auto found = opinions.find(blind_pair(report.questions[q], a, b).id);
  if (found == opinions.end()) {
    judged.reason = "open";
    return judged;
  }
  const Opinion& opinion = found->second;
  judged.winner = opinion.verdict;
  if (opinion.orders_disagree()) judged.reason = "orders";
  if (b < a && opinion.verdict != Verdict::tie) {
    judged.winner = opinion.verdict == Verdict::first ? Verdict::second : Verdict::first;
  }
  return judged;
}

void count_verdict(PairPreference& pair, const JudgedAnswers& judged) {
  if (!judged.winner) {
    ++pair.unjudged;
    return;
  }
  if (*judged.winner == Verdict::first) ++pair.wins;
  if (*judged.winner == Verdict::second) ++pair.losses;
  if (*judged.winner == Verdict::tie) ++pair.ties;
  if (judged.reason == "identical") ++pair.identical;
  if (judged.reason == "orders") ++pair.orders_disagree;
}

double score_of(Verdict verdict) {
  return verdict == Verdict::first ? 1.0 : verdict == Verdict::second ? 0.0 : 0.5;
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::first:
      return "first";
    case Verdict::second:
      return "second";
    case Verdict::tie:
      return "tie";
  }
  return "tie";
}

std::optional<Verdict> verdict_of(std::string_view text) {
  for (const Verdict verdict : {Verdict::first, Verdict::second, Verdict::tie}) {
    if (text == to_string(verdict)) return verdict;
  }
  return std::nullopt;
}

std::vector<BlindPair> blind_pairs(const EvalReport& report) {
  std::map<std::string, BlindPair> pairs;
  for (std::size_t q = 0; q < report.questions.size(); ++q) {
    for (std::size_t i = 0; i < report.arms.size(); ++i) {
      for (std::size_t j = i + 1; j < report.arms.size(); ++j) {
        std::string a = compared_text(report, i, q), b = compared_text(report, j, q);
        if (a.empty() || b.empty() || a == b) continue;
        BlindPair pair = blind_pair(report.questions[q], std::move(a), std::move(b));
        const std::string id = pair.id;
        pairs.insert_or_assign(id, std::move(pair));
      }
    }
  }
  std::vector<BlindPair> sorted;
  sorted.reserve(pairs.size());
  for (auto& [id, pair] : pairs) sorted.push_back(std::move(pair));
  return sorted;
}

std::vector<BlindPair> open_pairs(const EvalReport& report, const PreferenceJudge& judge, feature::AnswerLog* kept) {
  const Opinions opinions(kept, judge);
  auto pairs = blind_pairs(report);
  std::erase_if(pairs, [&](const BlindPair& pair) { return opinions.find(pair).has_value(); });
  return pairs;
}

PreferenceReport judge_arms(EvalReport& report, PreferenceJudge& judge, const JudgeConfig& config,
                            const JudgingContext& context) {
  PreferenceReport preferences;
  preferences.judge = judge.name();
  preferences.identity = judge.identity();
  const OpinionsById opinions = ask_judge(report, judge, config, context, preferences);
  const BootstrapOptions options{.resamples = report.config.bootstrap, .seed = report.config.seed};
  for (std::size_t second = 0; second < report.arms.size(); ++second) {
    for (std::size_t first = second + 1; first < report.arms.size(); ++first) {
      PairPreference pair;
      pair.first = report.arms[first].name;
      pair.second = report.arms[second].name;
      std::vector<Measured> scores;
      for (std::size_t q = 0; q < report.questions.size(); ++q) {
        JudgedAnswers judged = judged_answers(report, first, second, q, opinions);
        count_verdict(pair, judged);
        if (judged.winner) scores.push_back({report.questions[q].document_id, score_of(*judged.winner)});
        preferences.verdicts.push_back(std::move(judged));
      }
      pair.win_rate = bootstrap_mean(scores, options);
      pair.p = sign_test(pair.wins, pair.losses);
      preferences.pairs.push_back(std::move(pair));
    }
  }
  std::stable_sort(preferences.verdicts.begin(), preferences.verdicts.end(),
                   [](const JudgedAnswers& a, const JudgedAnswers& b) { return a.question < b.question; });
  return preferences;
}

}  // namespace twin::evaluation
