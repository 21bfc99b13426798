#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/i18n.h"
#include "evaluation/retrieval_sets/make_set.h"

namespace twin::evaluation {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = "set.json";

Json query_json(const BeirQuery& query) {
  Json json{{"_id", query.id}, {"text", query.text}, {"kind", query.kind}};
  if (!query.document_id.empty()) {
    json["document"] = query.document_id;
    json["start"] = query.start;
    json["end"] = query.end;
  }
  if (!query.negatives.empty()) json["negatives"] = query.negatives;
  return json;
}

/// A corpus may be larger than memory: written line by line under another name, then renamed.
void write_corpus(stores::Index& index, const fs::path& file) {
  const fs::path part = file.string() + ".part";
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  index.each_entry([&](stores::IndexEntry&& entry) {
    // A document without a letter is no document for BEIR's readers, and nothing asks for it.
    if (entry.chunks.empty()) return true;
    out << Json{{"_id", entry.document.id}, {"title", entry.document.title}, {"text", entry.document.prose}}.dump()
        << '\n';
    return out.good();
  });
  out.flush();
  std::error_code error;
  if (out.good()) {
    out.close();
    fs::rename(part, file, error);
  }
  if (!out || error) {
    throw Fatal(ErrorKind::io, tr("The file cannot be written"), file.string(),
                error ? error.message() : std::string());
  }
}

void refuse_foreign_folder(const fs::path& folder) {
  if (disk().exists(folder / kManifest)) return;
  for (const char* name : {"corpus.jsonl", "queries.jsonl", "qrels"}) {
    if (!disk().exists(folder / name)) continue;
    throw Fatal(ErrorKind::usage, tr("The folder holds a test set that was not made by this command"), folder.string(),
                tr("name another folder"));
  }
}

}  // namespace

void write_retrieval_set(const RetrievalSet& set, const RetrievalSetConfig& config, stores::Index& index,
                         const fs::path& folder) {
  refuse_foreign_folder(folder);
  std::error_code error;
  fs::create_directories(folder / "qrels", error);
  if (error) throw Fatal(ErrorKind::io, tr("The folder cannot be made"), folder.string(), error.message());
  std::string queries, judged = "query-id\tcorpus-id\tscore\n";
  for (const BeirQuery& query : set.queries) {
    queries += query_json(query).dump() + "\n";
    for (const auto& [id, grade] : query.judged) judged += fmt::format("{}\t{}\t{}\n", query.id, id, grade);
  }
  RetrievalSetConfig bound = config;
  const Json manifest{{"version", retrieval_set_version}, {"config", config::canonical(bound)},
                      {"index", index.digest()},          {"documents", set.documents},
                      {"passages", set.passages},         {"queries", set.counts},
                      {"left_out", set.left_out}};
  // First: a folder that a stopped run left half written is still known as ours.
  value_or_throw(disk().write(folder / kManifest, manifest.dump(1) + "\n"));
  write_corpus(index, folder / "corpus.jsonl");
  value_or_throw(disk().write(folder / "queries.jsonl", queries));
  value_or_throw(disk().write(folder / "qrels" / "test.tsv", judged));
}

}  // namespace twin::evaluation
