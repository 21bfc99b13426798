#include "cli/session.h"

#include <nlohmann/json.hpp>

#include "core/secrets.h"
#include "ops/project/pull.h"
#include "ops/project/user_models.h"

namespace twin::cli {

ops::Project& Session::project() {
  if (!project_) project_ = ops::Project::open(flags_.home, flags_.sets);
  return *project_;
}

bool Session::has_project() const {
  return project_ != nullptr || ops::Project::exists(flags_.home);
}

models::ModelRegistry& Session::models() {
  if (has_project()) return project().models();
  if (!user_models_) user_models_ = std::make_unique<models::ModelRegistry>(ops::user_models_folder());
  return *user_models_;
}

models::PullOptions Session::pull_options(const std::string& id) {
  return has_project() ? ops::pull_options(project(), id) : ops::user_pull_options(id);
}

void Session::lock_project() {
  if (!lock_) lock_.emplace(value_or_throw(FileLock::acquire(project().layout().lock())));
}

ProgressSink& Session::progress() {
  if (!progress_) {
    progress_ = make_progress(flags_.quiet  ? ProgressStyle::silent
                              : flags_.json ? ProgressStyle::json
                                            : ProgressStyle::automatic);
  }
  return *progress_;
}

void Session::print(const std::string& result) {
  const std::string text = redact(result);
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (!text.ends_with('\n')) std::fputc('\n', stdout);
  std::fflush(stdout);
}

void Session::print(const Json& json) {
  print(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace twin::cli
