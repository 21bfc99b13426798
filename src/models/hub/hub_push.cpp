#include <nlohmann/json.hpp>

#include "core/base64.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "models/hub/hub_datasets.h"

namespace twin::models {
namespace {

constexpr std::size_t kSampleBytes = 512;  // of a file, by which the hub tells text from binary
constexpr std::string_view kLfsType = "application/vnd.git-lfs+json";

class Push {
 public:
  Push(Hub& hub, const HubReference& reference, const std::vector<HubUpload>& uploads, const PushOptions& options)
      : hub_(hub), reference_(reference), uploads_(uploads), options_(options), what_("hf:" + reference.repo) {}

  Result<PushResult> run(ProgressSink& progress) {
    const auto task = progress.start("push", "files");
    task->total(uploads_.size());
    if (auto read = read_files(); !read) return tl::unexpected(read.error());
    if (auto made = make_repository(); !made) return tl::unexpected(made.error());
    if (auto asked = ask_modes(); !asked) return tl::unexpected(asked.error());
    if (auto sent = send_large(); !sent) return tl::unexpected(sent.error());
    if (auto committed = commit(); !committed) return tl::unexpected(committed.error());
    task->add(uploads_.size());
    result_.files = static_cast<int>(uploads_.size());
    result_.url = hub_.url() + "/datasets/" + reference_.repo;
    return result_;
  }

 private:
  Result<void> read_files() {
    for (const HubUpload& upload : uploads_) {
      if (!is_plain_path(upload.path)) {
        return fail(ErrorKind::usage, tr("The hub takes no such file name: {}", upload.path), what_);
      }
      if (upload.file.empty()) {
        contents_.push_back(upload.text);
        continue;
      }
      auto bytes = disk().read(upload.file, options_.most_file_bytes);
      if (!bytes) return tl::unexpected(bytes.error());
      contents_.push_back(std::move(*bytes));
    }
    large_.assign(uploads_.size(), false);
    return {};
  }

  /// 409: it is there. A token that may write but not make repositories is refused here, and may still commit.
  Result<void> make_repository() {
    const std::size_t slash = reference_.repo.find('/');
    const Json body{{"type", "dataset"},
                    {"organization", reference_.repo.substr(0, slash)},
                    {"name", reference_.repo.substr(slash + 1)},
                    {"private", options_.make_private}};
    HttpRequest request;
    request.method = "POST";
    request.url = hub_.url() + "/api/repos/create";
    request.headers = {{"Content-Type", "application/json"}};
    request.body = body.dump();
    const auto response = hub_.send(std::move(request));
    if (!response) return tl::unexpected(response.error());
    if (response->status / 100 == 2 || response->status == 409) return {};
    if (response->status == 403 && hub_.get("/api/datasets/" + reference_.repo, what_)) return {};
    return tl::unexpected(Hub::refusal(*response, what_));
  }

  Result<void> ask_modes() {
    Json files = Json::array();
    for (std::size_t i = 0; i < uploads_.size(); ++i) {
      files.push_back({{"path", uploads_[i].path},
                       {"size", contents_[i].size()},
                       {"sample", base64_encode(std::string_view(contents_[i]).substr(0, kSampleBytes))}});
    }
    const auto answer = hub_.post("/api/datasets/" + reference_.repo + "/preupload/" + reference_.revision,
                                  Json{{"files", std::move(files)}}.dump(), what_);
    if (!answer) return tl::unexpected(answer.error());
    const auto modes = answer->find("files");
    if (modes == answer->end() || !modes->is_array()) {
      return fail(ErrorKind::invalid, tr("The hub's answer is not understood"), what_);
    }
    for (const Json& mode : *modes) {
      if (!mode.is_object() || mode.value("uploadMode", "") != "lfs") continue;
      const std::string path = mode.value("path", "");
      for (std::size_t i = 0; i < uploads_.size(); ++i) large_[i] = large_[i] || uploads_[i].path == path;
    }
    return {};
  }

