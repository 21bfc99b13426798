// twin up: the whole pipeline, then the server.
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/server.h"
#include "cli/stages.h"
#include "core/i18n.h"

namespace twin::cli {
namespace {

class UpCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "up"; }
  [[nodiscard]] std::string description() const override { return tr("The whole pipeline, then the server"); }
  void declare(Options& options) override {
    options.flag("--no-serve", no_serve_, tr("Stop after the pipeline"));
    options.flag("--force", force_, tr("Run every step even when nothing changed"));
    options.option("--port", port_, tr("Port of the server (default: serve.port)"));
  }
  int run(Session& session) override {
    const ops::RunOutcome outcome = run_stages(session, {}, force_);
    if (session.json()) session.print(steps_json(outcome.run, outcome.steps));
    const int code = outcome.exit_code();
    if (no_serve_ || code == exit_code::failed) return code;
    const int served = serve(session, port_);
    return served == exit_code::done ? code : served;
  }

 private:
  bool no_serve_ = false, force_ = false;
  int port_ = -1;
};

}  // namespace

std::unique_ptr<Command> up_command() {
  return std::make_unique<UpCommand>();
}

}  // namespace twin::cli
