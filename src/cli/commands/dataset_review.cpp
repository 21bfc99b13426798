// twin dataset review: samples accepted, rejected and edited by hand; thresholds of scores learned from it.
#include <fmt/format.h>
#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/ask_line.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/training_sets/decisions.h"

namespace twin::cli {
namespace {

using feature::Decision;
using feature::Sample;
using Decisions = std::map<std::string, Decision>;

constexpr int kFewestDecisions = 20;  // from which a threshold is learned

Json sample_line(const Sample& sample) {
  Json scores = Json::object();
  for (const auto& [name, value] : sample.scores) scores[name] = value;
  Json line{{"id", sample.id},
            {"split", sample.split},
            {"question", sample.prompt.empty() ? "" : sample.prompt.back().content},
            {"answer", sample.answer},
            {"generator", sample.provenance.generator},
            {"document_id", sample.provenance.document_id},
            {"start", sample.provenance.start},
            {"end", sample.provenance.end},
            {"scores", std::move(scores)}};
  if (sample.kind == "preference") line["rejected"] = sample.rejected;
  return line;
}

class DatasetReview final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "dataset review"; }
  [[nodiscard]] std::string description() const override {
    return tr("Accept, reject and edit samples; the next `twin dataset` holds to it");
  }
  void declare(Options& options) override {
    options.option("--kind", kind_, tr("instruct or preference"));
    options.option("--split", split_, tr("train, validation or test"));
    options.option("--limit", limit_, tr("Most samples to look at (0: all)"));
    options.option("--decide", decide_, tr("Take decisions from a file of JSON lines: {}", kDecisionLine));
    options.flag("--calibrate", calibrate_, tr("Thresholds of scores that follow from the decisions"));
  }

  int run(Session& session) override {
    session.lock_project();
    const auto file = session.project().layout().decisions();
    const Decisions decisions = value_or_throw(feature::read_decisions(file));
    if (calibrate_) return show_thresholds(session, decisions);
    std::vector<Sample> samples = load(session);
    if (!decide_.empty()) return take_file(session, file, samples);
    leave_open(samples, decisions);
    if (session.json()) return list(session, samples, decisions.size());
    if (::isatty(STDIN_FILENO) == 0) {
      throw Fatal(ErrorKind::usage, tr("Reviewing asks questions on a terminal"), {},
                  tr("list the samples with --json, decide with --decide FILE"));
    }
    return ask(session, file, samples);
  }

 private:
  static constexpr std::string_view kDecisionLine = R"({"id","decision":"accept|reject|edit","question","answer"})";

  std::vector<Sample> load(Session& session) const {
    if (kind_ != "instruct" && kind_ != "preference")
      throw Fatal(ErrorKind::usage, tr("--kind takes instruct or preference, not '{}'", kind_));
    if (split_ != "train" && split_ != "validation" && split_ != "test")
      throw Fatal(ErrorKind::usage, tr("--split takes train, validation or test, not '{}'", split_));
    return value_or_throw(feature::read_samples(session.project().layout().dataset(kind_) / (split_ + ".jsonl")));
  }

  void leave_open(std::vector<Sample>& samples, const Decisions& decisions) const {
    std::set<std::string> settled;
    for (const auto& [id, decision] : decisions) {
      settled.insert(id);
      settled.insert(decision.edited_id);
    }
    std::erase_if(samples, [&](const Sample& sample) { return settled.contains(sample.id); });
    if (limit_ > 0 && samples.size() > static_cast<std::size_t>(limit_))
      samples.resize(static_cast<std::size_t>(limit_));
  }

  static int list(Session& session, const std::vector<Sample>& samples, std::size_t decided) {
    Json json{{"decided", decided}, {"samples", Json::array()}};
    for (const Sample& sample : samples) json["samples"].push_back(sample_line(sample));
    session.print(json);
    return exit_code::done;
  }

  static void keep(Session& session, const std::filesystem::path& file, const Sample& sample, Decision decision) {
    decision.sample_id = sample.id;
    decision.scores = sample.scores;
    if (decision.verdict == "edit") {
      Sample edited = sample;
      feature::edit_sample(edited, decision, session.project().config().dataset);
      decision.edited_id = edited.id;
    }
    value_or_throw(feature::add_decision(file, decision));
  }

