#include "models/engines/worker_rerank.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/unicode.h"

namespace twin::models {
namespace {

/// Begin, end and separators that the server puts around a pair: <s> query </s> </s> text </s> at most.
constexpr int pair_marks = 4;

/// {"results": [{"index": i, "relevance_score": x}, …]}, best first.
Result<std::vector<double>> read_scores(const Json& answer, std::size_t count) {
  try {
    std::vector<double> scores(count, std::nan(""));
    for (const Json& result : answer.at("results")) {
      scores.at(result.at("index").get<std::size_t>()) = result.at("relevance_score").get<double>();
    }
    if (std::any_of(scores.begin(), scores.end(), [](double score) { return !std::isfinite(score); })) {
      throw std::runtime_error("a text has no score");
    }
    return scores;
  } catch (const std::exception& e) {
    return fail(ErrorKind::network, tr("The worker's scores are not understood: {}", e.what()));
  }
}

}  // namespace

Result<std::string> fit_tokens(Tokenizer& tokenizer, const std::string& text, int tokens) {
  const auto count = [&](std::string_view part) -> Result<int> {
    const auto ids = tokenizer.tokenize(part, false);
    if (!ids) return tl::unexpected(ids.error());
    return static_cast<int>(ids->size());
  };
  const auto all = count(text);
  if (!all) return tl::unexpected(all.error());
  if (*all <= tokens) return text;
  std::size_t fits = 0, too_long = text.size();
  while (too_long - fits > std::max<std::size_t>(1, too_long / 16)) {  // by bisection
    const std::size_t middle = (fits + too_long) / 2;
    const auto used = count(text::clip(text, middle));
    if (!used) return tl::unexpected(used.error());
    (*used <= tokens ? fits : too_long) = middle;
  }
  return std::string(text::clip(text, fits));
}

Result<std::vector<double>> rerank_pairs(WorkerClient& client, Tokenizer& tokenizer, const RerankWindow& window,
                                         const std::string& query, const std::vector<std::string>& texts,
                                         const std::stop_token& stop) {
  const int room = window.tokens - pair_marks;
  if (room < 2) {
    return fail(ErrorKind::invalid, tr("The reranker takes {} tokens, too few for a pair of texts", window.tokens),
                window.model.string());
  }
  const auto asked = fit_tokens(tokenizer, query, room / 2);
  if (!asked) return tl::unexpected(asked.error());
  const auto used = tokenizer.tokenize(*asked, false);
  if (!used) return tl::unexpected(used.error());
  const auto counts = tokenizer.count_tokens(texts, false);
  if (!counts) return tl::unexpected(counts.error());
  const int left = room - static_cast<int>(used->size());
  Json documents = Json::array();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto fitting = (*counts)[i] <= left ? texts[i] : fit_tokens(tokenizer, texts[i], left);
    if (!fitting) return tl::unexpected(fitting.error());
    documents.push_back(std::move(*fitting));
  }
  const auto answer = client.post("/v1/rerank", {{"query", *asked}, {"documents", std::move(documents)}}, stop);
  if (!answer) return tl::unexpected(answer.error());
  return read_scores(*answer, texts.size());
}

}  // namespace twin::models
