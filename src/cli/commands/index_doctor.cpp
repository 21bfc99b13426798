// twin index doctor: what is wrong with the search index, and what mends it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/i18n.h"
#include "evaluation/corpus/index_doctor.h"
#include "feature/dedup/duplicates.h"
#include "ops/project/workers.h"

namespace twin::cli {
namespace {

constexpr std::size_t shown_findings = 5;  // of a kind, on a terminal; --json has all

class IndexDoctor final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "index doctor"; }
  [[nodiscard]] std::string description() const override {
    return tr("Find duplicates, orphans, stale and damaged entries of the index");
  }
  void declare(Options& options) override {
    options.flag("--mend", mend_, tr("Remove damaged entries, so that twin index makes them anew"));
    options.flag("--no-model", no_model_, tr("Leave out what needs the embedding model"));
  }

  int run(Session& session) override {
    ops::Project& project = session.project();
    if (mend_) session.lock_project();
    const auto worker = no_model_ ? nullptr : start_worker(project);
    const auto diagnosis = evaluation::examine_index(project.config().index_doctor, {.index = project.index(),
                                                                                     .warehouse = project.warehouse(),
                                                                                     .categories = project.categories(),
                                                                                     .left_out = left_out(project),
                                                                                     .embedder = worker.get(),
                                                                                     .progress = session.progress(),
                                                                                     .stop = session.stop()});
    const int removed = mend_ ? evaluation::remove_damaged(diagnosis, project.index()) : 0;
    if (session.json()) {
      Json json = evaluation::to_json(diagnosis);
      if (mend_) json["removed"] = removed;
      session.print(json);
    } else {
      show(session, diagnosis);
      if (mend_) session.print(tr("{} damaged documents removed from the index; now run: twin index", removed));
    }
    return diagnosis.findings.empty() ? exit_code::done : exit_code::partial;
  }

 private:
  /// An index can be examined without its model, less what the model knows; what was left out is said.
  static std::unique_ptr<models::Worker> start_worker(ops::Project& project) {
    try {
      return ops::start_embedding_worker(project);
    } catch (const Fatal& fatal) {
      fmt::print(stderr, "twin: {}\n", fatal.error().text());
      return nullptr;
    }
  }

  static std::set<std::string> left_out(ops::Project& project) {
    std::set<std::string> ids;
    const auto found = feature::read_duplicates(project.layout().duplicates());
    if (!found && found.error().kind == ErrorKind::not_found) return ids;
    for (const feature::Duplicate& duplicate : value_or_throw(found)) ids.insert(duplicate.id);
    return ids;
  }

  static void show(Session& session, const evaluation::IndexDiagnosis& diagnosis) {
    session.print(tr("{} documents, {} passages, {} vectors of {} dimensions", diagnosis.counts.documents,
                     diagnosis.counts.chunks, diagnosis.counts.vectors, diagnosis.counts.dimension));
    for (std::size_t i = 0; i < diagnosis.findings.size();) {
      const evaluation::IndexFault fault = diagnosis.findings[i].fault;
      std::size_t end = i;
      while (end < diagnosis.findings.size() && diagnosis.findings[end].fault == fault) ++end;
      session.print(fmt::format("\n{} ({}): {}", evaluation::meaning(fault), evaluation::name(fault), end - i));
      for (std::size_t shown = 0; shown < std::min(shown_findings, end - i); ++shown) {
        session.print("  " + line(diagnosis.findings[i + shown]));
      }
      if (end - i > shown_findings)
        session.print("  " + tr("… and {} more (--json has all)", end - i - shown_findings));
      session.print("  → " + evaluation::cure(fault));
      i = end;
    }
    if (!diagnosis.unchecked.empty()) {
      std::string kinds;
      for (const auto fault : diagnosis.unchecked) {
        kinds.append(kinds.empty() ? "" : ", ").append(evaluation::name(fault));
      }
      session.print("\n" + tr("Not looked for without the embedding model: {}", kinds));
    }
    if (diagnosis.findings.empty()) session.print(tr("Nothing is wrong with the index."));
  }

  static std::string line(const evaluation::IndexFinding& finding) {
    std::string text = finding.document_id;
    for (const std::string* part : {&finding.chunk_id, &finding.where, &finding.detail}) {
      if (!part->empty()) text.append(text.empty() ? "" : "  ").append(*part);
    }
    return text;
  }

  bool mend_ = false, no_model_ = false;
};

}  // namespace

std::unique_ptr<Command> index_doctor_command() {
  return std::make_unique<IndexDoctor>();
}

}  // namespace twin::cli
