#include "feature/sources/git/repository.h"

#include <algorithm>

#include "core/i18n.h"
#include "feature/sources/git/handles.h"

namespace twin::feature::git {
namespace {

namespace fs = std::filesystem;

/// What the callbacks of one connection share.
struct Transfer {
  std::stop_token stop = {};
  std::string token = {};
  int asked = 0;

  git_remote_callbacks callbacks() {
    git_remote_callbacks out = GIT_REMOTE_CALLBACKS_INIT;
    out.credentials = credentials;
    out.transfer_progress = progress;
    out.payload = this;
    return out;
  }

  static int progress(const git_indexer_progress*, void* payload) {
    return static_cast<Transfer*>(payload)->stop.stop_requested() ? -1 : 0;
  }

  /// Keys of an ssh agent, and the system's own credentials; a password prompt would hang an unattended run.
  static int credentials(git_credential** out, const char*, const char* user, unsigned int allowed, void* payload) {
    auto& transfer = *static_cast<Transfer*>(payload);
    if (++transfer.asked > 2) return GIT_EAUTH;
    if ((allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT) != 0 && !transfer.token.empty()) {
      return git_credential_userpass_plaintext_new(out, "x-access-token", transfer.token.c_str());
    }
    if ((allowed & GIT_CREDENTIAL_SSH_KEY) != 0) {
      return git_credential_ssh_key_from_agent(out, user == nullptr ? "git" : user);
    }
    if ((allowed & GIT_CREDENTIAL_USERNAME) != 0)
      return git_credential_username_new(out, user == nullptr ? "git" : user);
    if ((allowed & GIT_CREDENTIAL_DEFAULT) != 0) return git_credential_default_new(out);
    return GIT_EAUTH;
  }
};

tl::unexpected<Error> network_failure(const std::string& url) {
  return failed(ErrorKind::network, tr("The repository cannot be fetched"), url,
                tr("Check the address and the connection; a private one needs a key in your ssh agent"));
}

/// HEAD of the mirror follows HEAD of the remote. An empty remote has none.
void follow_head(git_repository* repository, git_remote* remote) {
  git_buf branch = GIT_BUF_INIT;
  if (git_remote_default_branch(&branch, remote) == 0) git_repository_set_head(repository, branch.ptr);
  git_buf_dispose(&branch);
}

Result<void> fetch_all(git_repository* repository, const std::string& url, std::stop_token stop,
                       const std::string& token) {
  git_remote_create_options create = GIT_REMOTE_CREATE_OPTIONS_INIT;
  create.repository = repository;
  // url.<base>.insteadOf is left aside: libgit2 1.5 leaks memory for every look-up of it.
  create.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC;
  git_remote* raw = nullptr;
  if (git_remote_create_with_opts(&raw, url.c_str(), &create) != 0) return network_failure(url);
  const Handle<git_remote> remote(raw);
  Transfer transfer{.stop = stop, .token = token};
  git_fetch_options options = GIT_FETCH_OPTIONS_INIT;
  options.callbacks = transfer.callbacks();
  options.prune = GIT_FETCH_PRUNE;
  if (!token.empty()) options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;  // the token is for this host alone
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
  std::string branches = "+refs/heads/*:refs/heads/*";
  char* refspec = branches.data();
  const git_strarray refspecs{&refspec, 1};
  if (git_remote_fetch(remote.get(), &refspecs, &options, nullptr) != 0) {
    if (stop.stop_requested()) return fail(ErrorKind::cancelled, tr("Stopped"), url);
    return network_failure(url);
  }
  follow_head(repository, remote.get());
  return {};
}

}  // namespace

void Repository::Closer::operator()(git_repository* repository) const {
  git_repository_free(repository);
}

Result<Repository> Repository::open(const fs::path& path) {
  start();
  git_repository* repository = nullptr;
  if (git_repository_open_ext(&repository, path.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr) != 0) {
    return failed(ErrorKind::not_found, tr("This is not a git repository"), path.string(),
                  tr("Check `path` of this source in twin.yaml"));
  }
  return Repository(repository);
}

Result<Repository> Repository::mirror(const std::string& url, const fs::path& folder, std::stop_token stop,
                                      const std::string& token) {
  start();
  std::error_code error;
  if (fs::exists(folder, error)) {
    auto repository = open(folder);
    if (!repository) return repository;
    if (auto done = fetch_all(repository->repository_.get(), url, stop, token); !done)
      return tl::unexpected(done.error());
    return repository;
  }
  // Under another name until it is whole.
  fs::path partial = folder;
  partial += ".partial";
  fs::remove_all(partial, error);
  fs::create_directories(partial, error);
  git_repository* raw = nullptr;
  if (git_repository_init(&raw, partial.c_str(), 1) != 0) {
    return failed(ErrorKind::io, tr("The mirror of the repository cannot be made"), partial.string());
  }
  {
    const Repository fresh(raw);
    if (auto done = fetch_all(raw, url, stop, token); !done) return tl::unexpected(done.error());
  }
  fs::rename(partial, folder, error);
  if (error) return fail(ErrorKind::io, tr("The mirror cannot be renamed: {}", error.message()), folder.string());
  return open(folder);
}

Result<std::string> Repository::remote_head(const std::string& url) {
  start();
  git_remote* raw = nullptr;
  if (git_remote_create_detached(&raw, url.c_str()) != 0) return network_failure(url);
  const Handle<git_remote> remote(raw);
  Transfer transfer;
  const git_remote_callbacks callbacks = transfer.callbacks();
  if (git_remote_connect(remote.get(), GIT_DIRECTION_FETCH, &callbacks, nullptr, nullptr) != 0)
    return network_failure(url);
  const git_remote_head** heads = nullptr;
  std::size_t count = 0;
  if (git_remote_ls(&heads, &count, remote.get()) != 0) return network_failure(url);
  for (std::size_t i = 0; i < count; ++i) {
    if (std::string_view(heads[i]->name) == "HEAD") return to_hex(heads[i]->oid);
  }
  return std::string();  // no commits yet
}

Result<std::optional<std::string>> Repository::head() const {
  git_oid id;
  const int status = git_reference_name_to_id(&id, repository_.get(), "HEAD");
  if (status == GIT_ENOTFOUND) return std::optional<std::string>();
  if (status != 0) return failed(ErrorKind::invalid, tr("HEAD of the repository cannot be read"), {});
  return std::optional<std::string>(to_hex(id));
}

Result<std::vector<TreeFile>> Repository::files() const {
  const auto id = head();
  if (!id) return tl::unexpected(id.error());
  std::vector<TreeFile> files;
  if (!*id) return files;
  git_oid oid;
  git_oid_fromstr(&oid, (*id)->c_str());
  git_commit* commit_raw = nullptr;
  if (git_commit_lookup(&commit_raw, repository_.get(), &oid) != 0) {
    return failed(ErrorKind::invalid, tr("The commit of HEAD cannot be read"), **id);
  }
  const Handle<git_commit> commit(commit_raw);

  std::vector<std::pair<std::string, git_oid>> folders = {{"", *git_commit_tree_id(commit.get())}};
  while (!folders.empty()) {
    const auto [prefix, tree_id] = std::move(folders.back());
    folders.pop_back();
    git_tree* tree_raw = nullptr;
    if (git_tree_lookup(&tree_raw, repository_.get(), &tree_id) != 0) {
      return failed(ErrorKind::invalid, tr("A folder of the repository cannot be read"), prefix);
    }
    const Handle<git_tree> tree(tree_raw);
    for (std::size_t i = 0; i < git_tree_entrycount(tree.get()); ++i) {
      const git_tree_entry* entry = git_tree_entry_byindex(tree.get(), i);
      const std::string path = prefix + git_tree_entry_name(entry);
      const git_object_t type = git_tree_entry_type(entry);
      if (type == GIT_OBJECT_TREE) folders.emplace_back(path + "/", *git_tree_entry_id(entry));
      if (type != GIT_OBJECT_BLOB) continue;
      files.push_back({path, to_hex(*git_tree_entry_id(entry)), git_tree_entry_filemode(entry) == GIT_FILEMODE_LINK});
    }
  }
  std::sort(files.begin(), files.end(), [](const TreeFile& a, const TreeFile& b) { return a.path < b.path; });
  return files;
}

std::uint64_t Repository::blob_size(const std::string& blob) const {
  git_odb* raw = nullptr;
  if (git_repository_odb(&raw, repository_.get()) != 0) return 0;
  const Handle<git_odb> odb(raw);
  git_oid id;
  git_oid_fromstr(&id, blob.c_str());
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_ANY;
  return git_odb_read_header(&size, &type, odb.get(), &id) == 0 ? size : 0;
}

Result<std::string> Repository::read(const std::string& blob) const {
  git_oid id;
  git_oid_fromstr(&id, blob.c_str());
  git_blob* raw = nullptr;
  if (git_blob_lookup(&raw, repository_.get(), &id) != 0) {
    return failed(ErrorKind::invalid, tr("The file's content is missing in the repository"), blob);
  }
  const Handle<git_blob> holder(raw);
  return std::string(static_cast<const char*>(git_blob_rawcontent(raw)),
                     static_cast<std::size_t>(git_blob_rawsize(raw)));
}

}  // namespace twin::feature::git
