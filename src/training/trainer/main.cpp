// twin-train: reads a job as JSON on stdin, writes progress as JSON lines on stderr and its answer on stdout.
#include <malloc.h>
#include <torch/headeronly/version.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "core/files.h"
#include "core/i18n.h"
#include "models/engines/worker.h"
#include "training/trainer/plan.h"
#include "training/trainer/trainer.h"

namespace twin::training {
namespace {

std::atomic<bool> stop_flag{false};

constexpr const char* usage =
    "twin-train: LoRA fine-tuning of GGUF models\n"
    "\n"
    "  twin-train [train] < job.json     trains; prints a result as one JSON object\n"
    "  twin-train plan    < job.json     prints the job's size, memory and time as one JSON object; trains nothing\n"
    "  twin-train score   < job.json     prints {\"tokens\",\"nll\"} for each line of the job's data\n"
    "  twin-train --help | --version\n"
    "\n"
    "A training job: {\"base\":\"model.gguf\",\"data\":\"train.jsonl\",\"eval_data\":\"…\",\"out\":\"folder\",\n"
    "\"base_name\":\"…\",\"config\":{…}}. A scoring job: {\"base\",\"adapter\",\"data\",\"dtype\",\"threads\",\n"
    "\"max_length\"}. Progress goes to stderr as JSON lines. SIGTERM writes a checkpoint and stops; the same job goes "
    "on\n"
    "from it. Exit codes: 0 done, 1 failed or stopped, 2 wrong usage; a failure prints {\"error\":{…}} on stdout.\n";

/// Activations of a step are freed and allocated again all the time: keep their pages instead of giving them back to
/// the kernel, which would zero them anew. glibc refuses a larger threshold than this one.
void keep_freed_memory() {
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

Json read_stdin() {
  const std::string text((std::istreambuf_iterator<char>(std::cin)), std::istreambuf_iterator<char>());
  auto json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) throw Fatal(ErrorKind::usage, tr("The job on stdin is not JSON"));
  return json;
}

void print_event(const Json& event) {
  const auto line = event.dump() + "\n";
  std::fputs(line.c_str(), stderr);
}

/// The model's own tokenizer and chat template, as the server applies them.
Hooks make_hooks(const std::filesystem::path& base, const std::filesystem::path& log_folder, int threads) {
  Hooks hooks;
  hooks.event = print_event;
  hooks.stop = &stop_flag;
  hooks.tokenizer = [=]() -> Result<std::unique_ptr<models::Tokenizer>> {
    models::WorkerSpec spec;
    spec.name = "tokenize";
    spec.model = base;
    spec.log_folder = log_folder;
    spec.config.threads = threads;
    spec.config.context_tokens = 512;  // nothing is generated
    auto worker = models::Worker::start(std::move(spec));
    if (!worker) return tl::unexpected(worker.error());
    return std::unique_ptr<models::Tokenizer>(std::move(*worker));
  };
  return hooks;
}

void run_train() {
  const auto job = value_or_throw(train_job_from_json(read_stdin()));
  const auto ranks = value_or_throw(ranks_from_environment());
  std::optional<FileLock> lock;  // the ranks of one run share its folder
  if (ranks.rank == 0) lock.emplace(value_or_throw(FileLock::acquire(job.out / "lock")));
  const auto result = train(job, make_hooks(job.base, job.out / "logs", job.config.threads), ranks);
  std::cout << to_json(result).dump() << std::endl;
}

void run_plan() {
  const auto job = value_or_throw(train_job_from_json(read_stdin()));
  const auto lock = value_or_throw(FileLock::acquire(job.out / "lock"));
  const auto result = plan(job, make_hooks(job.base, job.out / "logs", job.config.threads));
  std::cout << to_json(result).dump() << std::endl;
}

void run_score() {
  const auto job = value_or_throw(score_job_from_json(read_stdin()));
  const TempFolder logs("twin-score-logs");
  std::string lines;
  for (const auto& item : score(job, make_hooks(job.base, logs.path(), job.threads)))
    lines += Json{{"tokens", item.tokens}, {"nll", item.nll}}.dump() + "\n";
  std::cout << lines << std::flush;
}

int run(const std::string& command) {
  keep_freed_memory();
  try {
    if (command == "plan") {
      run_plan();
    } else if (command == "score") {
      run_score();
    } else {
      run_train();
    }
    return exit_code::done;
  } catch (const Fatal& fatal) {
    std::cout << Json{{"error", to_json(fatal.error())}}.dump() << std::endl;
    return fatal.error().kind == ErrorKind::usage ? exit_code::usage : exit_code::failed;
  } catch (const std::exception& e) {
    const Error error{ErrorKind::internal, e.what(), "", ""};
    std::cout << Json{{"error", to_json(error)}}.dump() << std::endl;
    return exit_code::failed;
  }
}

}  // namespace
}  // namespace twin::training

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "train";
  const std::set<std::string> known = {"train", "plan", "score", "--help", "--version"};
  if (argc > 2 || !known.contains(command)) {
    std::fputs(twin::training::usage, stderr);
    return twin::exit_code::usage;
  }
  if (command == "--help") {
    std::fputs(twin::training::usage, stdout);
    return 0;
  }
  if (command == "--version") {
    std::printf("twin-train %s (libtorch %s)\n", TWIN_VERSION, TORCH_VERSION);
    return 0;
  }
  for (const int signal : {SIGTERM, SIGINT}) std::signal(signal, [](int) { twin::training::stop_flag.store(true); });
  const int code = twin::training::run(command);
  if (code == 0) return code;
  // A rank that lost another one has threads that wait for it for ever, on objects that exit() would destroy.
  std::fflush(nullptr);
  std::_Exit(code);
}
