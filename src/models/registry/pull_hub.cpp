// Models from a hub with Hugging Face's paths: /api/models/{repo}/revision/{rev} and /{repo}/resolve/{rev}/{file}.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/i18n.h"
#include "models/hub/hub.h"
#include "models/registry/disk_tools.h"
#include "models/registry/download.h"
#include "models/registry/licence.h"
#include "models/registry/pull_sources.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t largest_text = 1u << 20;  // of a licence file

struct HubFile {
  std::string name;
  std::string sha256;
  std::uint64_t size = 0;
};

struct HubRepo {
  std::string commit;
  std::string license;
  std::vector<HubFile> files;
};

std::string hub_url(const PullOptions& options) {
  std::string url = options.hub_url == PullOptions{}.hub_url ? Hub::default_url() : options.hub_url;
  while (url.ends_with('/')) url.pop_back();
  return url;
}

tl::unexpected<Error> refused(int status, const std::string& where) {
  if (status == 401 || status == 403) {
    return fail(ErrorKind::usage, tr("The hub does not give access to this model ({})", status), where,
                tr("Check the name; for a gated model accept its terms on its page and set HF_TOKEN"));
  }
  if (status == 404) return fail(ErrorKind::not_found, tr("The hub has no such model or revision"), where);
  return fail(ErrorKind::network, tr("The hub answered {}", status), where);
}

std::string text_or_empty(const Json& json, const char* key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
}

HubRepo parse_repo(const Json& json) {
  HubRepo repo;
  repo.commit = text_or_empty(json, "sha");
  if (const auto card = json.find("cardData"); card != json.end() && card->is_object()) {
    repo.license = text_or_empty(*card, "license_name");
    if (repo.license.empty()) repo.license = text_or_empty(*card, "license");
  }
  for (const Json& sibling : json.at("siblings")) {
    HubFile file;
    file.name = sibling.at("rfilename").get<std::string>();
    if (!is_plain_path(file.name)) continue;  // could not be a model's; never used as a path
    file.size = sibling.value("size", std::uint64_t{0});
    if (const auto lfs = sibling.find("lfs"); lfs != sibling.end() && lfs->is_object()) {
      file.sha256 = text_or_empty(*lfs, "sha256");
      if (file.sha256.empty()) file.sha256 = text_or_empty(*lfs, "oid");
    }
    repo.files.push_back(std::move(file));
  }
  return repo;
}

Result<HubRepo> list_repo(const PullContext& context, const HubReference& reference) {
  HttpRequest request;
  request.url =
      hub_url(context.options) + "/api/models/" + reference.repo + "/revision/" + reference.revision + "?blobs=true";
  request.headers = Hub::authorization();
  const auto response = context.http.send(request);
  if (!response) return tl::unexpected(response.error());
  if (response->status != 200) return refused(response->status, "hf:" + reference.repo);
  try {
    return parse_repo(Json::parse(response->body));
  } catch (const std::exception& e) {
    return fail(ErrorKind::invalid, tr("The hub's answer is not understood: {}", e.what()), request.url);
  }
}

/// A file of a model in safetensors: an encoder, or one that generates text.
bool is_safetensors_model_file(const std::string& name) {
  for (const char* wanted :
       {"config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt",
        "modules.json", "sentence_bert_config.json", "model.safetensors", "model.safetensors.index.json",
        "generation_config.json", "tokenizer.model", "added_tokens.json", "chat_template.jinja"}) {
    if (name == wanted) return true;
  }
  if (name.starts_with("model-") && name.ends_with(".safetensors") && name.find('/') == std::string::npos) return true;
  return name.ends_with("_Pooling/config.json");
}

bool is_text_file(const std::string& name) {
  return name == "README.md" || name.starts_with("LICENSE") || name.starts_with("COPYING") ||
         name.starts_with("NOTICE");
}

/// "x-00001-of-00003.gguf" → "x-", or empty.
std::string split_stem(const std::string& name) {
  const auto of = name.rfind("-of-");
  return of != std::string::npos && of > 5 && name.ends_with(".gguf") ? name.substr(0, of - 5) : std::string();
}

