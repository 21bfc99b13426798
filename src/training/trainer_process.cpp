#include "training/trainer_process.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "core/i18n.h"
#include "core/log.h"
#include "core/process.h"
#include "training/client.h"

namespace twin::training {
namespace {

constexpr int rank_poll_ms = 50;
constexpr int rank_grace_s = 60;  // for the other ranks to end by themselves when one is gone

Result<std::filesystem::path> trainer_program() {
  if (const char* named = std::getenv("TWIN_TRAIN"); named != nullptr && *named != '\0') return named;
  return find_program("twin-train");
}

/// One twin-train.
struct Child {
  std::mutex mutex;
  std::vector<std::string> answer;  ///< lines of stdout
  std::unique_ptr<Process> process;
  std::optional<int> status;

  /// What it says about why it failed.
  [[nodiscard]] std::optional<Error> error() const {
    for (const auto& line : answer) {
      const auto json = Json::parse(line, nullptr, false);
      if (json.is_object() && json.contains("error")) return error_from_json(json["error"]);
    }
    return std::nullopt;
  }
};

Result<void> start(Child& child, const std::string& command, const Json& job,
                   std::map<std::string, std::string> environment,
                   std::function<void(std::string_view line)> on_stderr) {
  const auto program = trainer_program();
  if (!program) return tl::unexpected(program.error());
  ProcessSpec spec;
  spec.argv = {program->string(), command};
  spec.stdin_text = job.dump();
  spec.environment = std::move(environment);
  // Threads that wait for each other by spinning slow down many times when other programs want the cores too.
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) spec.environment["OMP_WAIT_POLICY"] = "passive";
  spec.on_stderr = std::move(on_stderr);
  spec.on_stdout = [&child](std::string_view line) {
    const std::lock_guard guard(child.mutex);
    child.answer.emplace_back(line);
  };
  auto process = Process::start(std::move(spec));
  if (!process) return tl::unexpected(process.error());
  child.process = std::move(*process);
  return {};
}

std::string out_of_memory(int status) {
  return status == 128 + 9 ? tr("the machine may be out of memory: lower micro_tokens") : std::string();
}

/// Several twin-train that train together: rank 0 speaks, and answers.
class Ranks {
 public:
  Ranks(const TrainJob& job, const TrainerListener& listener, std::stop_token stop)
      : job_(job), listener_(listener), stop_(std::move(stop)), children_(static_cast<std::size_t>(job.config.nproc)) {
    if (job_.config.threads > 0) return;
    const auto cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    job_.config.threads = std::max(1, cores / job_.config.nproc);
  }

  Result<std::vector<std::string>> run() {
    if (auto started = start_all(); !started) return tl::unexpected(started.error());
    while (!stop_.stop_requested() && !failed() && running()) wait_a_little();
    // The others find out by themselves who is gone, and rank 0 writes a checkpoint; if not, they are told to.
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(rank_grace_s);
    while (!stop_.stop_requested() && running() && std::chrono::steady_clock::now() < end) wait_a_little();
    stop_all();
    for (auto& child : children_) child->process.reset();  // their reader threads are done
    return answer();
  }

 private:
  Result<void> start_all() {
    const auto port = free_port();
    if (!port) return tl::unexpected(port.error());
    for (std::size_t rank = 0; rank < children_.size(); ++rank) {
      children_[rank] = std::make_unique<Child>();
      const std::map<std::string, std::string> environment = {{"RANK", std::to_string(rank)},
                                                              {"WORLD_SIZE", std::to_string(children_.size())},
                                                              {"MASTER_ADDR", "127.0.0.1"},
                                                              {"MASTER_PORT", std::to_string(*port)}};
      auto started = start(*children_[rank], "train", to_json(job_), environment,
                           [this, rank](std::string_view line) { hear(rank, line); });
      if (!started) return started;
      log::info("twin-train rank {}: process {}", rank, children_[rank]->process->pid());
    }
    return {};
  }

