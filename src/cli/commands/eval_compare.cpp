// twin eval compare: arms by name, their measures, and which of their answers is preferred, judged blind.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/ask_line.h"
#include "cli/commands.h"
#include "cli/compared_arms.h"
#include "cli/session.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "evaluation/preference/author_judge.h"
#include "evaluation/preference/judging.h"
#include "evaluation/preference/model_judge.h"
#include "evaluation/preference/opinions.h"
#include "evaluation/preference/person_judge.h"
#include "evaluation/preference/server_letters.h"
#include "feature/datasets/datasets.h"
#include "ops/project/workers.h"

namespace twin::cli {
namespace {

using evaluation::BlindPair;
using evaluation::EvalReport;
using evaluation::Opinion;
using evaluation::PersonJudge;

constexpr std::string_view kDecidedPair = R"({"pair","verdict":"a|b|tie"})";

/// The project's chat model by the probabilities of its next token, started at the first question.
evaluation::AskLetter letters_of_project(ops::Project& project) {
  struct Lazy {
    std::unique_ptr<models::Worker> worker;
    evaluation::AskLetter ask;
  };
  return [&project, lazy = std::make_shared<Lazy>()](const std::string& prompt) {
    if (!lazy->worker) {
      lazy->worker = ops::start_chat_worker(project);
      lazy->ask = evaluation::letter_by_odds(inference::judge_engines(*lazy->worker));
    }
    return lazy->ask(prompt);
  };
}

class EvalCompare final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "eval compare"; }
  [[nodiscard]] std::string description() const override {
    return tr("Compare base model and adapters by name; which answer is preferred, judged blind");
  }
  void declare(Options& options) override {
    options.option("--arms", arms_,
                   tr("What is compared: base, twin, ids or folders of adapters; NAME=… names one, …@BASE is another "
                      "base, …+rag gives passages"));
    options.option("--judge", judges_, tr("Who judges beside the author's style: model, you, or both"));
    options.option("--questions", questions_, tr("Held-out questions (0: as configured)"));
    options.option("--max-tokens", max_tokens_, tr("Longest answer in tokens (0: as configured)"));
    options.option("--decide", decide_, tr("Judge `you`: take verdicts from a file of JSON lines: {}", kDecidedPair));
    options.flag("--reveal", reveal_, tr("Judge `you`: end here and show whose answers were preferred"));
  }

  int run(Session& session) override {
    const auto requests = parse_arms(arms_);
    read_judges();
    if (by_person_ && !session.json() && decide_.empty() && !reveal_ && ::isatty(STDIN_FILENO) == 0) {
      throw Fatal(ErrorKind::usage, tr("Judging asks questions on a terminal"), {},
                  tr("list the pairs with --json, decide with --decide FILE"));
    }
    session.lock_project();
    ops::Project& project = session.project();
    const std::filesystem::path folder = project.layout().reports() / "compare";
    stores::Objects objects(disk(), folder / "objects");
    auto kept = value_or_throw(feature::AnswerLog::open(folder / "kept.jsonl", objects));
    const auto held_out = read_held_out(project);
    EvalReport report = compare(session, requests, held_out, kept);
    const evaluation::ArmStyle style(held_out, report, report.config);
    evaluation::AuthorJudge author(style, project.config().judge.tie);
    add_judge(session, author, nullptr, report);
    if (by_model_) judge_by_model(session, kept, report);
    const bool done = !by_person_ || judge_by_person(session, kept, report);
    const std::filesystem::path page = write(project, report);
    if (!done) return exit_code::done;
    if (session.json()) {
      session.print(evaluation::to_json(report));
    } else {
      session.print(evaluation::to_table(report) + "\n" + page.string());
    }
    return report.failures.empty() ? exit_code::done : exit_code::partial;
  }

 private:
  void read_judges() {
    if (judges_.empty()) return;
    for (const std::string_view judge : text::split(judges_, ',')) {
      if (judge == "model") {
        by_model_ = true;
      } else if (judge == "you") {
        by_person_ = true;
      } else if (judge != "author") {
        throw Fatal(ErrorKind::usage, tr("--judge takes author, model and you, not '{}'", std::string(judge)));
      }
    }
  }

  static std::vector<feature::Sample> read_held_out(const ops::Project& project) {
    const std::filesystem::path test = project.layout().dataset("instruct") / "test.jsonl";
    if (!disk().exists(test)) {
      throw Fatal(ErrorKind::not_found, tr("The project has no held-out samples yet"), test.string(),
                  tr("make them first: twin dataset"));
    }
    return value_or_throw(feature::read_samples(test));
  }

  [[nodiscard]] EvalReport compare(Session& session, const std::vector<ArmRequest>& requests,
                                   const std::vector<feature::Sample>& held_out, feature::AnswerLog& kept) const {
    ops::Project& project = session.project();
    evaluation::EvalConfig config = project.config().eval;
    if (questions_ > 0) config.questions = questions_;
    if (max_tokens_ > 0) config.max_tokens = max_tokens_;
    ComparedArms made = make_arms(session, requests, config.max_tokens);
    made.lineage["dataset.test"] = value_or_throw(sha256_file(project.layout().dataset("instruct") / "test.jsonl"));
    EvalReport report = evaluation::compare_arms(config, {.held_out = held_out,
                                                          .arms = std::move(made.arms),
                                                          .kept = &kept,
                                                          .lineage = std::move(made.lineage),
                                                          .progress = session.progress(),
                                                          .stop = session.stop()});
    report.notes.insert(report.notes.end(), made.notes.begin(), made.notes.end());
    return report;
  }

