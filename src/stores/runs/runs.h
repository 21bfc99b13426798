// The run store: what ran, with what, what it made, and how well.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/json.h"
#include "stores/objects/objects.h"

namespace twin::stores {

enum class RunStatus { running, done, failed, partial, cancelled, interrupted };
std::string_view to_string(RunStatus status);

struct RunRecord {
  std::string id;  ///< random_id("run")
  std::string pipeline;
  RunStatus status = RunStatus::running;
  UnixMillis started = 0, ended = 0;
  std::string config;  ///< resolved configuration, JSON
  std::string host;    ///< "<os> <cpu model> x<cores>"; never a host name
  std::int64_t pid = 0;
};

/// Why a step ran, or did not.
enum class StepStatus { pending, running, cached, done, partial, failed, skipped, interrupted };
std::string_view to_string(StepStatus status);

/// A named output: a store's digest or the hash of an object.
struct Artifact {
  std::string name;  ///< "warehouse", "dataset.instruct", "adapter" …
  std::string sha256;
  std::string kind;  ///< "digest" (state of a store), "object" (bytes in Objects), "model" (registry id in `detail`)
  std::string detail;
};

struct StepRecord {
  std::string run_id;
  std::string step;
  StepStatus status = StepStatus::pending;
  std::string key;          ///< SHA-256 of the parts below
  std::string key_parts;    ///< JSON: build, version, config, inputs; compared by `twin run why`
  std::string reused_from;  ///< run id, when cached
  std::vector<Artifact> outputs;
  std::string summary;          ///< one line for people
  std::vector<Error> failures;  ///< items that failed
  std::string details;          ///< JSON of the step's own, for commands that know the step; may be empty
  int attempt = 0;
  UnixMillis started = 0, ended = 0;
  std::string log;  ///< path of the log file
};

struct Metric {
  std::string name;
  double value = 0;
  std::int64_t step = 0;
  UnixMillis time = 0;
};

/// What a model that is trained answered to a prompt behind a step.
struct AnswerRecord {
  std::int64_t step = 0;
  int number = 0;  ///< of the prompt, from 0
  std::string prompt, expected, answer;
  bool ended = false;  ///< by the model, not at a limit
  UnixMillis time = 0;
};

/// A span of a request or a run, in OpenTelemetry GenAI terms (name, ids, attributes as JSON).
struct Span {
  std::string trace_id;   ///< 32 hex digits
  std::string span_id;    ///< 16 hex digits
  std::string parent_id;  ///< empty for the root
  std::string name;
  UnixMillis started = 0;
  double duration_ms = 0;
  std::string status;      ///< "ok" or the error's text
  std::string attributes;  ///< JSON object
};

/// Thread-safe. Throws Fatal when the database itself fails. Secrets given out (core/secrets.h) are not stored.
class Runs {
 public:
  virtual ~Runs() = default;
  /// Insert or replace by id. The process of `pid` is remembered with its start time, for recover().
  virtual void save(const RunRecord& run) = 0;
  /// Insert or replace by (run_id, step). The run must have been saved.
  virtual void save(const StepRecord& step) = 0;
  /// By id or the beginning of one, with or without "run_". Fatal (usage) when several begin so.
  virtual std::optional<RunRecord> run(const std::string& id_or_prefix) = 0;
  virtual std::vector<RunRecord> runs(int limit = 50) = 0;               ///< newest first
  virtual std::vector<StepRecord> steps(const std::string& run_id) = 0;  ///< in the order they were first saved
  /// The newest step record with this key that is done (not partial), for the cache.
  virtual std::optional<StepRecord> finished_step(const std::string& key) = 0;
  /// The newest finished record (done, cached or partial) of this step under any key, for `run why`.
  virtual std::optional<StepRecord> last_step(const std::string& pipeline, const std::string& step) = 0;
  /// Marks runs and steps still "running" whose process is gone as interrupted; their end is their last sign of life.
  virtual void recover() = 0;

  /// One value by (run, name, step): a resumed run replaces what it logs again. NaN and infinities are kept.
  virtual void log_metrics(const std::string& run_id, const std::vector<Metric>& metrics) = 0;
  /// In order of name, then step; all names when `name` is empty.
  virtual std::vector<Metric> metrics(const std::string& run_id, const std::string& name = {}) = 0;

  /// One answer by (run, step, number): a resumed run replaces what it logs again.
  virtual void log_answers(const std::string& run_id, const std::vector<AnswerRecord>& answers) = 0;
  /// In order of number, then step.
  virtual std::vector<AnswerRecord> answers(const std::string& run_id) = 0;

  virtual void save(const Span& span) = 0;
  /// Spans in order of time; prefixes as for run().
  virtual std::vector<Span> trace(const std::string& trace_id_or_prefix) = 0;
  virtual std::vector<Span> recent_traces(int limit = 20) = 0;  ///< root spans, newest first
  virtual Objects& objects() = 0;
};

/// SQLite at <folder>/runs.db, artifacts under <folder>/objects.
[[nodiscard]] std::unique_ptr<Runs> open_runs(const std::filesystem::path& folder, FileSystem& files = disk());

}  // namespace twin::stores
