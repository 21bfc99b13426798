// Runs, their metrics, and what a dead process left behind.
#include "stores/runs/sqlite_runs.h"

#include <cmath>
#include <limits>

#include "core/i18n.h"
#include "core/secrets.h"
#include "stores/runs/process_identity.h"
#include "stores/runs/schema.h"
#include "stores/runs/status.h"

namespace twin::stores {
namespace {

using sqlite::Connection;
using sqlite::Query;

constexpr const char* kRunColumns = "id, pipeline, status, started, ended, config, host, pid";

RunRecord run_of(Query& q) {
  RunRecord run;
  run.id = q.text(0);
  run.pipeline = q.text(1);
  run.status = run_status(q.text(2));
  run.started = q.integer(3);
  run.ended = q.integer(4);
  run.config = q.text(5);
  run.host = q.text(6);
  run.pid = q.integer(7);
  return run;
}

// The ids that begin with this text, at most two.
std::vector<std::string> ids_like(Connection& c, const std::string& prefix) {
  std::vector<std::string> ids;
  Query query(c, "SELECT id FROM runs WHERE id >= ? AND id < ? ORDER BY id LIMIT 2", prefix, prefix + '\xff');
  while (query.step()) ids.push_back(query.text(0));
  return ids;
}

std::optional<std::string> find_run(Connection& c, const std::string& id_or_prefix) {
  if (id_or_prefix.empty()) return std::nullopt;
  for (const std::string& prefix : {id_or_prefix, "run_" + id_or_prefix}) {
    const auto ids = ids_like(c, prefix);
    if (!ids.empty() && (ids.size() == 1 || ids[0] == prefix)) return ids[0];
    if (ids.size() > 1) {
      throw Fatal(ErrorKind::usage, tr("\"{}\" begins the ids of several runs", id_or_prefix), {},
                  tr("Give more of the id, as `twin runs` shows it"));
    }
  }
  return std::nullopt;
}

// The last sign of life of a run: what it recorded last.
void interrupt(Connection& c, const std::string& id) {
  Query(c,
        "UPDATE runs SET status = 'interrupted', ended = max(started, "
        "(SELECT ifnull(max(max(started, ended)), 0) FROM steps WHERE run_id = ?1), "
        "(SELECT ifnull(max(time), 0) FROM metrics WHERE run_id = ?1)) WHERE id = ?1",
        id)
      .run();
  Query(c,
        "UPDATE steps SET status = 'interrupted', "
        "ended = max(started, (SELECT ended FROM runs WHERE id = ?1)) WHERE run_id = ?1 AND status = 'running'",
        id)
      .run();
}

}  // namespace

SqliteRuns::SqliteRuns(const std::filesystem::path& folder, FileSystem& files, sqlite::Options options)
    : store_(folder / "runs.db", {{kRunsV1, kRunsV2, kRunsV3}, nullptr}, options),
      objects_(files, folder / "objects") {}

void SqliteRuns::save(const RunRecord& run) {
  store_.write([&](Connection& c) {
    Query(c,
          "INSERT INTO runs(id, pipeline, status, started, ended, config, host, pid, process) "
          "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET pipeline = excluded.pipeline, "
          "status = excluded.status, started = excluded.started, ended = excluded.ended, config = excluded.config, "
          "host = excluded.host, pid = excluded.pid, process = excluded.process",
          run.id, run.pipeline, std::string(to_string(run.status)), run.started, run.ended, redact(run.config),
          run.host, run.pid, process_identity(run.pid))
        .run();
  });
}

std::optional<RunRecord> SqliteRuns::run(const std::string& id_or_prefix) {
  return store_.read([&](Connection& c) -> std::optional<RunRecord> {
    const auto id = find_run(c, id_or_prefix);
    if (!id) return std::nullopt;
    Query query(c, std::string("SELECT ") + kRunColumns + " FROM runs WHERE id = ?", *id);
    query.step();
    return run_of(query);
  });
}

std::vector<RunRecord> SqliteRuns::runs(int limit) {
  return store_.read([&](Connection& c) {
    std::vector<RunRecord> runs;
    Query query(c, std::string("SELECT ") + kRunColumns + " FROM runs ORDER BY started DESC, key DESC LIMIT ?",
                std::max(limit, 0));
    while (query.step()) runs.push_back(run_of(query));
    return runs;
  });
}

void SqliteRuns::recover() {
  store_.write([](Connection& c) {
    std::vector<std::string> gone;
    {
      Query running(c, "SELECT id, pid, process FROM runs WHERE status = 'running'");
      while (running.step()) {
        const std::string identity = process_identity(running.integer(1));
        if (identity.empty() || identity != running.text(2)) gone.push_back(running.text(0));
      }
    }
    for (const auto& id : gone) interrupt(c, id);
  });
}

void SqliteRuns::log_metrics(const std::string& run_id, const std::vector<Metric>& metrics) {
  store_.write([&](Connection& c) {
    for (const auto& metric : metrics) {
      Query insert(c,
                   "INSERT INTO metrics(run_id, name, step, time, value) VALUES(?, ?, ?, ?, ?) "
                   "ON CONFLICT(run_id, name, step) DO UPDATE SET time = excluded.time, value = excluded.value",
                   run_id, metric.name, metric.step, metric.time);
      if (std::isnan(metric.value)) {
        insert.bind(nullptr);
      } else {
        insert.bind(metric.value);
      }
      insert.run();
    }
  });
}

std::vector<Metric> SqliteRuns::metrics(const std::string& run_id, const std::string& name) {
  return store_.read([&](Connection& c) {
    std::vector<Metric> metrics;
    Query query(c,
                "SELECT name, value, step, time FROM metrics WHERE run_id = ?1 AND (?2 = '' OR name = ?2) "
                "ORDER BY name, step",
                run_id, name);
    while (query.step()) {
      const double value = query.is_null(1) ? std::numeric_limits<double>::quiet_NaN() : query.real(1);
      metrics.push_back({query.text(0), value, query.integer(2), query.integer(3)});
    }
    return metrics;
  });
}

std::unique_ptr<Runs> open_runs(const std::filesystem::path& folder, FileSystem& files) {
  return std::make_unique<SqliteRuns>(folder, files);
}

}  // namespace twin::stores
