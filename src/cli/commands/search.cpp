// twin search: the passages retrieval finds, with each retriever's score.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/passage_pictures.h"
#include "cli/query_flags.h"
#include "cli/query_picture.h"
#include "cli/session.h"
#include "core/clock.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "inference/query/plan_report.h"
#include "inference/query/planned_search.h"
#include "ops/project/rerankers.h"
#include "ops/project/workers.h"

namespace twin::cli {
namespace {

constexpr std::size_t snippet_bytes = 200;

class SearchCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "search"; }
  [[nodiscard]] std::string description() const override { return tr("The passages that match a question"); }
  void declare(Options& options) override {
    options.positional("query", query_, tr("What to look for"), false);
    options.option("--image", image_, tr("Look for this picture instead of words (needs models.embedding_mmproj)"));
    options.option("-k", k_, tr("Number of passages"));
    options.flag("--explain", explain_,
                 tr("Say what was made of the question, and of each passage by each retriever and the reranker"));
    options.option("--category", filter_.categories, tr("Only this category (repeatable)"));
    options.option("--source", filter_.sources, tr("Only this source (repeatable)"));
    options.option("--author", authors_, tr("Only this author (repeatable)"));
    flags_.declare(options);
  }
  int run(Session& session) override {
    if (query_.empty() == image_.empty()) {
      throw Fatal(ErrorKind::usage, tr("Say what to look for: words, or a picture with --image"), "twin search");
    }
    ops::Project& project = session.project();
    for (const std::string& name : authors_) filter_.author_ids.push_back(author_id(project, name));
    const inference::QueryConfig understanding = flags_.apply(project.config().retrieval.query);
    const auto worker = ops::start_search_worker(project);
    if (!image_.empty()) return find_by_picture(session, *worker);
    const auto started = ops::start_reranker(project, session.progress());
    const auto answerability = ops::answerability(project);
    auto plan = understand(session, understanding, started.worker.get());
    const inference::SearchTools tools{project.index(), *worker, started.reranker.get(), &answerability};
    const auto found =
        value_or_throw(inference::find_planned(tools, plan, k_, project.config().retrieval, session.stop()));
    if (session.json()) {
      session.print(Json{{"results", results(project, found)},
                         {"fusion", found.fusion},
                         {"candidates", found.candidates},
                         {"words_alone", found.words_alone},
                         {"rerank", inference::to_json(found.rerank)},
                         {"query", inference::to_json(plan)},
                         {"coverage", inference::to_json(found.coverage)}});
    } else {
      if (const auto steps = inference::to_text(plan); explain_ && !steps.empty()) session.print(steps);
      show(session, found);
      if (found.words_alone) {
        session.print(tr("Found by words alone: the embedding model does not know the language of the question."));
      }
      if (!found.coverage.covered) {
        session.print(tr("The writing may not cover this question: the nearest passages are hardly about it."));
      }
      if (explain_) session.print(inference::to_text(found.coverage));
      if (explain_) session.print(tr("{} candidates, joined by {}", found.candidates, found.fusion));
      if (const auto text = inference::to_text(found.rerank); !text.empty()) session.print(text);
    }
    return exit_code::done;
  }

 private:
  int find_by_picture(Session& session, models::EmbeddingEngine& embedder) {
    ops::Project& project = session.project();
    const inference::SearchTools tools{project.index(), embedder};
    inference::SearchRequest request{.query = {}, .k = k_, .filter = filter_, .cancel = session.stop()};
    request.picture = embed_query_picture(embedder, image_, project.config().collect.images);
    const auto found = value_or_throw(inference::find_passages(tools, request, project.config().retrieval));
    if (session.json()) {
      session.print(Json{{"results", results(project, found)},
                         {"fusion", found.fusion},
                         {"candidates", found.candidates},
                         {"query", {{"image", image_}}}});
    } else {
      show(session, found);
    }
    return exit_code::done;
  }

