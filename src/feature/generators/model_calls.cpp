#include "feature/generators/model_calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/hash.h"
#include "core/i18n.h"

namespace twin::feature {
namespace {

constexpr int kAttempts = 2;  // of one request, when the worker was restarted
constexpr Millis kTurnSlice{100};
constexpr double kMillion = 1e6;
constexpr int kTokensOfAMessage = 8;  // role and separators

}  // namespace

double cost_of(const GenerateConfig& config, std::int64_t input, std::int64_t output) {
  return (static_cast<double>(input) * config.price_input + static_cast<double>(output) * config.price_output) /
         kMillion;
}

std::int64_t prompt_tokens(const GeneratorTools& tools, const models::ChatRequest& request) {
  std::int64_t tokens = 0;
  for (const models::Message& message : request.messages) {
    const auto size = static_cast<std::int64_t>(message.content.size());
    tokens += kTokensOfAMessage + (tools.tokens ? tools.tokens(message.content) : size);  // a byte is a token at most
  }
  return tokens;
}

ModelCalls::ModelCalls(const DatasetConfig& config, const GeneratorTools& tools, AnswerLog log, std::stop_token stop,
                       Clock& clock)
    : config_(config), tools_(tools), stop_(std::move(stop)), clock_(clock), log_(std::move(log)) {}

std::string ModelCalls::key_of(std::string_view version, const models::ChatRequest& request) const {
  Sha256 hash;
  hash.field(version).field(tools_.model);
  hash.field(
      fmt::format("temperature {} seed {} max_tokens {}", request.temperature, request.seed, request.max_tokens));
  if (!request.json_schema.empty()) hash.field(request.json_schema);
  if (request.adapter) hash.field("adapter");
  for (const models::Message& message : request.messages) hash.field(message.role).field(message.content);
  return hash.hex();
}

bool ModelCalls::is_kept(std::string_view version, const models::ChatRequest& request) {
  const std::lock_guard lock(mutex_);
  return log_.find(key_of(version, request)).has_value();
}

CallCounts ModelCalls::counts() {
  const std::lock_guard lock(mutex_);
  return counts_;
}

Result<Reply> ModelCalls::ask(std::string_view version, models::ChatRequest request) {
  request.cancel = stop_;
  const std::string key = key_of(version, request);
  {
    const std::lock_guard lock(mutex_);
    if (std::optional<Reply> kept = log_.find(key)) {
      ++counts_.kept;
      return std::move(*kept);
    }
  }
  wait_for_turn();
  const Result<models::ChatResult> result = chat(request);
  if (stop_.stop_requested() || (result && result->finish_reason == "cancelled")) {
    return fail(ErrorKind::cancelled, tr("Stopped"));
  }
  if (!result) {
    count_failure(result.error());
    return tl::unexpected(result.error());
  }
  Reply reply{result->text, result->finish_reason == "length"};
  keep(key, reply, request, result->usage);
  return reply;
}

Result<models::ChatResult> ModelCalls::chat(const models::ChatRequest& request) {
  for (int attempt = 1;; ++attempt) {
    auto result = tools_.engine->chat(request);
    if (result || result.error().kind != ErrorKind::network || attempt == kAttempts || stop_.stop_requested()) {
      return result;
    }
  }
}

void ModelCalls::wait_for_turn() {
  if (config_.generate.requests_per_minute <= 0) return;
  double turn = 0;
  {
    const std::lock_guard lock(mutex_);
    turn = std::max(next_turn_, clock_.monotonic());
    next_turn_ = turn + 60.0 / config_.generate.requests_per_minute;
  }
  for (double left = turn - clock_.monotonic(); left > 0 && !stop_.stop_requested(); left = turn - clock_.monotonic()) {
    clock_.sleep(std::min(kTurnSlice, std::max(Millis{1}, to_millis(left))));
  }
}

void ModelCalls::keep(const std::string& key, const Reply& reply, const models::ChatRequest& request,
                      const models::Usage& usage) {
  const std::lock_guard lock(mutex_);
  value_or_throw(log_.add(key, reply));
  failed_in_a_row_ = 0;
  ++counts_.asked;
  // A server that does not count is believed to have taken what was estimated.
  const bool counted = usage.prompt_tokens > 0;
  const std::int64_t input = counted ? usage.prompt_tokens : prompt_tokens(tools_, request);
  const std::int64_t output = counted ? usage.completion_tokens : request.max_tokens;
  counts_.input += input;
  counts_.output += output;
  counts_.cost += cost_of(config_.generate, input, output);
  const GenerateConfig& generate = config_.generate;
  const bool priced = generate.price_input > 0 || generate.price_output > 0;
  if (!priced || counts_.cost <= generate.max_cost) return;
  throw Fatal(
      ErrorKind::limit,
      tr("The run has cost {:.2f}, more than dataset.generate.max_cost ({:.2f})", counts_.cost, generate.max_cost), {},
      tr("all replies are kept; raise the limit and run the same command again to continue"));
}

void ModelCalls::count_failure(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (++failed_in_a_row_ < config_.give_up_after) return;
  Error last = error;
  last.hint =
      tr("{} answers in a row failed; those before are kept, run the same command again to continue", failed_in_a_row_);
  throw Fatal(std::move(last));
}

}  // namespace twin::feature
