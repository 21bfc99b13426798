// Blind pairwise preference: of two answers to one question, which is nearer to what the author wrote, and better? A
// judge sees the question, the author's own answer and both texts, never whose they are.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/binder.h"
#include "core/result.h"
#include "evaluation/statistics.h"
#include "models/engines/worker.h"

namespace twin::evaluation {

struct Question;

struct JudgeConfig {
  models::RemoteConfig provider;  ///< url empty: the project's chat model, without an adapter
  int text_bytes = 4000;          ///< of the question and of each text that a model is shown
  double tie = 0.05;              ///< judge `author`: style distances that differ by less, relatively, are a tie
  int give_up_after = 5;          ///< failures in a row after which a judge is not asked any more
  void bind(config::Binder& b);
};

enum class Verdict { first, second, tie };
[[nodiscard]] std::string_view to_string(Verdict verdict);
[[nodiscard]] std::optional<Verdict> verdict_of(std::string_view text);

/// Two different answers to one question, in the order of their bytes: it says nothing about where they come from.
struct BlindPair {
  std::string id;                      ///< hash of question, author's answer and both texts
  const Question* question = nullptr;  ///< of the report, which outlives the pair
  std::string first, second;
};

/// What a judge says of a pair.
struct Opinion {
  Verdict verdict = Verdict::tie;
  int readings = 0;     ///< in how many readings of the pair one of the texts was preferred …
  int shown_first = 0;  ///< … and in how many of these it was the one that was shown first
  bool cut = false;     ///< something was too long for the judge, who read its beginning
  /// Read in both orders, the place won, not the text.
  [[nodiscard]] bool orders_disagree() const { return readings == 2 && shown_first != 1; }
};

class PreferenceJudge {
 public:
  virtual ~PreferenceJudge() = default;
  /// author | model | you
  [[nodiscard]] virtual std::string name() const = 0;
  /// Who or by which rule, for the report.
  [[nodiscard]] virtual std::string identity() const = 0;
  /// All that an opinion depends on beside the pair: opinions are kept under it. Empty: they are not kept.
  [[nodiscard]] virtual std::string key() const { return {}; }
  /// Nothing: the pair stays open, which is no failure. An error costs this pair.
  [[nodiscard]] virtual Result<std::optional<Opinion>> decide(const BlindPair& pair) = 0;
};

/// Two arms, question by question.
struct PairPreference {
  std::string first, second;               ///< names of arms
  int wins = 0, losses = 0, ties = 0;      ///< of the first one
  int identical = 0, orders_disagree = 0;  ///< among the ties
  int unjudged = 0;                        ///< no answer, no opinion, or the judge failed
  Estimate win_rate;                       ///< of the first one, a tie as half a win; interval over documents
  double p = 1;                            ///< sign test
};

struct JudgedAnswers {
  std::size_t question = 0;       ///< place in the report
  std::string first, second;      ///< names of arms
  std::optional<Verdict> winner;  ///< none: not judged
  std::string reason;             ///< of a tie or of none: identical, orders, no answer, open
};

struct PreferenceReport {
  std::string judge, identity;
  std::vector<PairPreference> pairs;
  std::vector<JudgedAnswers> verdicts;  ///< by question, then by pair
  int decided = 0, open = 0;            ///< distinct pairs of texts
  int readings = 0, shown_first = 0;    ///< as in Opinion, over the distinct pairs
  int orders_disagree = 0, cut = 0;     ///< distinct pairs
};

}  // namespace twin::evaluation