  static Json results(ops::Project& project, const inference::Found& found) {
    PassagePictures pictures(project);
    Json list = Json::array();
    for (const inference::Passage& passage : found.passages) {
      list.push_back(inference::to_json(passage));
      const auto shown = pictures.of(passage);
      if (!shown.empty()) list.back()["pictures"] = cli::to_json(shown);
    }
    return list;
  }

  void show(Session& session, const inference::Found& found) const {
    PassagePictures pictures(session.project());
    for (const inference::Passage& passage : found.passages) {
      session.print(describe(passage) + cli::to_text(pictures.of(passage)));
    }
    if (found.passages.empty()) session.print(tr("Nothing found."));
  }

  /// What is searched for. The chat model is started when a step wants it; where it is not on this machine, the step
  /// says so and leaves the question as it is. `reranking`: the reranker's worker.
  inference::QueryPlan understand(Session& session, inference::QueryConfig config, models::Worker* reranking) {
    ops::Project& project = session.project();
    if (config.rewrite == "model") config.rewrite = "off";  // there is no conversation to lean on
    const std::string& chat_model = project.config().models.chat;
    std::unique_ptr<models::Worker> own;
    models::Worker* chat = project.config().retrieval.rerank == "llm" ? reranking : nullptr;
    if (chat == nullptr && config.asks_model() && project.models().gguf(chat_model)) {
      own = ops::start_chat_worker(project);
      chat = own.get();
    }
    const auto facets = project.index().facets();
    const auto users = project.warehouse().users();
    auto plan = value_or_throw(inference::understand({{"user", query_}}, {.config = config,
                                                                          .chat = chat,
                                                                          .facets = facets,
                                                                          .users = users,
                                                                          .now = system_clock().now(),
                                                                          .cancel = session.stop()}));
    plan.required = filter_;
    return plan;
  }

  /// By name or alias; searching never creates a user.
  static std::string author_id(ops::Project& project, const std::string& name) {
    const std::string wanted = text::fold(name);
    std::vector<std::string> known;
    for (const stores::User& user : project.warehouse().users()) {
      known.push_back(user.name);
      if (text::fold(user.name) == wanted) return user.id;
      for (const std::string& alias : user.aliases) {
        if (text::fold(alias) == wanted) return user.id;
      }
    }
    const std::string near = text::nearest(name, known);
    throw Fatal(ErrorKind::not_found, tr("No author is called '{}'", name), {},
                near.empty() ? std::string() : tr("did you mean '{}'?", near));
  }

  /// Each retriever's score and what it adds, the rank by their sum, the reranker's score.
  static std::string explanation(const inference::Passage& passage) {
    std::string text;
    for (const auto& [retriever, score] : passage.parts) {
      const auto share = passage.shares.find(retriever);
      text += fmt::format("   {:<8} {:>9.3f}  → {:+.3f}\n", retriever, score,
                          share == passage.shares.end() ? 0.0 : share->second);
    }
    text += "   " + tr("together {:.3f}: rank {}", passage.fused, passage.fused_rank) + "\n";
    if (passage.reranked) text += "   " + tr("reranker {:.3f}: rank {}", *passage.reranked, passage.rank) + "\n";
    return text;
  }

  [[nodiscard]] std::string describe(const inference::Passage& passage) const {
    std::string parts;
    for (const auto& [retriever, score] : passage.parts) parts += fmt::format("  {} {:.3f}", retriever, score);
    const std::string_view snippet = text::clip(passage.text, snippet_bytes);
    if (explain_) parts = "\n" + explanation(passage) + "  ";
    return fmt::format("{}. {:.3f}  {}{}\n   {}{}\n   {}{}\n", passage.rank, passage.score, passage.title,
                       passage.heading.empty() ? "" : " › " + passage.heading, passage.url, parts, snippet,
                       snippet.size() < passage.text.size() ? "…" : "");
  }

  std::string query_, image_;
  int k_ = 5;
  bool explain_ = false;
  QueryFlags flags_;
  stores::IndexFilter filter_;
  std::vector<std::string> authors_;
};

}  // namespace

std::unique_ptr<Command> search_command() {
  return std::make_unique<SearchCommand>();
}

}  // namespace twin::cli
