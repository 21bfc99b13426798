// The letter that a model behind an OpenAI-compatible URL would reply with, by log-probabilities where the server has
// them.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "core/http/http.h"
#include "evaluation/preference/model_judge.h"
#include "models/engines/worker.h"

namespace twin::evaluation {

/// Of an answer of /chat/completions with `logprobs`: the log-odds of the first token being A against B; nothing when
/// the answer holds no log-probabilities or neither letter is among them.
[[nodiscard]] std::optional<double> odds_in(const std::string& response_body);

/// Asks for the log-probabilities of the first token. Where they are not to be had - the server refuses to give them,
/// gives none, or is busy - `otherwise` is asked, which waits and tries again as it does; after a refusal they are not
/// asked for any more. An empty key_env sends no key.
[[nodiscard]] AskLetter letter_by_server(const models::RemoteConfig& config, std::shared_ptr<HttpClient> http,
                                         AskLetter otherwise, std::stop_token stop);

}  // namespace twin::evaluation
