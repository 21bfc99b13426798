#include "ops/project/pull.h"

#include <cstdio>
#include <cstdlib>

#include "core/i18n.h"
#include "core/text/unicode.h"

namespace twin::ops {
namespace {

/// The name of the licence and the head of its text; the whole text is kept with the model.
bool show_license(const models::Model& model) {
  constexpr std::size_t head = 600;
  const std::string name = model.license.empty() ? tr("not stated") : model.license;
  std::string text = tr("Model {} from {}: licence {}", model.id, model.source, name) + "\n";
  if (!model.license_text.empty()) {
    text += std::string(text::clip(model.license_text, head));
    text += model.license_text.size() > head ? "\n" + tr("… (whole text: twin models list --json)") + "\n" : "\n";
  }
  std::fputs(text.c_str(), stderr);
  return true;
}

}  // namespace

models::PullOptions pull_options(const std::string& id) {
  models::PullOptions options;
  options.id = id;
  if (const char* endpoint = std::getenv("HF_ENDPOINT")) options.hub_url = endpoint;
  options.accept = show_license;
  return options;
}

models::PullOptions pull_options(Project& project, const std::string& id) {
  models::PullOptions options = pull_options(id);
  options.find_links = project.config().models.packages;
  return options;
}

void ensure_model(Project& project, const std::string& id, const std::string& reference, ProgressSink& progress) {
  if (project.models().find(id)) return;
  if (reference.empty()) {
    throw Fatal(ErrorKind::not_found, tr("Model '{}' is not on this machine", id), {},
                tr("pull it with: twin models pull REFERENCE --id {}", id));
  }
  value_or_throw(models::pull(project.models(), project.http(), reference, pull_options(project, id), progress));
}

}  // namespace twin::ops
