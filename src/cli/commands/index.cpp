// twin index copy: the search index into another place, without embedding anything again.
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/i18n.h"
#include "stores/index/copy.h"
#include "stores/index/location.h"

namespace twin::cli {
namespace {

class IndexCopy final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "index copy"; }
  [[nodiscard]] std::string description() const override {
    return tr("All of an index into another: sqlite:FOLDER or qdrant://host:port/name");
  }
  void declare(Options& options) override {
    options.option("--to", to_, tr("Where to (default: this project's index)"));
    options.option("--from", from_, tr("Where from (default: this project's index)"));
  }
  int run(Session& session) override {
    if (to_.empty() && from_.empty()) {
      throw Fatal(ErrorKind::usage, tr("Say where to, or where from"), {},
                  tr("twin index copy --to qdrant://host:port/name, or --from sqlite:FOLDER"));
    }
    session.lock_project();
    const auto from = other(session, from_);
    const auto to = other(session, to_);
    const auto report = stores::copy_index(from ? *from : session.project().index(),
                                           to ? *to : session.project().index(), session.progress(), session.stop());
    if (report.stopped) {
      throw Fatal(ErrorKind::cancelled, tr("Stopped after {} documents", report.documents), {},
                  tr("run the same command again: it goes on there"));
    }
    if (session.json()) {
      session.print(Json{{"documents", report.documents},
                         {"chunks", report.chunks},
                         {"unchanged", report.unchanged},
                         {"removed", report.removed},
                         {"digest", report.digest}});
    } else {
      session.print(tr("{} documents with {} passages copied, {} were there, {} removed; compared: digest {}",
                       report.documents, report.chunks, report.unchanged, report.removed, report.digest));
    }
    return exit_code::done;
  }

 private:
  /// The index of an address; none for the project's own.
  static std::unique_ptr<stores::Index> other(Session& session, const std::string& address) {
    if (address.empty()) return nullptr;
    ops::Project& project = session.project();
    const auto parsed = value_or_throw(stores::parse_index_address(address, project.config().index));
    const auto folder =
        parsed.folder.empty() ? project.layout().index() : std::filesystem::absolute(parsed.folder).lexically_normal();
    return stores::open_index(parsed.config, folder, parsed.config.uri.empty() ? no_secrets() : project.secrets());
  }

  std::string to_, from_;
};

}  // namespace

std::unique_ptr<Command> index_copy_command() {
  return std::make_unique<IndexCopy>();
}

}  // namespace twin::cli
