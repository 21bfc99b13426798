#include "cli/compared_arms.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>

#include "cli/adapter_source.h"
#include "cli/base_model.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "evaluation/adapters.h"
#include "inference/assistant.h"
#include "models/prompts/prompts.h"
#include "ops/project/rerankers.h"
#include "ops/project/workers.h"

namespace twin::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view with_passages = "+rag";
constexpr std::size_t longest_arm_name = 128;

bool usable_name(const std::string& name) {
  const auto allowed = [](char c) {
    return text::is_ascii_alnum(c) || std::string_view("._+-").find(c) != std::string_view::npos;
  };
  return !name.empty() && name.size() <= longest_arm_name && !name.starts_with("change") &&
         std::all_of(name.begin(), name.end(), allowed);
}

std::string last_part(const std::string& reference) {
  const fs::path path = fs::path(reference).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

ArmRequest parse_arm(std::string_view item, const std::vector<ArmRequest>& before) {
  ArmRequest arm;
  std::string reference(text::trim(item));
  if (const std::size_t equals = reference.find('='); equals != std::string::npos) {
    arm.name = reference.substr(0, equals);
    reference.erase(0, equals + 1);
  }
  arm.retrieval = reference.ends_with(with_passages);
  if (arm.retrieval) reference.resize(reference.size() - with_passages.size());
  if (const std::size_t at = reference.find('@'); at != std::string::npos) {
    arm.base = reference.substr(at + 1);
    reference.resize(at);
  }
  if (arm.name.empty()) arm.name = last_part(reference) + (arm.retrieval ? "+RAG" : "");
  const auto named =
      std::find_if(before.begin(), before.end(), [&](const ArmRequest& other) { return other.name == reference; });
  arm.reference = named == before.end() ? reference : named->reference;
  if (named != before.end() && arm.base.empty()) arm.base = named->base;
  if (arm.reference.empty() || !usable_name(arm.name)) {
    throw Fatal(ErrorKind::usage, tr("'{}' names no arm", std::string(item)), "--arms",
                tr("base, twin, the id of an adapter, a file or a folder; NAME=… gives it a name, …@BASE another base, "
                   "…+rag passages"));
  }
  return arm;
}

/// What arms with retrieval search with, started when the first of them asks.
struct Searcher {
  std::unique_ptr<models::Worker> embedder;
  ops::StartedReranker reranker;
};

/// A model that answers, and what it lives on.
struct Answerer {
  std::shared_ptr<Searcher> searcher;
  std::unique_ptr<models::Worker> chat;
  std::optional<inference::Assistant> assistant;
};

/// The files of an arm.
struct ArmModel {
  fs::path base, adapter;  ///< GGUF; no adapter: empty
  fs::path peft;           ///< folder of the adapter; empty without one
  std::string sha256;      ///< of both
};

std::unique_ptr<models::Worker> start_chat(ops::Project& project, const ArmModel& model) {
  models::WorkerSpec spec;
  spec.name = "chat-compare";
  spec.model = model.base;
  spec.adapter = model.adapter;
  spec.log_folder = project.layout().logs();
  spec.config = project.config().worker;
  spec.config.slots = 1;  // what a request answers must not depend on what is decoded beside it
  return value_or_throw(models::Worker::start(std::move(spec)));
}

std::shared_ptr<Answerer> start_answerer(Session& session, const ArmRequest& request, const ArmModel& model,
                                         const std::shared_ptr<Searcher>& searcher) {
  ops::Project& project = session.project();
  const inference::RetrievalConfig& config = project.config().retrieval;
  auto answerer = std::make_shared<Answerer>();
  answerer->chat = start_chat(project, model);
  models::EmbeddingEngine* embedder = answerer->chat.get();  // not asked without retrieval
  inference::Rerankers rerankers;
  if (request.retrieval) {
    if (!searcher->embedder) {
      searcher->embedder = ops::start_search_worker(project);
      searcher->reranker = ops::start_reranker(project, session.progress());
    }
    answerer->searcher = searcher;
    embedder = searcher->embedder.get();
    if (searcher->reranker.reranker) rerankers[config.rerank] = searcher->reranker.reranker;
  }
  answerer->assistant.emplace(
      config, inference::Assistant::Parts{
                  .index = project.index(),
                  .embedder = *embedder,
                  .chat = *answerer->chat,
                  .tokenizer = *answerer->chat,
                  .has_adapter = !model.adapter.empty(),
                  .rerankers = std::move(rerankers),
                  .answerability = request.retrieval ? ops::answerability(project) : inference::uncalibrated(),
                  .users = [&project] { return project.warehouse().users(); }});
  return answerer;
}

evaluation::Arm kind_of(const ArmRequest& request) {
  if (request.reference == "base") return request.retrieval ? evaluation::Arm::base_rag : evaluation::Arm::base;
  return request.retrieval ? evaluation::Arm::tuned_rag : evaluation::Arm::tuned;
}

BaseModel base_of(Session& session, const ArmRequest& request) {
  if (!request.base.empty()) return find_base_model(session, request.base);
  const std::string& chat = session.project().config().models.chat;
  return {chat, value_or_throw(session.project().models().gguf(chat))};
}

ArmModel model_of(Session& session, const ArmRequest& request, ComparedArms& made) {
  const BaseModel base = base_of(session, request);
  ArmModel model;
  model.base = base.gguf;
  model.sha256 =
      request.base.empty() ? ops::model_sha256(session.project(), base.name) : value_or_throw(sha256_file(base.gguf));
  std::string& lineage = made.lineage["arm " + request.name] = fmt::format("{} {}", base.name, model.sha256);
  if (request.reference == "base") return model;
  const AdapterSource source = find_adapter_source(session, request.reference == "twin" ? "" : request.reference);
  if (source.gguf.empty()) {
    throw Fatal(ErrorKind::usage, tr("The adapter {} has no GGUF form, which answers are made with", source.name),
                source.path.string());
  }
  if (!source.base.empty() && source.base != base.name) {
    const std::string message =
        tr("The adapter '{}' belongs to '{}', but '{}' is served", source.name, source.base, base.name);
    if (source.of_project) throw Fatal(ErrorKind::invalid, message, source.path.string());
    made.notes.push_back({ErrorKind::invalid, message, source.path.string(), {}});
  }
  model.adapter = source.gguf;
  if (fs::is_directory(source.path)) model.peft = source.path;
  const std::string adapter = value_or_throw(sha256_file(source.gguf));
  lineage += fmt::format(" + {} {}", source.name, adapter);
  model.sha256 += "+" + adapter;
  return model;
}

/// Empty where nothing can be scored, which is noted.
std::function<Result<std::vector<training::ScoredItem>>(const std::vector<feature::Sample>&)> score_with(
    Session& session, const ArmRequest& request, const ArmModel& model, ComparedArms& made) {
  if (request.retrieval) return {};  // the passages change nothing in the model
  if (!model.adapter.empty() && model.peft.empty()) {
    made.notes.push_back({ErrorKind::invalid,
                          tr("{}: perplexity needs the adapter's PEFT form", request.name),
                          model.adapter.string(),
                          {}});
    return {};
  }
  ops::Project& project = session.project();
  const training::TrainConfig& config = project.config().train;
  auto score = evaluation::score_by_training({.base = model.base,
                                              .adapter = model.peft,
                                              .folder = project.layout().scratch() / "compare",
                                              .dtype = config.dtype,
                                              .threads = config.threads,
                                              .max_length = config.max_length},
                                             session.progress(), session.stop());
  return [score = std::move(score), tuned = !model.peft.empty()](const auto& samples) { return score(samples, tuned); };
}

}  // namespace

