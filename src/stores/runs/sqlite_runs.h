// The run store in one SQLite file. Opened by open_runs(); this header is for its own .cpp files and tests.
#pragma once

#include "stores/runs/runs.h"
#include "stores/sqlite/store.h"

namespace twin::stores {

class SqliteRuns final : public Runs {
 public:
  SqliteRuns(const std::filesystem::path& folder, FileSystem& files, sqlite::Options options = {});

  void save(const RunRecord& run) override;
  void save(const StepRecord& step) override;
  std::optional<RunRecord> run(const std::string& id_or_prefix) override;
  std::vector<RunRecord> runs(int limit) override;
  std::vector<StepRecord> steps(const std::string& run_id) override;
  std::optional<StepRecord> finished_step(const std::string& key) override;
  std::optional<StepRecord> last_step(const std::string& pipeline, const std::string& step) override;
  void recover() override;

  void log_metrics(const std::string& run_id, const std::vector<Metric>& metrics) override;
  std::vector<Metric> metrics(const std::string& run_id, const std::string& name) override;
  void log_answers(const std::string& run_id, const std::vector<AnswerRecord>& answers) override;
  std::vector<AnswerRecord> answers(const std::string& run_id) override;

  void save(const Span& span) override;
  std::vector<Span> trace(const std::string& trace_id_or_prefix) override;
  std::vector<Span> recent_traces(int limit) override;
  Objects& objects() override { return objects_; }

 private:
  sqlite::Store store_;
  Objects objects_;
};

}  // namespace twin::stores