  void hear(std::size_t rank, std::string_view line) {
    rank == 0 ? listener_.line(line) : listener_.line(fmt::format("rank {}: {}", rank, line));
  }

  void wait_a_little() {
    for (auto& child : children_) {
      if (child->status) continue;
      child->status = child->process->wait_for(Millis{rank_poll_ms}, stop_);
      if (child->status) order_.push_back(child.get());
    }
  }

  [[nodiscard]] bool failed() const {
    return std::any_of(order_.begin(), order_.end(), [](const Child* child) { return *child->status != 0; });
  }
  [[nodiscard]] bool running() const { return order_.size() < children_.size(); }

  void stop_all() {
    std::vector<std::jthread> stoppers;  // at the same time: they wait for each other
    for (auto& child : children_) {
      if (child->status) continue;
      stoppers.emplace_back([&one = *child] { one.status = one.process->stop(Millis{stop_grace_s * 1000}); });
    }
  }

  /// Of what the ranks say, the cause: a killed rank, then an error of its own, then that another one is gone.
  Result<std::vector<std::string>> answer() const {
    const auto& first = *children_.front();
    std::optional<Error> gone;
    for (std::size_t rank = 0; rank < children_.size(); ++rank) {
      const Child& child = *children_[rank];
      if (*child.status <= 128 || stop_.stop_requested()) continue;
      return fail(
          ErrorKind::io, tr("Rank {} of {} was ended by signal {}", rank, children_.size(), *child.status - 128),
          listener_.last_lines(),
          *child.status == 128 + 9 ? tr("the machine may be out of memory: lower micro_tokens or nproc; the same "
                                        "command goes on from the last checkpoint")
                                   : tr("run the same command again to go on from the last checkpoint"));
    }
    for (const auto& child : children_) {
      auto error = child->error();
      if (!error) continue;
      if (error->kind != ErrorKind::network) return tl::unexpected(std::move(*error));
      if (!gone) gone = std::move(error);
    }
    if (gone) return tl::unexpected(std::move(*gone));
    if (stop_.stop_requested() && *first.status != 0) return fail(ErrorKind::cancelled, tr("Training was stopped"));
    for (std::size_t rank = 0; rank < children_.size(); ++rank) {
      if (*children_[rank]->status == 0) continue;
      return fail(ErrorKind::io,
                  tr("Rank {} of {} ended with status {}", rank, children_.size(), *children_[rank]->status),
                  listener_.last_lines());
    }
    return first.answer;
  }

  TrainJob job_;
  const TrainerListener& listener_;
  std::stop_token stop_;
  std::vector<std::unique_ptr<Child>> children_;
  std::vector<const Child*> order_;  ///< those that ended, in that order
};

}  // namespace

Result<std::vector<std::string>> run_trainer(const std::string& command, const Json& job,
                                             const TrainerListener& listener, std::stop_token stop) {
  Child child;
  if (auto started = start(child, command, job, {}, listener.line); !started) return tl::unexpected(started.error());
  while (!child.status && !stop.stop_requested()) child.status = child.process->wait_for(Millis{3'600'000}, stop);
  const int status = child.status ? *child.status : child.process->stop(Millis{stop_grace_s * 1000});
  child.process.reset();  // its reader threads are done

  if (status == 0) return child.answer;
  if (auto error = child.error()) return tl::unexpected(std::move(*error));
  if (stop.stop_requested()) return fail(ErrorKind::cancelled, tr("Training was stopped"));
  return fail(ErrorKind::io, tr("twin-train ended with status {}", status), listener.last_lines(),
              out_of_memory(status));
}

Result<std::vector<std::string>> run_ranks(const TrainJob& job, const TrainerListener& listener, std::stop_token stop) {
  return Ranks(job, listener, std::move(stop)).run();
}

}  // namespace twin::training
