// Dataset folders: JSON lines, the list of what was rejected, and a manifest over both.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "feature/datasets/datasets.h"
#include "feature/datasets/sample.h"

namespace twin::feature {

/// One sample per line.
[[nodiscard]] std::string to_jsonl(const std::vector<Sample>& samples);

/// Writes <split>.jsonl for each entry, rejected.jsonl, pii.jsonl and, last, manifest.json; each file atomically. Fills
/// report.counts, report.reasons (from report.rejections) and report.sha256. `facts` is put into the manifest: what the
/// dataset was made with. Throws Fatal when the disk fails.
void write_dataset(const std::filesystem::path& folder, const std::string& kind,
                   const std::map<std::string, std::vector<Sample>>& by_split, const Json& facts,
                   DatasetReport& report);

}  // namespace twin::feature
