// twin serve: the server in the foreground.
#include "cli/commands.h"
#include "cli/server.h"
#include "core/i18n.h"

namespace twin::cli {
namespace {

class ServeCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "serve"; }
  [[nodiscard]] std::string description() const override {
    return tr("OpenAI-compatible API and web page over the twin");
  }
  void declare(Options& options) override {
    options.option("--port", port_, tr("Port of the server (default: serve.port)"));
  }
  int run(Session& session) override { return serve(session, port_); }

 private:
  int port_ = -1;
};

}  // namespace

std::unique_ptr<Command> serve_command() {
  return std::make_unique<ServeCommand>();
}

}  // namespace twin::cli