  int take_file(Session& session, const std::filesystem::path& file, const std::vector<Sample>& samples) const {
    std::map<std::string, const Sample*> by_id;
    for (const Sample& sample : samples) by_id[sample.id] = &sample;
    // All are looked at before the first one counts.
    std::vector<std::pair<const Sample*, Decision>> taken;
    const std::string bytes = value_or_throw(disk().read(decide_));
    int number = 0;
    for (const std::string_view line : text::split(bytes, '\n')) {
      ++number;
      if (text::trim(line).empty()) continue;
      auto decision = feature::decision_from_json(Json::parse(line, nullptr, false));
      const std::string where = fmt::format("{}:{}", decide_, number);
      if (!decision) throw Fatal(ErrorKind::invalid, decision.error().message, where);
      const auto found = by_id.find(decision->sample_id);
      if (found == by_id.end()) {
        throw Fatal(ErrorKind::not_found, tr("There is no sample {} in this split", decision->sample_id), where,
                    tr("--kind and --split name the split"));
      }
      taken.emplace_back(found->second, std::move(*decision));
    }
    for (auto& [sample, decision] : taken) keep(session, file, *sample, std::move(decision));
    if (session.json()) {
      session.print(Json{{"decisions", taken.size()}, {"file", file.string()}});
    } else {
      session.print(tr("{} decisions kept; `twin dataset` applies them", taken.size()));
    }
    return exit_code::done;
  }

  static int show_thresholds(Session& session, const Decisions& decisions) {
    const auto found = feature::calibrate(decisions, kFewestDecisions);
    if (session.json()) {
      Json json{{"decisions", decisions.size()}, {"fewest", kFewestDecisions}, {"scores", Json::array()}};
      for (const auto& one : found) {
        json["scores"].push_back(Json{{"score", one.score},
                                      {"threshold", one.threshold},
                                      {"accepted", one.accepted},
                                      {"rejected", one.rejected},
                                      {"precision", one.precision},
                                      {"recall", one.recall},
                                      {"f1", one.f1},
                                      {"f1_of_all", one.f1_of_all}});
      }
      session.print(json);
      return exit_code::done;
    }
    session.print(
        tr("{} decisions; the threshold with the best F1 for accepted samples, from {} decisions of both kinds on",
           decisions.size(), kFewestDecisions));
    for (const auto& one : found) {
      session.print(
          tr("{}: {} accepted, {} rejected; from {:.3g} on precision {:.2f}, recall {:.2f}, F1 {:.2f} (all: "
             "{:.2f})",
             one.score, one.accepted, one.rejected, one.threshold, one.precision, one.recall, one.f1, one.f1_of_all));
      if (one.f1 > one.f1_of_all)
        session.print("  " + tr("in twin.yaml: dataset.min_scores: {{{}: {:.3g}}}", one.score, one.threshold));
    }
    return exit_code::done;
  }

  static int ask(Session& session, const std::filesystem::path& file, const std::vector<Sample>& samples) {
    std::size_t number = 0, decided = 0;
    for (const Sample& sample : samples) {
      show(session, sample, ++number, samples.size());
      const std::string key = ask_line(tr("[a]ccept, [r]eject, [e]dit, [s]kip, [q]uit: "));
      if (key.empty() || key == "q" || session.stop().stop_requested()) break;
      Decision decision;
      if (key == "a") decision.verdict = "accept";
      if (key == "r") {
        decision.verdict = "reject";
        decision.reason = ask_line(tr("Why (may be empty): "));
      }
      if (key == "e") {
        decision.question = ask_line(tr("Question (empty: as it is): "));
        decision.answer = lines_of(tr("Answer, its end a line with a single full stop (empty: as it is):"));
        if (!decision.question.empty() || !decision.answer.empty()) decision.verdict = "edit";
      }
      if (decision.verdict.empty()) continue;
      keep(session, file, sample, std::move(decision));
      ++decided;
    }
    session.print(tr("{} decisions kept; `twin dataset` applies them", decided));
    return exit_code::done;
  }

  static void show(Session& session, const Sample& sample, std::size_t number, std::size_t of) {
    std::string scores;
    for (const auto& [name, value] : sample.scores) scores += fmt::format("  {} {:.3g}", name, value);
    session.print(fmt::format("\n{}/{}  {}  {}{}\n", number, of, sample.id, sample.provenance.generator, scores));
    if (!sample.prompt.empty()) session.print(sample.prompt.back().content + "\n");
    session.print("> " + sample.answer + "\n");
    if (sample.kind == "preference") session.print("< " + sample.rejected + "\n");
  }

  static std::string lines_of(const std::string& question) {
    std::cerr << question << '\n' << std::flush;
    std::string out;
    for (std::string line; std::getline(std::cin, line) && text::trim(line) != ".";) out += line + "\n";
    return std::string(text::trim(out));
  }

  std::string kind_ = "instruct", split_ = "train", decide_;
  int limit_ = 0;
  bool calibrate_ = false;
};

}  // namespace

std::unique_ptr<Command> dataset_review_command() {
  return std::make_unique<DatasetReview>();
}

}  // namespace twin::cli
