// twin traces: what happened inside recent questions.
#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/i18n.h"
#include "stores/runs/runs.h"

namespace twin::cli {
namespace {

Json span_json(const stores::Span& span) {
  return {{"trace_id", span.trace_id},
          {"span_id", span.span_id},
          {"parent_id", span.parent_id},
          {"name", span.name},
          {"started", format_time(span.started)},
          {"duration_ms", span.duration_ms},
          {"status", span.status},
          {"attributes", Json::parse(span.attributes.empty() ? "{}" : span.attributes, nullptr, false)}};
}

class TracesCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "traces"; }
  [[nodiscard]] std::string description() const override { return tr("Recent questions, or the spans of one of them"); }
  void declare(Options& options) override {
    options.positional("trace", id_, tr("Id of a trace or its beginning"), false);
    options.option("-n", limit_, tr("How many"));
  }
  int run(Session& session) override {
    stores::Runs& runs = session.project().runs();
    const auto spans = id_.empty() ? runs.recent_traces(limit_) : runs.trace(id_);
    if (!id_.empty() && spans.empty()) {
      throw Fatal(ErrorKind::not_found, tr("There is no trace '{}'", id_), {}, tr("list them with: twin traces"));
    }
    if (session.json()) {
      Json list = Json::array();
      for (const stores::Span& span : spans) list.push_back(span_json(span));
      session.print(list);
    } else if (id_.empty()) {
      for (const stores::Span& span : spans) {
        session.print(fmt::format("{}  {}  {:>8.0f} ms  {:<10} {}", span.trace_id.substr(0, 12),
                                  format_time(span.started), span.duration_ms, span.status, span.name));
      }
    } else {
      print_tree(session, spans, {}, 0);
    }
    return exit_code::done;
  }

 private:
  static void print_tree(Session& session, const std::vector<stores::Span>& spans, const std::string& parent,
                         int depth) {
    for (const stores::Span& span : spans) {
      if (span.parent_id != parent) continue;
      session.print(fmt::format("{:{}}{:<28} {:>8.1f} ms  {}  {}", "", depth * 2, span.name, span.duration_ms,
                                span.status, span.attributes));
      print_tree(session, spans, span.span_id, depth + 1);
    }
  }

  std::string id_;
  int limit_ = 20;
};

}  // namespace

std::unique_ptr<Command> traces_command() {
  return std::make_unique<TracesCommand>();
}

}  // namespace twin::cli
