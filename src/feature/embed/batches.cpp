#include "feature/embed/batches.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "core/clock.h"
#include "core/i18n.h"

namespace twin::feature {
namespace {

using Vectors = std::vector<Result<std::vector<float>>>;

// One request, repeated while the network is at fault.
Result<std::vector<std::vector<float>>> request(const EmbedConfig& config, models::EmbeddingEngine& engine,
                                                const std::vector<std::string>& texts, const std::stop_token& stop) {
  for (int attempt = 1;; ++attempt) {
    if (stop.stop_requested()) return fail(ErrorKind::cancelled, tr("Stopped"));
    Result<std::vector<std::vector<float>>> vectors = engine.embed(texts);
    if (vectors && vectors->size() != texts.size()) {
      return fail(ErrorKind::invalid,
                  tr("The embedding model answered {} vectors for {} texts", vectors->size(), texts.size()));
    }
    if (vectors || vectors.error().kind != ErrorKind::network || attempt >= config.attempts) return vectors;
    system_clock().sleep(Millis{config.retry_wait_ms * attempt});
  }
}

Vectors embed(const EmbedConfig& config, models::EmbeddingEngine& engine, const std::vector<std::string>& texts,
              const std::stop_token& stop) {
  Vectors out;
  Result<std::vector<std::vector<float>>> vectors = request(config, engine, texts, stop);
  if (vectors) {
    for (std::vector<float>& vector : *vectors) out.emplace_back(std::move(vector));
    return out;
  }
  const ErrorKind kind = vectors.error().kind;
  const bool whole = texts.size() == 1 || kind == ErrorKind::network || kind == ErrorKind::cancelled;
  for (const std::string& text : texts) {
    if (whole) {
      out.emplace_back(tl::unexpected(vectors.error()));
    } else {
      Vectors one = embed(config, engine, {text}, stop);
      out.push_back(std::move(one.front()));
    }
  }
  return out;
}

/// Every core gets some; no more than that, for a document is kept when its batch is done.
std::size_t texts_per_request(int batch) {
  if (batch > 0) return static_cast<std::size_t>(batch);
  return std::clamp<std::size_t>(4 * std::thread::hardware_concurrency(), 16, 64);
}

}  // namespace

EmbeddingBatches::EmbeddingBatches(const EmbedConfig& config, models::EmbeddingEngine& engine, std::stop_token stop,
                                   Sink sink)
    : config_(config),
      batch_(texts_per_request(config.batch)),
      engine_(engine),
      stop_(std::move(stop)),
      sink_(std::move(sink)) {}

void EmbeddingBatches::add(std::size_t document, std::string text) {
  documents_.push_back(document);
  texts_.push_back(std::move(text));
  if (texts_.size() >= batch_) send();
}

void EmbeddingBatches::send() {
  if (texts_.empty()) return;
  while (in_flight_.size() >= static_cast<std::size_t>(std::max(1, config_.requests))) take_oldest();
  auto task = [this, texts = std::exchange(texts_, {})] { return embed(config_, engine_, texts, stop_); };
  in_flight_.push_back({std::exchange(documents_, {}), std::async(std::launch::async, std::move(task))});
}

void EmbeddingBatches::take_oldest() {
  Request oldest = std::move(in_flight_.front());
  in_flight_.pop_front();
  Vectors vectors = oldest.vectors.get();
  const bool all_failed = std::none_of(vectors.begin(), vectors.end(), [](const auto& v) { return v.has_value(); });
  failed_in_a_row_ = all_failed ? failed_in_a_row_ + 1 : 0;
  if (failed_in_a_row_ >= config_.give_up_after && !stop_.stop_requested()) {
    Error error = vectors.front().error();
    error.hint = tr("{} requests in a row failed; what was indexed is kept, run the same command again to continue",
                    failed_in_a_row_);
    throw Fatal(std::move(error));
  }
  for (std::size_t i = 0; i < vectors.size(); ++i) sink_(oldest.documents[i], std::move(vectors[i]));
}

void EmbeddingBatches::finish() {
  send();
  while (!in_flight_.empty()) take_oldest();
}

}  // namespace twin::feature
