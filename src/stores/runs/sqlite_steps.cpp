// Steps of runs.
#include <nlohmann/json.hpp>

#include "core/secrets.h"
#include "stores/runs/sqlite_runs.h"
#include "stores/runs/status.h"

namespace twin::stores {
namespace {

using sqlite::Connection;
using sqlite::Query;

constexpr const char* kStepColumns =
    "s.run_id, s.step, s.status, s.cache_key, s.key_parts, s.reused_from, s.outputs, s.summary, s.failures, s.attempt, "
    "s.started, s.ended, s.log, s.details";

// Messages of failures may quote foreign bytes.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string dump(const std::vector<Artifact>& outputs) {
  Json list = Json::array();
  for (const auto& a : outputs) {
    list.push_back({{"name", a.name}, {"sha256", a.sha256}, {"kind", a.kind}, {"detail", a.detail}});
  }
  return dump(list);
}

std::string dump(const std::vector<Error>& failures) {
  Json list = Json::array();
  for (const auto& e : failures) {
    list.push_back(
        {{"kind", std::string(to_string(e.kind))}, {"message", e.message}, {"where", e.where}, {"hint", e.hint}});
  }
  return dump(list);
}

std::vector<Artifact> parse_outputs(const std::string& text) {
  std::vector<Artifact> outputs;
  for (const auto& a : Json::parse(text))
    outputs.push_back({a.at("name"), a.at("sha256"), a.at("kind"), a.at("detail")});
  return outputs;
}

std::vector<Error> parse_failures(const std::string& text) {
  std::vector<Error> failures;
  for (const auto& e : Json::parse(text)) {
    failures.push_back({error_kind(e.at("kind")), e.at("message"), e.at("where"), e.at("hint")});
  }
  return failures;
}

StepRecord step_of(Query& q) {
  StepRecord step;
  step.run_id = q.text(0);
  step.step = q.text(1);
  step.status = step_status(q.text(2));
  step.key = q.text(3);
  step.key_parts = q.text(4);
  step.reused_from = q.text(5);
  step.outputs = parse_outputs(q.text(6));
  step.summary = q.text(7);
  step.failures = parse_failures(q.text(8));
  step.attempt = q.small(9);
  step.started = q.integer(10);
  step.ended = q.integer(11);
  step.log = q.text(12);
  step.details = q.text(13);
  return step;
}

std::optional<StepRecord> first(Query&& query) {
  if (!query.step()) return std::nullopt;
  return step_of(query);
}

}  // namespace

void SqliteRuns::save(const StepRecord& s) {
  store_.write([&](Connection& c) {
    Query(c,
          "INSERT INTO steps(run_id, step, status, cache_key, key_parts, reused_from, outputs, summary, failures, "
          "attempt, started, ended, log, details) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
          "ON CONFLICT(run_id, step) DO UPDATE SET status = excluded.status, cache_key = excluded.cache_key, "
          "key_parts = excluded.key_parts, reused_from = excluded.reused_from, outputs = excluded.outputs, "
          "summary = excluded.summary, failures = excluded.failures, attempt = excluded.attempt, "
          "started = excluded.started, ended = excluded.ended, log = excluded.log, details = excluded.details",
          s.run_id, s.step, std::string(to_string(s.status)), s.key, redact(s.key_parts), s.reused_from,
          redact(dump(s.outputs)), redact(s.summary), redact(dump(s.failures)), s.attempt, s.started, s.ended, s.log,
          redact(s.details))
        .run();
  });
}

std::vector<StepRecord> SqliteRuns::steps(const std::string& run_id) {
  return store_.read([&](Connection& c) {
    std::vector<StepRecord> steps;
    Query query(c, std::string("SELECT ") + kStepColumns + " FROM steps s WHERE s.run_id = ? ORDER BY s.key", run_id);
    while (query.step()) steps.push_back(step_of(query));
    return steps;
  });
}

std::optional<StepRecord> SqliteRuns::finished_step(const std::string& key) {
  return store_.read([&](Connection& c) {
    return first(Query(c,
                       std::string("SELECT ") + kStepColumns +
                           " FROM steps s WHERE s.cache_key = ? AND s.status = 'done' "
                           "ORDER BY s.ended DESC, s.key DESC LIMIT 1",
                       key));
  });
}

std::optional<StepRecord> SqliteRuns::last_step(const std::string& pipeline, const std::string& step) {
  return store_.read([&](Connection& c) {
    return first(Query(c,
                       std::string("SELECT ") + kStepColumns +
                           " FROM steps s JOIN runs r ON r.id = s.run_id WHERE s.step = ? AND r.pipeline = ? "
                           "AND s.status IN ('done', 'cached', 'partial') "
                           "ORDER BY s.ended DESC, s.key DESC LIMIT 1",
                       step, pipeline));
  });
}

}  // namespace twin::stores
