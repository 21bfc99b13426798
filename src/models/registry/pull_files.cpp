// Models from a path on this machine and from a plain URL.
#include <algorithm>

#include "core/files.h"
#include "core/i18n.h"
#include "models/hf/decoder_config.h"
#include "models/registry/disk_tools.h"
#include "models/registry/download.h"
#include "models/registry/pull_sources.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

/// The card and the licence.
bool is_about_model(const fs::path& path) {
  const std::string name = path.filename().string();
  return name == "README.md" || name.starts_with("LICENSE") || name.starts_with("COPYING") ||
         name.starts_with("NOTICE");
}

/// What an encoder or a model folder is made of; a repository's other files are left where they are.
bool belongs_to_model(const fs::path& path) {
  const std::string name = path.filename().string();
  const std::string extension = path.extension().string();
  return extension == ".gguf" || name.find(".gguf.part") != std::string::npos || name == "model.safetensors" ||
         extension == ".json" || name == "vocab.txt" || name == "SHA256SUMS" || is_about_model(path);
}

}  // namespace

Result<Pulled> pull_path(const PullContext& context, const fs::path& path) {
  const auto stat = disk().stat(path);
  if (!stat) {
    return fail(ErrorKind::not_found, tr("There is no file or folder {}", path.string()), {},
                tr("A reference is pypi:NAME==VERSION, hf:ORG/REPO, https://… or a path"));
  }
  Pulled pulled;
  const fs::path absolute = fs::absolute(path).lexically_normal();
  pulled.draft.source = absolute.string();
  if (!stat->directory) {
    pulled.draft.id = id_from_name(absolute.stem().string());
    if (auto copied = copy_synced(path, context.staging / path.filename()); !copied) {
      return tl::unexpected(copied.error());
    }
    return pulled;
  }
  pulled.draft.id = id_from_name((absolute.has_filename() ? absolute : absolute.parent_path()).filename().string());
  const auto files = disk().list(path);
  if (!files) return tl::unexpected(files.error());
  const bool has_gguf = std::any_of(files->begin(), files->end(), [](const fs::path& file) {
    return file.filename().string().find(".gguf") != std::string::npos;
  });
  const bool decoder = !has_gguf && is_decoder_folder(path);
  if (decoder) pulled.weights = absolute;
  for (const fs::path& file : *files) {
    if (!belongs_to_model(file) || (decoder && !is_about_model(file))) continue;
    const fs::path target = context.staging / file.lexically_relative(path);
    std::error_code error;
    fs::create_directories(target.parent_path(), error);
    if (auto copied = copy_synced(file, target); !copied) return tl::unexpected(copied.error());
  }
  return pulled;
}

Result<Pulled> pull_url(const PullContext& context, const std::string& url) {
  const std::string path = url.substr(0, url.find_first_of("?#"));
  const std::string name = path.substr(path.rfind('/') + 1);
  if (!name.ends_with(".gguf")) {
    return fail(ErrorKind::usage, tr("The address does not end in .gguf"), url,
                tr("A reference is pypi:NAME==VERSION, hf:ORG/REPO, https://… or a path"));
  }
  Pulled pulled;
  pulled.draft.source = url;
  pulled.draft.id = id_from_name(fs::path(name).stem().string());
  const fs::path file = context.downloads / "model.gguf";  // the URL's spelling never reaches the disk
  const DownloadRequest request{url, file, context.options.sha256, 0, {}};
  if (auto done = download(context.http, request, context.progress); !done) return tl::unexpected(done.error());
  const fs::path target = context.staging / (pulled.draft.id + ".gguf");
  if (auto moved = move_or_copy(file, target); !moved) return tl::unexpected(moved.error());
  return pulled;
}

}  // namespace twin::models
