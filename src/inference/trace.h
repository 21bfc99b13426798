// Traces of questions: spans with the attribute names of the OpenTelemetry GenAI conventions.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "inference/query/understand.h"
#include "inference/rag/search.h"
#include "models/engines/engine.h"
#include "stores/runs/runs.h"

namespace twin::inference {

/// The spans of one question: invoke_agent at the root, below it retrieval and chat. Without a store it does nothing
/// but measure. A store that fails costs the trace, never the answer. Not thread-safe: one per request.
class Trace {
 public:
  Trace(stores::Runs* runs, std::string model);
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;
  /// Saves the root; status "cancelled" when neither finish() nor fail() was called.
  ~Trace();

  [[nodiscard]] const std::string& id() const noexcept { return trace_id_; }
  [[nodiscard]] double elapsed_ms() const;

  void retrieved(const QueryPlan& plan, int k, const Result<Found>& found, double duration_ms);
  void generated(const models::ChatRequest& request, const Result<models::ChatResult>& result, double duration_ms);
  void finish(std::string_view question, std::string_view answer, const models::Usage& usage);
  void fail(const Error& error);

 private:
  void save(stores::Span span);

  stores::Runs* runs_;
  std::string model_, trace_id_, root_id_;
  UnixMillis started_;
  double started_monotonic_;
  std::string status_ = "cancelled";
  std::string attributes_;
};

}  // namespace twin::inference
