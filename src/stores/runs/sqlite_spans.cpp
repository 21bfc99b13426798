// Spans of traces.
#include "core/i18n.h"
#include "core/secrets.h"
#include "stores/runs/sqlite_runs.h"

namespace twin::stores {
namespace {

using sqlite::Connection;
using sqlite::Query;

constexpr const char* kSpanColumns = "trace_id, span_id, parent_id, name, started, duration_ms, status, attributes";

Span span_of(Query& q) {
  return {q.text(0), q.text(1), q.text(2), q.text(3), q.integer(4), q.real(5), q.text(6), q.text(7)};
}

std::optional<std::string> find_trace(Connection& c, const std::string& prefix) {
  if (prefix.empty()) return std::nullopt;
  Query query(c, "SELECT DISTINCT trace_id FROM spans WHERE trace_id >= ? AND trace_id < ? ORDER BY trace_id LIMIT 2",
              prefix, prefix + '\xff');
  if (!query.step()) return std::nullopt;
  std::string id = query.text(0);
  if (id != prefix && query.step()) {
    throw Fatal(ErrorKind::usage, tr("\"{}\" begins the ids of several traces", prefix), {},
                tr("Give more of the id, as `twin traces` shows it"));
  }
  return id;
}

}  // namespace

void SqliteRuns::save(const Span& s) {
  store_.write([&](Connection& c) {
    Query(c,
          "INSERT INTO spans(trace_id, span_id, parent_id, name, started, duration_ms, status, attributes) "
          "VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(trace_id, span_id) DO UPDATE SET "
          "parent_id = excluded.parent_id, name = excluded.name, started = excluded.started, "
          "duration_ms = excluded.duration_ms, status = excluded.status, attributes = excluded.attributes",
          s.trace_id, s.span_id, s.parent_id, s.name, s.started, s.duration_ms, redact(s.status), redact(s.attributes))
        .run();
  });
}

std::vector<Span> SqliteRuns::trace(const std::string& trace_id_or_prefix) {
  return store_.read([&](Connection& c) {
    std::vector<Span> spans;
    const auto id = find_trace(c, trace_id_or_prefix);
    if (!id) return spans;
    Query query(
        c,
        std::string("SELECT ") + kSpanColumns + " FROM spans WHERE trace_id = ? ORDER BY started, parent_id <> '', key",
        *id);
    while (query.step()) spans.push_back(span_of(query));
    return spans;
  });
}

std::vector<Span> SqliteRuns::recent_traces(int limit) {
  return store_.read([&](Connection& c) {
    std::vector<Span> spans;
    Query query(c,
                std::string("SELECT ") + kSpanColumns +
                    " FROM spans WHERE parent_id = '' ORDER BY started DESC, key DESC LIMIT ?",
                std::max(limit, 0));
    while (query.step()) spans.push_back(span_of(query));
    return spans;
  });
}

}  // namespace twin::stores
