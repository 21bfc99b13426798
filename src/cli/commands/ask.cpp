// twin ask: one question, one cited answer.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/answer_text.h"
#include "cli/commands.h"
#include "cli/query_flags.h"
#include "cli/session.h"
#include "core/i18n.h"
#include "ops/project/serve.h"

namespace twin::cli {
namespace {

class AskCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "ask"; }
  [[nodiscard]] std::string description() const override { return tr("One question, one answer with citations"); }
  void declare(Options& options) override {
    options.positional("question", question_, tr("The question"));
    options.option("--model", model_, tr("twin, twin:no-rag, base or base:rag"));
    options.option("-k", k_, tr("Passages given to the model (0: by configuration)"));
    options.option("--max-tokens", max_tokens_, tr("Longest answer in tokens"));
    options.option("--temperature", temperature_, tr("0: always the most probable token"));
    options.flag("--prompt", prompt_only_, tr("Show the prompt that the model would be given, and generate nothing"));
    flags_.declare(options);
  }
  int run(Session& session) override {
    const auto serving = ops::start_serving(session.project(), true);
    inference::AskRequest request;
    request.messages = {{"user", question_}};
    request.model = model_;
    request.k = k_;
    request.query = flags_.apply(session.project().config().retrieval.query);
    request.max_tokens = max_tokens_;
    request.temperature = temperature_;
    request.prompt_only = prompt_only_;
    request.cancel = session.stop();
    const auto answer = value_or_throw(serving->assistant()->ask(request));
    if (session.json()) {
      session.print(inference::to_json(answer));
    } else {
      session.print(answer.prompt.empty() ? answer_text(answer) : prompt_text(answer));
    }
    return exit_code::done;
  }

 private:
  std::string question_, model_ = "twin";
  bool prompt_only_ = false;
  int k_ = 0, max_tokens_ = 256;
  double temperature_ = 0.0;
  QueryFlags flags_;
};

}  // namespace

std::unique_ptr<Command> ask_command() {
  return std::make_unique<AskCommand>();
}

}  // namespace twin::cli
