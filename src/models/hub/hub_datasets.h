// Data sets of a hub: fetched into a folder, or put there in one commit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/progress.h"
#include "models/hub/hub.h"

namespace twin::models {

/// Fetches the file that is named, or all of *.jsonl, *.json, *.ndjson and *.parquet, below `folder` by their paths in
/// the repository; large ones are checked by their hash, and continued where an earlier attempt stopped. Returns the
/// files.
[[nodiscard]] Result<std::vector<std::filesystem::path>> pull_dataset(Hub& hub, const HubReference& reference,
                                                                      const std::filesystem::path& folder,
                                                                      ProgressSink& progress);

struct HubUpload {
  std::string path;            ///< in the repository
  std::filesystem::path file;  ///< on this machine; empty: `text` is the content
  std::string text;
};

struct PushResult {
  std::string commit;  ///< its id, as the hub gives it
  std::string url;     ///< of the data set
  int files = 0;
  int large_files = 0;       ///< uploaded by their hash (Git LFS)
  int large_files_kept = 0;  ///< those that the hub had already
};

struct PushOptions {
  bool make_private = true;                        ///< of a repository that is made for it
  std::string message = "Samples made with Twin";  ///< of the commit
  std::uint64_t most_file_bytes = 2ull << 30;      ///< a file is held in memory while it is sent
};

/// Makes the repository where there is none, asks the hub which files go by Git LFS, sends those, and commits all:
/// https://huggingface.co/docs/hub/api. Until the commit nothing is visible; pushed again, only what changed is sent.
/// Without HF_TOKEN nothing is sent: ErrorKind::usage.
[[nodiscard]] Result<PushResult> push_dataset(Hub& hub, const HubReference& reference,
                                              const std::vector<HubUpload>& uploads, const PushOptions& options,
                                              ProgressSink& progress);

}  // namespace twin::models
