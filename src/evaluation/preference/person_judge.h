// Judge `you`: a person in front of the pairs, who sees neither names nor a fixed order.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "evaluation/preference/preference.h"

namespace twin::evaluation {

/// Which of the two is shown as A, drawn for each pair by the seed.
[[nodiscard]] bool second_is_a(const BlindPair& pair, std::int64_t seed);
/// "a", "b" or "tie" of a pair as it is shown; nothing for another word.
[[nodiscard]] std::optional<Opinion> opinion_of(const BlindPair& pair, std::int64_t seed, std::string_view word);

struct PersonTalk {
  std::function<void(const std::string& text)> show;
  std::function<std::string(const std::string& question)> ask;  ///< one line; empty: nobody answers any more
};

/// Pairs that are passed over, and all that follow after quitting, stay open. Opinions are kept by the pair: the seed
/// may change between two sittings.
class PersonJudge final : public PreferenceJudge {
 public:
  /// `pairs`: how many will be shown.
  PersonJudge(PersonTalk talk, std::int64_t seed, std::size_t pairs)
      : talk_(std::move(talk)), seed_(seed), pairs_(pairs) {}

  [[nodiscard]] std::string name() const override { return "you"; }
  [[nodiscard]] std::string identity() const override;
  [[nodiscard]] std::string key() const override { return "you"; }
  [[nodiscard]] Result<std::optional<Opinion>> decide(const BlindPair& pair) override;

 private:
  PersonTalk talk_;
  std::int64_t seed_;
  std::size_t pairs_, shown_ = 0;
  bool gone_ = false;
};

}  // namespace twin::evaluation