  /// Git LFS batch API: https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md.
  Result<void> send_large() {
    Json objects = Json::array();
    for (std::size_t i = 0; i < uploads_.size(); ++i) {
      if (large_[i]) objects.push_back({{"oid", sha256_hex(contents_[i])}, {"size", contents_[i].size()}});
    }
    if (objects.empty()) return {};
    const Json body{{"operation", "upload"},
                    {"transfers", Json::array({"basic"})},
                    {"hash_algo", "sha256"},
                    {"objects", std::move(objects)}};
    const auto answer = hub_.post("/datasets/" + reference_.repo + ".git/info/lfs/objects/batch", body.dump(), what_,
                                  std::string(kLfsType));
    if (!answer) return tl::unexpected(answer.error());
    const auto list = answer->find("objects");
    if (list == answer->end() || !list->is_array()) {
      return fail(ErrorKind::invalid, tr("The hub's answer is not understood"), what_);
    }
    for (std::size_t i = 0; i < uploads_.size(); ++i) {
      if (!large_[i]) continue;
      if (auto sent = send_one(contents_[i], *list, uploads_[i].path); !sent) return sent;
    }
    return {};
  }

  Result<void> send_one(const std::string& content, const Json& objects, const std::string& path) {
    const std::string oid = sha256_hex(content);
    const std::string place = what_ + "/" + path;
    for (const Json& object : objects) {
      if (!object.is_object() || object.value("oid", "") != oid) continue;
      if (object.contains("error")) {
        return fail(ErrorKind::network, tr("The hub does not take the file: {}", object["error"].dump()), place);
      }
      const auto actions = object.find("actions");
      if (actions == object.end() || !actions->is_object() || !actions->contains("upload")) {
        ++result_.large_files_kept;
        return {};
      }
      ++result_.large_files;
      if (auto put = act((*actions)["upload"], "PUT", content, place); !put) return put;
      if (!actions->contains("verify")) return {};
      return act((*actions)["verify"], "POST", Json{{"oid", oid}, {"size", content.size()}}.dump(), place);
    }
    return fail(ErrorKind::invalid, tr("The hub's answer is not understood"), place);
  }

  /// An address with headers of its own; the token goes only to the hub itself.
  Result<void> act(const Json& action, const std::string& method, const std::string& body, const std::string& place) {
    HttpRequest request;
    request.method = method;
    request.url = action.is_object() ? action.value("href", "") : "";
    request.body = body;
    if (action.is_object() && action.contains("header") && action["header"].is_object()) {
      for (const auto& [name, value] : action["header"].items()) {
        if (value.is_string()) request.headers.emplace_back(name, value.get<std::string>());
      }
    }
    if (method == "POST") request.headers.emplace_back("Content-Type", std::string(kLfsType));
    const bool own = request.url.starts_with(hub_.url() + "/") && method == "POST";
    const auto response = own ? hub_.send(std::move(request)) : hub_.http().send(request);
    if (!response) return tl::unexpected(response.error());
    if (response->status / 100 != 2) return tl::unexpected(Hub::refusal(*response, place));
    return {};
  }

  Result<void> commit() {
    std::string lines = Json{{"key", "header"}, {"value", {{"summary", options_.message}, {"description", ""}}}}.dump();
    for (std::size_t i = 0; i < uploads_.size(); ++i) {
      const Json line =
          large_[i]
              ? Json{{"key", "lfsFile"},
                     {"value",
                      {{"path", uploads_[i].path},
                       {"algo", "sha256"},
                       {"oid", sha256_hex(contents_[i])},
                       {"size", contents_[i].size()}}}}
              : Json{{"key", "file"},
                     {"value",
                      {{"content", base64_encode(contents_[i])}, {"path", uploads_[i].path}, {"encoding", "base64"}}}};
      lines += "\n" + line.dump();
    }
    const auto answer = hub_.post("/api/datasets/" + reference_.repo + "/commit/" + reference_.revision, lines, what_,
                                  "application/x-ndjson");
    if (!answer) return tl::unexpected(answer.error());
    result_.commit = answer->is_object() ? answer->value("commitOid", "") : "";
    return {};
  }

  Hub& hub_;
  const HubReference& reference_;
  const std::vector<HubUpload>& uploads_;
  const PushOptions& options_;
  std::string what_;
  std::vector<std::string> contents_;
  std::vector<bool> large_;
  PushResult result_;
};

}  // namespace

Result<PushResult> push_dataset(Hub& hub, const HubReference& reference, const std::vector<HubUpload>& uploads,
                                const PushOptions& options, ProgressSink& progress) {
  if (!Hub::has_token()) {
    return fail(ErrorKind::usage, tr("Pushing needs a token: the environment variable HF_TOKEN is not set"),
                "hf:" + reference.repo, tr("make one with the right to write on the hub's page, and set HF_TOKEN"));
  }
  return Push(hub, reference, uploads, options).run(progress);
}

}  // namespace twin::models
