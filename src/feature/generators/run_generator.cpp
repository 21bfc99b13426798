#include "feature/generators/run_generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>

#include "core/i18n.h"
#include "core/log.h"
#include "feature/datasets/order.h"

namespace twin::feature {
namespace {

std::string place_of(const Draft& draft) {
  const Provenance& from = draft.sample.provenance;
  return fmt::format("{}:{}", from.document_id, from.start);
}

void check_cost(const CallEstimate& estimate, const GenerateConfig& config) {
  if (estimate.calls == 0) return;
  log::info("{}", tr("Up to {} requests, {} tokens sent and {} received: at most {:.2f}", estimate.calls,
                     estimate.input, estimate.output, estimate.cost));
  if (estimate.cost <= config.max_cost) return;
  throw Fatal(ErrorKind::limit,
              tr("The run may cost {:.2f} ({} requests, {} tokens sent, up to {} received), more than "
                 "dataset.generate.max_cost "
                 "({:.2f})",
                 estimate.cost, estimate.calls, estimate.input, estimate.output, config.max_cost),
              {}, tr("raise dataset.generate.max_cost, or ask less: dataset.generate.max_calls"));
}

/// Takes one draft after the other; the first exception ends all.
class ParallelRun {
 public:
  ParallelRun(const Generator& generator, const std::vector<const Draft*>& drafts, ModelCalls& calls,
              Progress& progress, const std::stop_token& stop)
      : generator_(generator), drafts_(drafts), calls_(calls), progress_(progress), stop_(stop) {
    outcomes_.resize(drafts.size());
  }

  std::vector<Generated> run(int threads) {
    if (threads <= 1) {
      work();
    } else {
      std::vector<std::jthread> pool;
      for (int i = 0; i < threads; ++i) pool.emplace_back([this] { work(); });
    }
    if (thrown_) std::rethrow_exception(thrown_);
    return std::move(outcomes_);
  }

 private:
  void work() {
    for (;;) {
      const std::size_t i = next_.fetch_add(1);
      if (i >= drafts_.size() || over_ || stop_.stop_requested()) return;
      try {
        outcomes_[i] = generator_.make(*drafts_[i], &calls_);
        progress_.add();
      } catch (...) {
        if (!over_.exchange(true)) thrown_ = std::current_exception();
        return;
      }
    }
  }

  const Generator& generator_;
  const std::vector<const Draft*>& drafts_;
  ModelCalls& calls_;
  Progress& progress_;
  const std::stop_token& stop_;
  std::vector<Generated> outcomes_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> over_{false};
  std::exception_ptr thrown_;  // written by the one that set over_; read after all have ended
};

}  // namespace

CallEstimate estimate_calls(const Generator& generator, const DatasetConfig& config, const GeneratorTools& tools,
                            const std::vector<const Draft*>& drafts, ModelCalls& calls) {
  CallEstimate estimate;
  for (const Draft* draft : drafts) {
    for (const models::ChatRequest& request : generator.requests(*draft)) {
      if (calls.is_kept(generator.version(), request)) continue;
      ++estimate.calls;
      estimate.input += prompt_tokens(tools, request);
      estimate.output += request.max_tokens;
    }
  }
  estimate.cost = cost_of(config.generate, estimate.input, estimate.output);
  return estimate;
}

std::vector<bool> draw_passages(const GeneratorEntry& entry, const DatasetConfig& config,
                                const std::vector<const Draft*>& drafts) {
  if (config.generate.max_calls == 0 || entry.calls == 0) return std::vector<bool>(drafts.size(), true);
  const auto most = static_cast<std::size_t>(config.generate.max_calls / entry.calls);
  std::vector<std::pair<std::uint64_t, std::size_t>> order;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    order.emplace_back(hash_order(config.seed, "generate", place_of(*drafts[i])), i);
  }
  std::sort(order.begin(), order.end());
  std::vector<bool> drawn(drafts.size(), false);
  for (std::size_t i = 0; i < std::min(most, order.size()); ++i) drawn[order[i].second] = true;
  return drawn;
}

std::vector<Generated> run_generator(const Generator& generator, const DatasetConfig& config,
                                     const GeneratorTools& tools, const std::vector<const Draft*>& drafts,
                                     ModelCalls& calls, ProgressSink& progress, const std::stop_token& stop) {
  const bool priced = config.generate.price_input > 0 || config.generate.price_output > 0;
  if (priced) check_cost(estimate_calls(generator, config, tools, drafts, calls), config.generate);
  const auto task = progress.start("generate", "answers");
  task->total(drafts.size());
  auto outcomes = ParallelRun(generator, drafts, calls, *task, stop).run(tools.parallel);
  const CallCounts counts = calls.counts();
  log::info("{}", tr("{} requests answered, {} kept from before; {} tokens sent, {} received, cost {:.2f}",
                     counts.asked, counts.kept, counts.input, counts.output, counts.cost));
  return outcomes;
}

}  // namespace twin::feature
