#include "training/sweep/place_result.h"

#include "core/files.h"
#include "core/i18n.h"

namespace fs = std::filesystem;

namespace twin::training {
namespace {

/// Where it is there: dropped_eval.jsonl is not always.
Result<void> place(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(from, error)) return {};
  const fs::path partial = to.string() + ".partial";
  fs::create_directories(to.parent_path(), error);
  if (!error) fs::copy_file(from, partial, fs::copy_options::overwrite_existing, error);
  if (!error) fs::rename(partial, to, error);
  if (error) return fail(ErrorKind::io, tr("The winner's file cannot be put in place: {}", error.message()), to);
  return {};
}

}  // namespace

Result<void> place_result(const fs::path& from, const fs::path& to) {
  for (const char* name : {"adapter/adapter_model.safetensors", "adapter/adapter_config.json", "adapter.gguf",
                           "README.md", "metrics.jsonl", "dropped.jsonl", "dropped_eval.jsonl", "result.json"}) {
    if (auto placed = place(from / name, to / name); !placed) return placed;
  }
  return {};
}

}  // namespace twin::training
