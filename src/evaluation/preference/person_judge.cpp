#include "evaluation/preference/person_judge.h"

#include <fmt/core.h>

#include "core/i18n.h"
#include "evaluation/evaluation.h"
#include "evaluation/random.h"

namespace twin::evaluation {

bool second_is_a(const BlindPair& pair, std::int64_t seed) {
  auto random = random_for({"order of a pair", std::to_string(seed), pair.id});
  return draw(random, 2) == 1;
}

std::optional<Opinion> opinion_of(const BlindPair& pair, std::int64_t seed, std::string_view word) {
  if (word == "tie") return Opinion{};
  if (word != "a" && word != "b") return std::nullopt;
  const bool a = word == "a";
  Opinion opinion;
  opinion.verdict = a == second_is_a(pair, seed) ? Verdict::second : Verdict::first;
  opinion.readings = 1;
  opinion.shown_first = a ? 1 : 0;
  return opinion;
}

std::string PersonJudge::identity() const {
  return tr("a reader, each pair once, in an order drawn by seed {}", seed_);
}

Result<std::optional<Opinion>> PersonJudge::decide(const BlindPair& pair) {
  if (gone_) return std::optional<Opinion>();
  const bool turned = second_is_a(pair, seed_);
  talk_.show(fmt::format("\n{}/{}  {}\n\n{}:\n{}\n\nA:\n{}\n\nB:\n{}\n", ++shown_, pairs_, pair.question->question,
                         tr("author"), pair.question->reference, turned ? pair.second : pair.first,
                         turned ? pair.first : pair.second));
  for (;;) {
    const std::string key = talk_.ask(tr("Nearer to the author, and better: [a], [b], [t]ie, [s]kip, [q]uit: "));
    if (key.empty() || key == "q") {
      gone_ = true;
      return std::optional<Opinion>();
    }
    if (key == "s") return std::optional<Opinion>();
    if (const auto opinion = opinion_of(pair, seed_, key == "t" ? "tie" : key)) return opinion;
  }
}

}  // namespace twin::evaluation