/// The files that make the model: the one named, the only GGUF, or those of safetensors.
Result<std::vector<HubFile>> choose(const HubRepo& repo, const HubReference& reference) {
  std::vector<HubFile> ggufs;
  for (const HubFile& file : repo.files) {
    if (file.name.ends_with(".gguf") && (reference.file.empty() || file.name == reference.file)) ggufs.push_back(file);
  }
  if (!reference.file.empty()) {
    if (ggufs.empty()) {
      return fail(ErrorKind::not_found, tr("The repository has no GGUF file {}", reference.file),
                  "hf:" + reference.repo);
    }
    const std::string stem = split_stem(reference.file);
    if (stem.empty()) return ggufs;
    std::vector<HubFile> split;
    std::copy_if(repo.files.begin(), repo.files.end(), std::back_inserter(split),
                 [&](const HubFile& file) { return split_stem(file.name) == stem; });
    return split;
  }
  if (ggufs.size() == 1) return ggufs;
  if (ggufs.empty()) {
    std::vector<HubFile> model;
    std::copy_if(repo.files.begin(), repo.files.end(), std::back_inserter(model),
                 [](const HubFile& file) { return is_safetensors_model_file(file.name); });
    return model;
  }
  std::string names;
  for (const HubFile& file : ggufs) names += (names.empty() ? "" : ", ") + file.name;
  return fail(ErrorKind::usage, tr("The repository has several GGUF files: {}", names), "hf:" + reference.repo,
              tr("Name one: hf:{}/FILE", reference.repo));
}

std::string file_url(const PullContext& context, const HubReference& reference, const HubRepo& repo,
                     const std::string& name) {
  const std::string& revision = repo.commit.empty() ? reference.revision : repo.commit;
  return hub_url(context.options) + "/" + reference.repo + "/resolve/" + revision + "/" + name;
}

/// Large files answer with a redirect that carries the SHA-256 as X-Linked-Etag.
std::string linked_hash(const PullContext& context, const std::string& url) {
  HttpRequest head;
  head.method = "HEAD";
  head.url = url;
  head.headers = Hub::authorization();
  head.max_redirects = 0;
  const auto response = context.http.send(head);
  if (!response) return {};
  std::string hash(response->header("x-linked-etag"));
  std::erase(hash, '"');
  return hash.size() == 64 ? hash : std::string();
}

/// README and licence files, small and optional: what is missing stays unknown.
void fetch_texts(const PullContext& context, const HubReference& reference, const HubRepo& repo) {
  for (const HubFile& file : repo.files) {
    if (!is_text_file(file.name) || file.name.find('/') != std::string::npos) continue;
    HttpRequest request;
    request.url = file_url(context, reference, repo, file.name);
    request.headers = Hub::authorization();
    request.max_bytes = largest_text;
    const auto response = context.http.send(request);
    if (!response || response->status != 200) continue;
    if (auto kept = disk().write(context.staging / file.name, response->body); !kept) continue;
  }
}

Result<void> fetch_file(const PullContext& context, const HubReference& reference, const HubRepo& repo,
                        const HubFile& file) {
  DownloadRequest request;
  request.url = file_url(context, reference, repo, file.name);
  request.target = context.downloads / (repo.commit.empty() ? reference.revision : repo.commit) / file.name;
  request.size = file.size;
  request.headers = Hub::authorization();
  request.sha256 = file.sha256;
  const bool weights = file.name.ends_with(".gguf") || file.name.ends_with(".safetensors");
  if (request.sha256.empty() && weights) request.sha256 = linked_hash(context, request.url);
  if (auto done = download(context.http, request, context.progress); !done) return done;
  const fs::path target = context.staging / file.name;
  std::error_code error;
  fs::create_directories(target.parent_path(), error);
  return move_or_copy(request.target, target);
}

}  // namespace

Result<Pulled> pull_hub(const PullContext& context, const std::string& text) {
  const auto reference = parse_hub_reference(text);
  if (!reference) return tl::unexpected(reference.error());
  const auto repo = list_repo(context, *reference);
  if (!repo) return tl::unexpected(repo.error());
  const auto files = choose(*repo, *reference);
  if (!files) return tl::unexpected(files.error());

  Pulled pulled;
  const std::string name = reference->file.empty() ? reference->repo.substr(reference->repo.find('/') + 1)
                                                   : fs::path(reference->file).stem().string();
  pulled.draft.id = id_from_name(name);
  pulled.draft.source = "hf:" + reference->repo + (repo->commit.empty() ? "" : "@" + repo->commit) +
                        (reference->file.empty() ? "" : "/" + reference->file);
  pulled.draft.license = repo->license;
  fetch_texts(context, *reference, *repo);
  const Licence licence = find_licence(context.staging);
  if (pulled.draft.license.empty()) pulled.draft.license = licence.name;
  pulled.draft.license_text = licence.text;
  if (auto accepted = ask_licence(context.options, pulled.draft); !accepted) return tl::unexpected(accepted.error());
  pulled.accepted = true;
  for (const HubFile& file : *files) {
    if (auto done = fetch_file(context, *reference, *repo, file); !done) return tl::unexpected(done.error());
  }
  return pulled;
}

}  // namespace twin::models
