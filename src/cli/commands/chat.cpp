// twin chat: a conversation in the terminal.
#include <cstdio>
#include <iostream>

#include "cli/answer_text.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "core/i18n.h"
#include "ops/project/serve.h"

namespace twin::cli {
namespace {

class ChatCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "chat"; }
  [[nodiscard]] std::string description() const override { return tr("A conversation in the terminal"); }
  void declare(Options& options) override {
    options.option("--model", model_, tr("twin, twin:no-rag, base or base:rag"));
    options.option("--temperature", temperature_, tr("0: always the most probable token"));
    options.option("--max-tokens", max_tokens_, tr("Longest answer in tokens"));
  }
  int run(Session& session) override {
    const auto serving = ops::start_serving(session.project(), true);
    session.print(tr("Ask away. /new starts over, /quit or Ctrl-D ends."));
    std::vector<models::Message> conversation;
    for (std::string line; prompt(line) && !session.stop().stop_requested();) {
      if (line == "/quit") break;
      if (line == "/new") conversation.clear();
      if (line.empty() || line.front() == '/') continue;
      conversation.push_back({"user", line});
      turn(session, *serving, conversation);
    }
    return exit_code::done;
  }

 private:
  static bool prompt(std::string& line) {
    std::fputs("\n> ", stdout);
    std::fflush(stdout);
    return static_cast<bool>(std::getline(std::cin, line));
  }

  /// Streams the answer; a failed turn is reported and taken out of the conversation.
  void turn(Session& session, inference::Serving& serving, std::vector<models::Message>& conversation) const {
    inference::AskRequest request;
    request.messages = conversation;
    request.model = model_;
    request.temperature = temperature_;
    request.max_tokens = max_tokens_;
    request.cancel = session.stop();
    const auto answer = serving.assistant()->ask(request, [](std::string_view delta) {
      std::fwrite(delta.data(), 1, delta.size(), stdout);
      std::fflush(stdout);
      return true;
    });
    if (!answer) {
      std::fprintf(stderr, "\n%s\n", answer.error().text().c_str());
      conversation.pop_back();
      return;
    }
    conversation.push_back({"assistant", answer->text});
    std::fputs(("\n" + coverage_note(*answer) + citation_list(*answer)).c_str(), stdout);
  }

  std::string model_ = "twin";
  double temperature_ = 0.0;
  int max_tokens_ = 256;
};

}  // namespace

std::unique_ptr<Command> chat_command() {
  return std::make_unique<ChatCommand>();
}

}  // namespace twin::cli
