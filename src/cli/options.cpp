#include "cli/options.h"

#include "cli/parse.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <map>

#include "core/i18n.h"

namespace twin::cli {

void Options::flag(const std::string& names, bool& value, const std::string& description) {
  app_.add_flag(names, value, description);
}
void Options::on_off(const std::string& name, std::optional<bool>& value, const std::string& description) {
  const auto set = [&value](std::int64_t count) { value = count > 0; };
  app_.add_flag_function(fmt::format("--{0},!--no-{0}", name), set, description);
}
void Options::option(const std::string& names, std::string& value, const std::string& description) {
  app_.add_option(names, value, description)->capture_default_str();
}
void Options::option(const std::string& names, int& value, const std::string& description) {
  app_.add_option(names, value, description)->capture_default_str();
}
void Options::option(const std::string& names, double& value, const std::string& description) {
  app_.add_option(names, value, description)->capture_default_str();
}
void Options::option(const std::string& names, std::vector<std::string>& values, const std::string& description) {
  app_.add_option(names, values, description)->allow_extra_args(false);
}
void Options::positional(const std::string& name, std::string& value, const std::string& description, bool required) {
  app_.add_option(name, value, description)->required(required);
}
void Options::positional(const std::string& name, std::vector<std::string>& values, const std::string& description,
                         bool required) {
  app_.add_option(name, values, description)->required(required);
}

namespace {

void declare_globals(CLI::App& app, GlobalFlags& flags) {
  app.add_option("--home", flags.home, tr("Folder of the project (default: where twin.yaml is, from here upwards)"));
  app.add_option("--set", flags.sets, tr("Override a configuration value: key=value (repeatable)"))
      ->allow_extra_args(false);
  app.add_flag("--json", flags.json, tr("Results as JSON on stdout, progress as JSON lines on stderr"));
  app.add_flag("-q,--quiet", flags.quiet, tr("No progress"));
  app.add_flag("-v,--verbose", flags.verbose, tr("Log what is done"));
  app.add_flag("--debug", flags.debug, tr("Log details"));
}

/// The app of a command's name: "docs list" is `list` below `docs`.
CLI::App& place(CLI::App& root, std::map<std::string, CLI::App*>& placed, const Command& command,
                const std::map<std::string, std::string>& groups) {
  const std::string name = command.name();
  const std::size_t space = name.find(' ');
  if (space == std::string::npos) return *(placed[name] = root.add_subcommand(name, command.description()));
  const std::string group = name.substr(0, space);
  CLI::App*& parent = placed[group];
  if (!parent) {
    parent = root.add_subcommand(group, groups.at(group));
    parent->require_subcommand(1);
    parent->fallthrough();
  }
  return *parent->add_subcommand(name.substr(space + 1), command.description());
}

}  // namespace

Parsed parse(int argc, char** argv, const std::vector<std::unique_ptr<Command>>& commands,
             const std::map<std::string, std::string>& groups, const std::string& version) {
  Parsed parsed;
  CLI::App app(tr("Twin: from your own writing to a model that answers as you, on your own machine"), "twin");
  app.set_version_flag("--version", version);
  app.require_subcommand(1);
  app.fallthrough();
  declare_globals(app, parsed.flags);
  std::map<std::string, CLI::App*> placed;
  for (const auto& command : commands) {
    CLI::App& sub = place(app, placed, *command, groups);
    Options options(sub);
    command->declare(options);
    sub.fallthrough();
    // A group may be a command too ("eval"): it runs when none of its subcommands is named.
    sub.callback([&parsed, &command, &sub] {
      if (sub.get_subcommands().empty()) parsed.command = command.get();
    });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    parsed.exit = status == 0 ? exit_code::done : exit_code::usage;
  }
  return parsed;
}

}  // namespace twin::cli
