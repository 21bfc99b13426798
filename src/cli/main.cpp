// Entry point of `twin`: parse, run one command, turn the error that ends it into a message and an exit code.
#include <cstdio>
#include <exception>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/parse.h"
#include "cli/session.h"
#include "cli/signals.h"
#include "core/log.h"
#include "core/result.h"
#include "core/secrets.h"

namespace {

int report(const twin::Error& error, bool cancelled) {
  std::fprintf(stderr, "twin: %s\n", twin::redact(error.text()).c_str());
  if (cancelled) return twin::exit_code::failed;
  return error.kind == twin::ErrorKind::usage ? twin::exit_code::usage : twin::exit_code::failed;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace twin;
  const std::stop_token stop = cli::stop_on_signal();
  const auto commands = cli::all_commands();
  const cli::Parsed parsed = cli::parse(argc, argv, commands, cli::command_groups(), TWIN_VERSION);
  if (parsed.exit) return *parsed.exit;
  log::set_level(parsed.flags.debug ? log::Level::debug : parsed.flags.verbose ? log::Level::info : log::Level::warn);
  try {
    cli::Session session(parsed.flags, stop);
    return parsed.command->run(session);
  } catch (const Fatal& fatal) {
    return report(fatal.error(), stop.stop_requested());
  } catch (const std::exception& error) {
    return report({ErrorKind::internal, error.what(), {}, {}}, stop.stop_requested());
  }
}
