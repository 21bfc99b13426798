// twin eval, twin eval show, twin eval questions.
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/commands/stage_command.h"
#include "cli/session.h"
#include "core/i18n.h"
#include "evaluation/known_items.h"
#include "ops/project/serve.h"

namespace twin::cli {
namespace {

std::string read_report(Session& session, const std::string& file) {
  const auto text = disk().read(session.project().layout().reports() / file);
  if (text) return *text;
  throw Fatal(ErrorKind::not_found, tr("There is no evaluation report yet"), text.error().where,
              tr("make one with: twin eval"));
}

/// Runs the evaluation when something changed, then shows its table.
class EvalCommand final : public StageCommand {
 public:
  EvalCommand() : StageCommand("eval", tr("Evaluate: four arms on held-out documents"), {"evaluate"}) {}
  int run(Session& session) override {
    const int code = StageCommand::run(session);
    if (code != exit_code::failed && !session.json()) session.print(read_report(session, "table.txt"));
    return code;
  }
};

class EvalShow final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "eval show"; }
  [[nodiscard]] std::string description() const override { return tr("The newest report"); }
  void declare(Options& options) override {
    options.option("--format", format_, tr("table, md or html"));
    options.flag("--compare", compare_, tr("The newest comparison of arms instead (twin eval compare)"));
  }
  int run(Session& session) override {
    const std::string name = compare_ ? "compare" : "report";
    if (session.json()) {
      session.print(read_report(session, name + ".json"));
    } else if (format_ == "table") {
      session.print(read_report(session, compare_ ? "compare.txt" : "table.txt"));
    } else if (format_ == "md" || format_ == "html") {
      session.print(read_report(session, name + "." + format_));
    } else {
      throw Fatal(ErrorKind::usage, tr("--format takes table, md or html, not '{}'", format_));
    }
    return exit_code::done;
  }

 private:
  std::string format_ = "table";
  bool compare_ = false;
};

/// Questions whose page is known: is it among the first k, and does the answer cite it?
class EvalQuestions final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "eval questions"; }
  [[nodiscard]] std::string description() const override {
    return tr("Ask questions whose page is known; check search and citations");
  }
  void declare(Options& options) override {
    options.positional("file", file_, tr("YAML file with questions and pages"));
    options.option("-k", k_, tr("Number of passages searched"));
    options.flag("--answers", answers_, tr("Also ask the assistant and check what it cites"));
    options.option("--require-found", require_found_, tr("Fail when fewer are found"));
    options.option("--require-cited", require_cited_, tr("Fail when fewer answers cite the page"));
  }
  int run(Session& session) override {
    const auto items = value_or_throw(evaluation::load_known_items(file_));
    ops::Project& project = session.project();
    const auto serving = ops::start_serving(project, true);
    const evaluation::SearchUrls search = [&](const std::string& question, int k) {
      return search_urls(*serving->assistant(), question, k);
    };
    evaluation::AskCited ask;
    if (answers_) ask = [&](const std::string& question) { return ask_cited(session, *serving, question); };
    const auto report = evaluation::judge_known_items(items, k_, search, ask);
    if (session.json()) {
      session.print(evaluation::to_json(report));
    } else {
      session.print(evaluation::to_table(report));
    }
    const bool enough = report.found() >= require_found_ && report.cited() >= require_cited_;
    return enough ? exit_code::done : exit_code::failed;
  }

 private:
  static Result<std::vector<std::string>> search_urls(inference::Assistant& assistant, const std::string& question,
                                                      int k) {
    const auto passages = assistant.search(question, k);
    if (!passages) return tl::unexpected(passages.error());
    std::vector<std::string> urls;
    for (const inference::Passage& passage : *passages) urls.push_back(passage.url);
    return urls;
  }

  static Result<evaluation::CitedAnswer> ask_cited(Session& session, inference::Serving& serving,
                                                   const std::string& question) {
    inference::AskRequest request;
    request.messages = {{"user", question}};
    request.cancel = session.stop();
    const auto answer = serving.assistant()->ask(request);
    if (!answer) return tl::unexpected(answer.error());
    evaluation::CitedAnswer cited{answer->text, {}};
    for (const inference::Citation& citation : answer->citations) cited.cited_urls.push_back(citation.url);
    return cited;
  }

  std::string file_;
  int k_ = 5, require_found_ = 0, require_cited_ = 0;
  bool answers_ = false;
};

}  // namespace

std::unique_ptr<Command> eval_command() {
  return std::make_unique<EvalCommand>();
}
std::unique_ptr<Command> eval_show_command() {
  return std::make_unique<EvalShow>();
}
std::unique_ptr<Command> eval_questions_command() {
  return std::make_unique<EvalQuestions>();
}

}  // namespace twin::cli
