// What models answered while they were trained.
#include "core/secrets.h"
#include "stores/runs/sqlite_runs.h"

namespace twin::stores {

using sqlite::Connection;
using sqlite::Query;

void SqliteRuns::log_answers(const std::string& run_id, const std::vector<AnswerRecord>& answers) {
  store_.write([&](Connection& c) {
    for (const AnswerRecord& a : answers) {
      Query(c,
            "INSERT INTO answers(run_id, step, number, prompt, expected, answer, ended, time) "
            "VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(run_id, number, step) DO UPDATE SET prompt = excluded.prompt, "
            "expected = excluded.expected, answer = excluded.answer, ended = excluded.ended, time = excluded.time",
            run_id, a.step, a.number, redact(a.prompt), redact(a.expected), redact(a.answer), a.ended ? 1 : 0, a.time)
          .run();
    }
  });
}

std::vector<AnswerRecord> SqliteRuns::answers(const std::string& run_id) {
  return store_.read([&](Connection& c) {
    std::vector<AnswerRecord> answers;
    Query query(c,
                "SELECT step, number, prompt, expected, answer, ended, time FROM answers WHERE run_id = ? "
                "ORDER BY number, step",
                run_id);
    while (query.step()) {
      answers.push_back({.step = query.integer(0),
                         .number = query.small(1),
                         .prompt = query.text(2),
                         .expected = query.text(3),
                         .answer = query.text(4),
                         .ended = query.integer(5) != 0,
                         .time = query.integer(6)});
    }
    return answers;
  });
}

}  // namespace twin::stores
