// twin warehouse stats|verify|copy: the warehouse as a whole.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/i18n.h"
#include "core/log.h"
#include "stores/warehouse/copy.h"
#include "stores/warehouse/location.h"

namespace twin::cli {
namespace {

std::string megabytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

class WarehouseStats final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "warehouse stats"; }
  [[nodiscard]] std::string description() const override { return tr("How much of what is in it"); }
  int run(Session& session) override {
    const stores::WarehouseStats stats = stores::warehouse_stats(session.project().warehouse());
    if (session.json()) {
      session.print(Json{{"location", stats.location},
                         {"users", stats.counts.users},
                         {"documents", stats.counts.documents},
                         {"deleted", stats.counts.deleted},
                         {"versions", stats.counts.versions},
                         {"by_source", stats.by_source},
                         {"by_category", stats.by_category},
                         {"by_language", stats.by_language},
                         {"objects", stats.objects},
                         {"object_bytes", stats.object_bytes},
                         {"database_bytes", stats.database_bytes},
                         {"digest", stats.digest}});
      return exit_code::done;
    }
    session.print(stats.location);
    session.print(tr("{} users, {} documents ({} of them deleted), {} versions", stats.counts.users,
                     stats.counts.documents, stats.counts.deleted, stats.counts.versions));
    const auto table = [&](const std::string& title, const std::map<std::string, std::int64_t>& rows) {
      for (const auto& [name, count] : rows) {
        session.print(fmt::format("  {:<10} {:<20} {:>9}", title, name.empty() ? "-" : name, count));
      }
    };
    table(tr("source"), stats.by_source);
    table(tr("category"), stats.by_category);
    table(tr("language"), stats.by_language);
    session.print(tr("database {}; {} raw objects, {}", megabytes(stats.database_bytes), stats.objects,
                     megabytes(stats.object_bytes)));
    session.print(tr("digest {}", stats.digest));
    return exit_code::done;
  }
};

class WarehouseVerify final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "warehouse verify"; }
  [[nodiscard]] std::string description() const override {
    return tr("Every text, raw object and id against its hash");
  }
  int run(Session& session) override {
    stores::Warehouse& warehouse = session.project().warehouse();
    const auto report = stores::verify_warehouse(warehouse, session.progress(), session.stop());
    if (report.stopped) throw Fatal(ErrorKind::cancelled, tr("Stopped"));
    for (const Error& error : report.damage) std::fprintf(stderr, "twin: %s\n", error.text().c_str());
    if (session.json()) {
      Json damage = Json::array();
      for (const Error& error : report.damage) damage.push_back(error.text());
      session.print(Json{{"documents", report.documents},
                         {"versions", report.versions},
                         {"objects", report.objects},
                         {"damage", damage}});
    } else {
      session.print(tr("{} documents, {} versions and {} raw objects read: {} damaged", report.documents,
                       report.versions, report.objects, report.damage.size()));
    }
    return report.damage.empty() ? exit_code::done : exit_code::failed;
  }
};

class WarehouseCopy final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "warehouse copy"; }
  [[nodiscard]] std::string description() const override {
    return tr("All of a warehouse into another: sqlite:FOLDER or mongodb://host/database");
  }
  void declare(Options& options) override {
    options.option("--to", to_, tr("Where to (default: this project's warehouse)"));
    options.option("--from", from_, tr("Where from (default: this project's warehouse)"));
    options.option("--raw", raw_, tr("Where raw bytes lie with MongoDB: disk or database (default: warehouse.raw)"));
  }
  int run(Session& session) override {
    if (to_.empty() && from_.empty()) {
      throw Fatal(ErrorKind::usage, tr("Say where to, or where from"), {},
                  tr("twin warehouse copy --to sqlite:FOLDER, or --from mongodb://host/database"));
    }
    if (!raw_.empty() && raw_ != "disk" && raw_ != "database") {
      throw Fatal(ErrorKind::usage, tr("--raw takes disk or database, not '{}'", raw_));
    }
    session.lock_project();
    const auto from = other(session, from_);
    const auto to = other(session, to_);
    stores::Warehouse& mine = session.project().warehouse();
    const auto report =
        stores::copy_warehouse(from ? *from : mine, to ? *to : mine, session.progress(), session.stop());
    for (const Error& error : report.failures) std::fprintf(stderr, "twin: %s\n", error.text().c_str());
    if (report.stopped) {
      throw Fatal(ErrorKind::cancelled, tr("Stopped after {} documents", report.documents), {},
                  tr("run the same command again: it goes on there"));
    }
    if (session.json()) {
      Json failures = Json::array();
      for (const Error& error : report.failures) failures.push_back(error.text());
      session.print(Json{{"users", report.users},
                         {"documents", report.documents},
                         {"versions", report.versions},
                         {"origins", report.origins},
                         {"cursors", report.cursors},
                         {"objects", report.objects},
                         {"resumed", report.resumed},
                         {"digest", report.digest},
                         {"failed", failures}});
    } else {
      session.print(tr("{} users, {} documents in {} versions and {} raw objects copied and compared: digest {}",
                       report.users, report.documents, report.versions, report.objects, report.digest));
    }
    return report.failures.empty() ? exit_code::done : exit_code::partial;
  }

 private:
  /// The warehouse of an address; none for the project's own.
  std::unique_ptr<stores::Warehouse> other(Session& session, const std::string& address) const {
    if (address.empty()) return nullptr;
    ops::Project& project = session.project();
    stores::WarehouseConfig base = project.config().warehouse;
    if (!raw_.empty()) base.raw = raw_;
    auto parsed = value_or_throw(stores::parse_address(address, base));
    // Raw bytes on disk beside a MongoDB are this project's own.
    const auto folder = parsed.folder.empty() ? project.layout().warehouse()
                                              : std::filesystem::absolute(parsed.folder).lexically_normal();
    return stores::open_warehouse(parsed.config, folder, project.secrets());
  }

  std::string to_, from_, raw_;
};

}  // namespace

std::unique_ptr<Command> warehouse_stats_command() {
  return std::make_unique<WarehouseStats>();
}
std::unique_ptr<Command> warehouse_verify_command() {
  return std::make_unique<WarehouseVerify>();
}
std::unique_ptr<Command> warehouse_copy_command() {
  return std::make_unique<WarehouseCopy>();
}

}  // namespace twin::cli