std::vector<ArmRequest> parse_arms(const std::string& list) {
  std::vector<ArmRequest> arms;
  for (const std::string_view item : text::split(list, ',')) {
    ArmRequest arm = parse_arm(item, arms);
    if (std::any_of(arms.begin(), arms.end(), [&](const ArmRequest& other) { return other.name == arm.name; })) {
      throw Fatal(ErrorKind::usage, tr("Two arms have the name '{}'", arm.name), "--arms",
                  tr("give one another: NAME=REFERENCE"));
    }
    arms.push_back(std::move(arm));
  }
  if (arms.size() < 2) throw Fatal(ErrorKind::usage, tr("A comparison needs at least two arms"), "--arms");
  return arms;
}

ComparedArms make_arms(Session& session, const std::vector<ArmRequest>& requests, int max_tokens) {
  const std::string prompts = models::digest(value_or_throw(models::load_prompts()));
  const auto searcher = std::make_shared<Searcher>();
  ComparedArms made;
  made.lineage["prompts"] = prompts;
  for (const ArmRequest& request : requests) {
    const ArmModel model = model_of(session, request, made);
    evaluation::NamedArm arm;
    arm.name = request.name;
    // What is found depends on all that is indexed: answers from passages are made anew.
    if (!request.retrieval) arm.identity = Sha256().field(model.sha256).field(prompts).hex();
    arm.start = [&session, request, model, searcher, max_tokens]() -> evaluation::AskQuestion {
      auto answerer = start_answerer(session, request, model, searcher);
      auto ask = evaluation::ask_assistant(*answerer->assistant, max_tokens, session.stop());
      return [answerer, ask = std::move(ask), kind = kind_of(request)](const evaluation::Question& question) {
        return ask(question, kind);
      };
    };
    arm.score = score_with(session, request, model, made);
    made.arms.push_back(std::move(arm));
  }
  return made;
}

}  // namespace twin::cli
