#include "cli/retrieval_sets.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "evaluation/retrieval_sets/make_set.h"
#include "ops/project/workers.h"

namespace twin::cli {
namespace {

/// The texts of all queries of a BEIR folder, judged or not.
std::vector<std::string> foreign_queries(const std::string& folder) {
  std::vector<std::string> texts;
  if (folder.empty()) return texts;
  const auto file = std::filesystem::path(folder) / "queries.jsonl";
  std::ifstream in(file);
  if (!in) throw Fatal(ErrorKind::not_found, tr("The file cannot be read"), file.string());
  std::string line;
  while (std::getline(in, line)) {
    const Json object = Json::parse(line, nullptr, false);
    if (!object.is_object() || !object.contains("text") || !object["text"].is_string()) continue;
    texts.push_back(object["text"].get<std::string>());
  }
  if (texts.empty()) throw Fatal(ErrorKind::invalid, tr("The file holds no query"), file.string());
  return texts;
}

}  // namespace

int make_set(Session& session, const MakeSetOptions& options) {
  ops::Project& project = session.project();
  evaluation::RetrievalSetConfig config = project.config().retrieval_set;
  if (options.passages > 0) config.passages = options.passages;
  if (options.paraphrases >= 0) config.paraphrases = options.paraphrases;
  if (options.seed >= 0) config.seed = options.seed;
  const auto foreign = foreign_queries(options.unanswerable_from);
  const auto chat = config.paraphrases > 0 ? ops::start_chat_worker(project) : nullptr;
  const auto set = evaluation::make_retrieval_set(config, {.index = project.index(),
                                                           .categories = project.categories(),
                                                           .chat = chat.get(),
                                                           .foreign = foreign,
                                                           .progress = session.progress(),
                                                           .stop = session.stop()});
  evaluation::write_retrieval_set(set, config, project.index(), options.folder);
  for (const Error& problem : set.problems) fmt::print(stderr, "twin: {}\n", problem.text());
  if (session.json()) {
    Json problems = Json::array();
    for (const Error& problem : set.problems) problems.push_back(problem.text());
    session.print(Json{{"folder", options.folder},
                       {"documents", set.documents},
                       {"passages", set.passages},
                       {"queries", set.counts},
                       {"left_out", set.left_out},
                       {"problems", std::move(problems)}});
  } else {
    session.print(tr("{} queries from {} documents with {} passages, in {}", set.queries.size(), set.documents,
                     set.passages, options.folder));
    for (const auto& [kind, count] : set.counts) session.print(fmt::format("{:>7}  {}", count, kind));
    for (const auto& [reason, count] : set.left_out) {
      session.print(fmt::format("{:>7}  {}", count, tr("left out: {}", reason)));
    }
  }
  return set.problems.empty() ? exit_code::done : exit_code::partial;
}

}  // namespace twin::cli
