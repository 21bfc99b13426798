#include "cli/commands/stage_command.h"

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "core/i18n.h"

namespace twin::cli {

void StageCommand::declare(Options& options) {
  options.flag("--force", force_, tr("Run the stage even when nothing changed"));
}

int StageCommand::run(Session& session) {
  const ops::RunOutcome outcome = run_stages(session, targets_, force_);
  if (session.json()) session.print(steps_json(outcome.run, outcome.steps));
  return outcome.exit_code();
}

std::unique_ptr<Command> index_command() {
  return std::make_unique<StageCommand>("index", tr("Documents into chunks, vectors and the search index"),
                                        std::vector<std::string>{"index"});
}
std::unique_ptr<Command> dataset_command() {
  return std::make_unique<StageCommand>("dataset", tr("Instruction and preference samples"),
                                        std::vector<std::string>{"instruct", "preference"});
}

}  // namespace twin::cli
