// twin init: writes twin.yaml; asks for names and links, or takes them as arguments.
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "ops/project/new_project.h"

namespace twin::cli {
namespace {

class InitCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "init"; }
  [[nodiscard]] std::string description() const override {
    return tr("Write twin.yaml; asks for names and links, or takes them as arguments");
  }
  void declare(Options& options) override {
    options.positional("links", links_, tr("Where the writing is: folders, repositories, feeds"), false);
    options.option("--author", authors_, tr("Name of an author (repeatable)"));
    options.option("--name", name_, tr("Name of the project (default: the folder's)"));
    options.flag("--force", force_, tr("Replace an existing twin.yaml"));
  }
  int run(Session& session) override {
    const std::filesystem::path home =
        session.flags().home.empty() ? std::filesystem::current_path() : std::filesystem::path(session.flags().home);
    const std::filesystem::path file = home / "twin.yaml";
    if (std::filesystem::exists(file) && !force_) {
      throw Fatal(ErrorKind::usage, tr("There is a twin.yaml already"), file.string(), tr("replace it with --force"));
    }
    if (::isatty(STDIN_FILENO) != 0 && !session.json()) ask();
    ops::NewProject project;
    project.name = name_.empty() ? std::filesystem::absolute(home).lexically_normal().filename().string() : name_;
    project.authors = authors_;
    project.links = links_;
    const std::string yaml = value_or_throw(ops::new_project_yaml(project, home));
    value_or_throw(disk().write(file, yaml));
    if (session.json()) {
      session.print(Json{{"written", file.string()}});
    } else {
      session.print(tr("{} written. Next: twin up", file.string()));
    }
    return exit_code::done;
  }

 private:
  void ask() {
    if (authors_.empty()) {
      for (std::string line; prompt(tr("Author's name (empty line ends): "), line);) authors_.push_back(line);
    }
    if (links_.empty()) {
      for (std::string line; prompt(tr("Folder, repository or feed (empty line ends): "), line);)
        links_.push_back(line);
    }
  }

  static bool prompt(const std::string& question, std::string& line) {
    std::cout << question << std::flush;
    if (!std::getline(std::cin, line)) return false;
    line = std::string(text::trim(line));
    return !line.empty();
  }

  std::vector<std::string> links_, authors_;
  std::string name_;
  bool force_ = false;
};

}  // namespace

std::unique_ptr<Command> init_command() {
  return std::make_unique<InitCommand>();
}

}  // namespace twin::cli
