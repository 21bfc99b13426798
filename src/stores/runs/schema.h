// Tables of runs.db.
#pragma once

namespace twin::stores {

/// process: what tells the recorded process from a later one of the same pid (process_identity()).
/// outputs and failures: JSON lists. A metric's value is NULL where it is not a number.
inline constexpr const char* kRunsV1 = R"sql(
CREATE TABLE runs(
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  pipeline TEXT NOT NULL,
  status TEXT NOT NULL,
  started INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  config TEXT NOT NULL,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  process TEXT NOT NULL
);
CREATE INDEX runs_by_time ON runs(started);
CREATE INDEX runs_by_status ON runs(status);

CREATE TABLE steps(
  key INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  step TEXT NOT NULL,
  status TEXT NOT NULL,
  cache_key TEXT NOT NULL,
  key_parts TEXT NOT NULL,
  reused_from TEXT NOT NULL,
  outputs TEXT NOT NULL,
  summary TEXT NOT NULL,
  failures TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  started INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  log TEXT NOT NULL,
  UNIQUE(run_id, step)
);
CREATE INDEX steps_by_cache_key ON steps(cache_key, status, ended);
CREATE INDEX steps_by_name ON steps(step, status, ended);

CREATE TABLE metrics(
  run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  step INTEGER NOT NULL,
  value REAL,
  time INTEGER NOT NULL,
  PRIMARY KEY(run_id, name, step)
) WITHOUT ROWID;

CREATE TABLE spans(
  key INTEGER PRIMARY KEY,
  trace_id TEXT NOT NULL,
  span_id TEXT NOT NULL,
  parent_id TEXT NOT NULL,
  name TEXT NOT NULL,
  started INTEGER NOT NULL,
  duration_ms REAL NOT NULL,
  status TEXT NOT NULL,
  attributes TEXT NOT NULL,
  UNIQUE(trace_id, span_id)
);
CREATE INDEX spans_roots ON spans(started) WHERE parent_id = '';
)sql";

inline constexpr const char* kRunsV2 = "ALTER TABLE steps ADD COLUMN details TEXT NOT NULL DEFAULT ''";

/// What a model answered while it was trained. ended: 0 or 1.
inline constexpr const char* kRunsV3 = R"sql(
CREATE TABLE answers(
  run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  number INTEGER NOT NULL,
  prompt TEXT NOT NULL,
  expected TEXT NOT NULL,
  answer TEXT NOT NULL,
  ended INTEGER NOT NULL,
  time INTEGER NOT NULL,
  PRIMARY KEY(run_id, number, step)
) WITHOUT ROWID;
)sql";

}  // namespace twin::stores
