// Settings of generators that ask a model: which one, how fast, at what price, and what is good enough.
#pragma once

#include "core/config/binder.h"
#include "models/engines/worker.h"

namespace twin::feature {

struct GenerateConfig {
  models::RemoteConfig provider;  ///< url empty: the project's chat model, on this machine
  int parallel = 4;               ///< requests at a time; a local worker decodes one
  int requests_per_minute = 0;    ///< 0: as fast as they are answered
  double price_input = 0;         ///< of a million tokens of prompts, in the currency of max_cost
  double price_output = 0;        ///< of a million tokens of answers
  double max_cost = 0;            ///< a run that may cost more is refused before its first request
  int max_calls = 0;              ///< requests of a dataset at most, passages drawn by hash; 0: one for every passage
  int max_tokens = 512;           ///< of an answer
  double temperature = 0;
  int samples_per_passage = 2;  ///< that `generate` asks for
  int min_fit = 4;              ///< of 1 to 5: how well question and passage fit, by the model's own judgement
  double min_grounding = 0.8;   ///< share of a generated answer's sentences that the passage supports
  double support = 0.6;         ///< share of a sentence's content words from which the passage supports it
  int min_extract = 40;         ///< characters of the author's text in a generated pair
  void bind(config::Binder& b);
};

}  // namespace twin::feature
