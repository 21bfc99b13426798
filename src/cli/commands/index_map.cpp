// twin index map: the corpus as a picture.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/files.h"
#include "core/i18n.h"
#include "evaluation/corpus/corpus_map.h"

namespace twin::cli {
namespace {

class IndexMap final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "index map"; }
  [[nodiscard]] std::string description() const override {
    return tr("The corpus as a map: what is alike lies together, groups have names");
  }
  void declare(Options& options) override {
    options.option("--output", output_,
                   tr("Where to: a name ending in .html or .svg (default: both, as .twin/reports/map.*)"));
    options.flag("--passages", passages_, tr("A point for each passage instead of each document"));
  }

  int run(Session& session) override {
    ops::Project& project = session.project();
    std::vector<std::filesystem::path> files = {output_};
    if (output_.empty()) files = {project.layout().reports() / "map.html", project.layout().reports() / "map.svg"};
    for (const auto& file : files) {
      if (file.extension() != ".html" && file.extension() != ".svg") {
        throw Fatal(ErrorKind::usage, tr("--output takes a name ending in .html or .svg"), file.string());
      }
    }
    const auto map =
        evaluation::make_map(project.config().map, project.index(), passages_, session.progress(), session.stop());
    for (const auto& file : files) {
      value_or_throw(
          disk().write(file, file.extension() == ".svg" ? evaluation::to_svg(map) : evaluation::to_html(map)));
    }
    if (session.json()) {
      Json json = evaluation::to_json(map);
      for (const auto& file : files) json["files"].push_back(file.string());
      session.print(json);
    } else {
      show(session, map, files);
    }
    return exit_code::done;
  }

 private:
  static void show(Session& session, const evaluation::CorpusMap& map,
                   const std::vector<std::filesystem::path>& files) {
    session.print(map.passages ? tr("{} of {} passages", map.points.size(), map.all)
                               : tr("{} of {} documents", map.points.size(), map.all));
    for (const evaluation::MapGroup& group : map.groups) {
      session.print(fmt::format("{:>7}  {}", group.points, group.name));
    }
    for (const auto& file : files) session.print(file.string());
  }

  std::string output_;
  bool passages_ = false;
};

}  // namespace

std::unique_ptr<Command> index_map_command() {
  return std::make_unique<IndexMap>();
}

}  // namespace twin::cli