  static void add_judge(Session& session, evaluation::PreferenceJudge& judge, feature::AnswerLog* kept,
                        EvalReport& report) {
    // A bar would come between a person and the pairs.
    ProgressSink& progress = judge.name() == "you" ? silent_progress() : session.progress();
    report.preferences.push_back(evaluation::judge_arms(report, judge, session.project().config().judge,
                                                        {.kept = kept, .progress = progress, .stop = session.stop()}));
  }

  static void judge_by_model(Session& session, feature::AnswerLog& kept, EvalReport& report) {
    ops::Project& project = session.project();
    const evaluation::JudgeConfig& config = project.config().judge;
    std::unique_ptr<models::ChatEngine> remote;
    evaluation::AskLetter ask;
    std::string identity;
    if (config.provider.url.empty()) {
      const std::string& chat = project.config().models.chat;
      identity = fmt::format("{} {}", chat, ops::model_sha256(project, chat).substr(0, 12));
      ask = letters_of_project(project);
    } else {
      identity = config.provider.model + "@" + config.provider.url;
      remote = models::make_remote_chat(config.provider);
      ask = evaluation::letter_by_server(config.provider, make_http_client(),
                                         evaluation::letter_by_reply(*remote, session.stop()), session.stop());
    }
    evaluation::ModelJudge judge(std::move(ask), std::move(identity), config.text_bytes);
    add_judge(session, judge, &kept, report);
  }

  /// False while pairs are open: nothing is told of whose answers they are then.
  bool judge_by_person(Session& session, feature::AnswerLog& kept, EvalReport& report) const {
    const std::int64_t seed = report.config.seed;
    const auto nobody = [](const std::string&) { return std::string(); };
    const auto person = [&](const std::string& question) {
      return session.stop().stop_requested() ? std::string() : ask_line(question);
    };
    const bool asks = !session.json() && decide_.empty() && !reveal_;
    const PersonJudge reader({}, seed, 0);  // knows where opinions are kept
    if (!decide_.empty()) take_file(report, seed, kept, reader);
    PersonJudge judge({.show =
                           [&](const std::string& text) {
                             if (asks) session.print(text);
                           },
                       .ask = asks ? std::function<std::string(const std::string&)>(person) : nobody},
                      seed, evaluation::open_pairs(report, reader, &kept).size());
    add_judge(session, judge, &kept, report);
    const auto open = evaluation::open_pairs(report, reader, &kept);
    if (open.empty() || reveal_) return true;
    report.preferences.pop_back();
    const std::size_t all = evaluation::blind_pairs(report).size();
    if (session.json()) {
      list(session, open, seed, all - open.size());
    } else {
      session.print(
          tr("{} of {} pairs are decided; the same command goes on, --reveal ends here", all - open.size(), all));
    }
    return false;
  }

  static void list(Session& session, const std::vector<BlindPair>& open, std::int64_t seed, std::size_t decided) {
    Json json{{"decided", decided}, {"open", Json::array()}};
    for (const BlindPair& pair : open) {
      const bool turned = evaluation::second_is_a(pair, seed);
      json["open"].push_back({{"pair", pair.id},
                              {"question", pair.question->question},
                              {"author", pair.question->reference},
                              {"a", turned ? pair.second : pair.first},
                              {"b", turned ? pair.first : pair.second}});
    }
    session.print(json);
  }

  void take_file(const EvalReport& report, std::int64_t seed, feature::AnswerLog& kept,
                 const PersonJudge& reader) const {
    const auto pairs = evaluation::blind_pairs(report);
    // All are looked at before the first one counts.
    std::vector<std::pair<const BlindPair*, Opinion>> taken;
    const std::string bytes = value_or_throw(disk().read(decide_));
    int number = 0;
    for (const std::string_view line : text::split(bytes, '\n')) {
      ++number;
      if (text::trim(line).empty()) continue;
      const std::string where = fmt::format("{}:{}", decide_, number);
      const Json json = Json::parse(line, nullptr, false);
      const auto text_of = [&](const char* key) {
        const bool there = json.is_object() && json.contains(key) && json[key].is_string();
        return there ? json[key].get<std::string>() : std::string();
      };
      const std::string id = text_of("pair");
      const auto pair =
          std::find_if(pairs.begin(), pairs.end(), [&](const BlindPair& other) { return other.id == id; });
      if (pair == pairs.end()) {
        throw Fatal(ErrorKind::not_found, tr("There is no pair '{}' in this comparison", id), where,
                    tr("the pairs are listed with --json"));
      }
      const auto opinion = evaluation::opinion_of(*pair, seed, text_of("verdict"));
      if (!opinion) throw Fatal(ErrorKind::invalid, tr("A verdict is a, b or tie"), where);
      taken.emplace_back(&*pair, *opinion);
    }
    evaluation::Opinions opinions(&kept, reader);
    for (const auto& [pair, opinion] : taken) value_or_throw(opinions.add(*pair, opinion));
  }

  static std::filesystem::path write(const ops::Project& project, const EvalReport& report) {
    const std::filesystem::path folder = project.layout().reports();
    value_or_throw(disk().write(folder / "compare.json", evaluation::to_json(report).dump(2)));
    value_or_throw(disk().write(folder / "compare.md", evaluation::to_markdown(report)));
    value_or_throw(disk().write(folder / "compare.html", evaluation::to_html(report)));
    value_or_throw(disk().write(folder / "compare.txt", evaluation::to_table(report)));
    return folder / "compare.html";
  }

  std::string arms_ = "base,twin", judges_, decide_;
  int questions_ = 0, max_tokens_ = 0;
  bool reveal_ = false, by_model_ = false, by_person_ = false;
};

}  // namespace

std::unique_ptr<Command> eval_compare_command() {
  return std::make_unique<EvalCompare>();
}

}  // namespace twin::cli
