#include "ops/pipeline/engine.h"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/elf.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "core/log.h"
#include "core/process.h"
#include "ops/pipeline/host.h"

namespace twin::ops {
namespace {

using stores::RunStatus;
using stores::StepRecord;
using stores::StepStatus;

constexpr Millis first_retry_delay{1'000};

bool succeeded(StepStatus status) {
  return status == StepStatus::done || status == StepStatus::cached || status == StepStatus::partial;
}

bool retryable(ErrorKind kind) {
  return kind == ErrorKind::network || kind == ErrorKind::io;
}

/// Reading the whole of a program at each start would take longer than a run in which nothing changed.
std::string identity(const std::filesystem::path& program) {
  if (auto id = elf_build_id(program)) return *std::move(id);
  return sha256_file(program).value_or("unreadable");
}

/// llama-server is a stub: what it computes with are the llama.cpp libraries beside it.
void hash_libraries(const std::filesystem::path& program, Sha256& hash) {
  std::error_code error;
  const auto folder = std::filesystem::canonical(program, error).parent_path();
  for (const auto& file : disk().list(folder).value_or(std::vector<std::filesystem::path>{})) {
    const std::string name = file.filename().string();
    const bool library = name.starts_with("libllama") || name.starts_with("libggml") || name.starts_with("libmtmd");
    if (library) hash.field(name).field(identity(file));
  }
}

/// What one run_pipeline() call shares between its threads.
class Execution {
 public:
  Execution(Project& project, const Pipeline& pipeline, ProgressSink& progress, const EngineOptions& options)
      : project_(project), pipeline_(pipeline), progress_(progress), options_(options) {}

  RunOutcome run() {
    open_run();
    {
      std::vector<std::jthread> workers;
      const int wanted = options_.parallel > 0 ? options_.parallel : default_parallel();
      const std::size_t count = std::min<std::size_t>(static_cast<std::size_t>(wanted), pipeline_.steps.size());
      for (std::size_t i = 0; i < count; ++i) workers.emplace_back([this] { work_or_break(); });
    }
    if (broken_) std::rethrow_exception(broken_);
    return close_run();
  }

 private:
  void open_run() {
    run_.id = random_id("run");
    run_.pipeline = pipeline_.name;
    run_.started = system_clock().now();
    run_.config = config::canonical(project_.config()).dump();
    run_.host = host_description();
    run_.pid = ::getpid();
    project_.runs().save(run_);
    for (const PipelineStep& step : pipeline_.steps) {
      StepRecord record;
      record.run_id = run_.id;
      record.step = step.id;
      records_[step.id] = record;
    }
  }

  RunOutcome close_run() {
    RunOutcome outcome;
    bool failed = false, partial = false;
    for (const PipelineStep& step : pipeline_.steps) {
      const StepRecord& record = records_.at(step.id);
      failed |= !succeeded(record.status);
      partial |= record.status == StepStatus::partial;
      outcome.steps.push_back(record);
    }
    run_.ended = system_clock().now();
    run_.status = options_.stop.stop_requested() ? RunStatus::cancelled
                  : failed                       ? RunStatus::failed
                  : partial                      ? RunStatus::partial
                                                 : RunStatus::done;
    project_.runs().save(run_);
    outcome.run = run_;
    return outcome;
  }

  /// A run store that cannot be written (disk full) ends the run: the first such error is thrown by run().
  void work_or_break() {
    try {
      work();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!broken_) broken_ = std::current_exception();
      changed_.notify_all();
    }
  }

  /// One worker thread: takes the next step whose needs are met until none is left.
  void work() {
    std::unique_lock lock(mutex_);
    while (!broken_) {
      const PipelineStep* next = nullptr;
      bool waiting = false;
      for (const PipelineStep& step : pipeline_.steps) {
        StepRecord& record = records_.at(step.id);
        if (record.status != StepStatus::pending) continue;
        const auto state = needs_state(step);
        if (state == NeedsState::failed || options_.stop.stop_requested()) {
          record.status = StepStatus::skipped;
          record.summary = tr("skipped: a step it needs did not finish");
          publish(record);
          changed_.notify_all();
          continue;
        }
        if (state == NeedsState::met && !next) next = &step;
        if (state == NeedsState::open) waiting = true;
      }
      if (next) {
        records_.at(next->id).status = StepStatus::running;
        lock.unlock();
        execute(*next);
        lock.lock();
        changed_.notify_all();
      } else if (waiting) {
        changed_.wait(lock);
      } else {
        return;
      }
    }
  }

  enum class NeedsState { met, open, failed };
  NeedsState needs_state(const PipelineStep& step) const {
    bool open = false;
    for (const std::string& need : step.needs) {
      const StepStatus status = records_.at(need).status;
      if (succeeded(status)) continue;
      if (status == StepStatus::pending || status == StepStatus::running) {
        open = true;
      } else {
        return NeedsState::failed;
      }
    }
    return open ? NeedsState::open : NeedsState::met;
  }

  /// Runs one step outside the lock and stores its record.
  void execute(const PipelineStep& step) {
    StepRecord record;
    Inputs inputs;
    {
      const std::lock_guard lock(mutex_);
      record = records_.at(step.id);
      for (const std::string& need : step.needs) {
        for (const auto& artifact : records_.at(need).outputs) inputs[artifact.name] = artifact;
      }
    }
    record.started = system_clock().now();
    const StepEntry& entry = *StepRegistry::instance().find(step.run);
    StepContext context{project_, progress_, inputs, run_.id, options_.stop};
    try {
      set_key(record, step, entry, context);
      if (!reuse(record, step, entry)) run_with_retries(record, step, entry, context);
    } catch (const Fatal& fatal) {
      record.status = StepStatus::failed;
      record.failures.push_back(fatal.error());
      record.summary = fatal.error().text();
    } catch (const std::exception& error) {
      record.status = StepStatus::failed;
      record.failures.push_back({ErrorKind::internal, error.what(), step.id, {}});
      record.summary = error.what();
    }
    record.ended = system_clock().now();
    const std::lock_guard lock(mutex_);
    records_[step.id] = record;
    publish(record);
  }

  void set_key(StepRecord& record, const PipelineStep& step, const StepEntry& entry, StepContext& context) {
    Json parts;
    parts["build"] = build_id();
    parts["step"] = step.run;
    parts["version"] = entry.version;
    parts["config"] = entry.key_config ? entry.key_config(context) : Json::object();
    Json hashes = Json::object();
    for (const auto& [name, artifact] : context.inputs) hashes[name] = artifact.sha256;
    parts["inputs"] = hashes;
    record.key_parts = parts.dump();
    record.key = sha256_hex(record.key_parts);
  }

  bool reuse(StepRecord& record, const PipelineStep& step, const StepEntry& entry) {
    const bool target = std::find(options_.targets.begin(), options_.targets.end(), step.id) != options_.targets.end();
    if (options_.force && (options_.targets.empty() || target)) return false;
    const auto earlier = project_.runs().finished_step(record.key);
    if (!earlier || (entry.present && !entry.present(project_, earlier->outputs))) return false;
    record.status = StepStatus::cached;
    record.outputs = earlier->outputs;
    record.summary = earlier->summary;
    record.details = earlier->details;
    record.reused_from = earlier->reused_from.empty() ? earlier->run_id : earlier->reused_from;
    return true;
  }

  void run_with_retries(StepRecord& record, const PipelineStep& step, const StepEntry& entry, StepContext& context) {
    record.status = StepStatus::running;
    Millis delay = first_retry_delay;
    for (record.attempt = 1;; ++record.attempt) {
      {
        const std::lock_guard lock(mutex_);
        publish(record);
      }
      try {
        StepOutcome outcome = entry.run(context);
        record.outputs = std::move(outcome.outputs);
        record.summary = std::move(outcome.summary);
        record.failures = std::move(outcome.failures);
        record.details = std::move(outcome.details);
        record.status = record.failures.empty() ? StepStatus::done : StepStatus::partial;
        return;
      } catch (const Fatal& fatal) {
        if (!retryable(fatal.error().kind) || record.attempt > step.retries || options_.stop.stop_requested()) throw;
        log::warn("step {}: {}; trying again in {} s", step.id, fatal.error().text(), delay.count() / 1000);
        system_clock().sleep(delay);
        delay *= 2;
      }
    }
  }

  /// Under the lock: stores the record and tells the caller.
  void publish(const StepRecord& record) {
    project_.runs().save(record);
    if (options_.on_step) options_.on_step(record);
  }

  Project& project_;
  const Pipeline& pipeline_;
  ProgressSink& progress_;
  const EngineOptions& options_;
  stores::RunRecord run_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::exception_ptr broken_;
  std::map<std::string, StepRecord> records_;
};

}  // namespace

int RunOutcome::exit_code() const {
  switch (run.status) {
    case RunStatus::done:
      return exit_code::done;
    case RunStatus::partial:
      return exit_code::partial;
    default:
      return exit_code::failed;
  }
}

RunOutcome run_pipeline(Project& project, const Pipeline& pipeline, ProgressSink& progress,
                        const EngineOptions& options) {
  project.runs().recover();
  return Execution(project, pipeline, progress, options).run();
}

int default_parallel() {
  constexpr unsigned cores_per_step = 4;
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency() / cores_per_step));
}

const std::string& build_id() {
  static const std::string id = [] {
    Sha256 hash;
    for (const char* program : {"twin", "twin-train", "llama-server"}) {
      const auto path = find_program(program);
      // A missing program is part of the identity too: installing it later must not reuse what was made without it.
      hash.field(path ? identity(*path) : "missing");
      if (path && std::string_view(program) == "llama-server") hash_libraries(*path, hash);
    }
    return hash.hex();
  }();
  return id;
}

}  // namespace twin::ops
