// The walk over a repository's history.
#include <queue>
#include <set>
#include <unordered_set>

#include "core/i18n.h"
#include "feature/clean/charset.h"
#include "feature/sources/git/handles.h"
#include "feature/sources/git/repository.h"

namespace twin::feature::git {
namespace {

struct MailmapFree {
  void operator()(git_mailmap* p) const { git_mailmap_free(p); }
  void operator()(git_signature* p) const { git_signature_free(p); }
};

/// Own walk instead of git_revwalk: that one stops with an error where a shallow clone ends (libgit2 before 1.7).
class Walk {
 public:
  Walk(git_repository* repository, const std::vector<std::string>& paths, bool changed_by)
      : repository_(repository), changed_by_(changed_by), wanted_(paths.begin(), paths.end()) {
    git_mailmap* raw = nullptr;
    if (git_mailmap_from_repository(&raw, repository) == 0) mailmap_.reset(raw);
  }

  void push(const git_oid& id) {
    if (!seen_.insert(to_hex(id)).second) return;
    git_commit* raw = nullptr;
    if (git_commit_lookup(&raw, repository_, &id) != 0) {
      history_.truncated = true;  // the edge of a shallow clone
      return;
    }
    const git_time_t time = git_commit_time(raw);
    queue_.push({time, to_hex(id), std::shared_ptr<git_commit>(raw, Free{})});
  }

  History run(int max_commits, const std::stop_token& stop) {
    while (!queue_.empty() && !stop.stop_requested()) {
      if (std::ssize(history_.commits) >= max_commits) {
        history_.truncated = true;
        break;
      }
      const auto commit = queue_.top().commit;
      queue_.pop();
      history_.commits.push_back(describe(commit.get()));
      const Commit& described = history_.commits.back();
      const std::size_t person = history_.people.add(described.author_name, described.author_email);
      if (!wanted_.empty()) note_changes(commit.get(), person);
      for (unsigned int i = 0; i < git_commit_parentcount(commit.get()); ++i)
        push(*git_commit_parent_id(commit.get(), i));
    }
    return std::move(history_);
  }

 private:
  struct Entry {
    git_time_t time;
    std::string id;
    std::shared_ptr<git_commit> commit;
    bool operator<(const Entry& other) const { return time != other.time ? time < other.time : id < other.id; }
  };

  Commit describe(git_commit* commit) const {
    Commit out;
    out.id = to_hex(*git_commit_id(commit));
    git_signature* mapped = nullptr;
    if (mailmap_ != nullptr) git_commit_author_with_mailmap(&mapped, commit, mailmap_.get());
    const std::unique_ptr<git_signature, MailmapFree> holder(mapped);
    const git_signature* author = mapped != nullptr ? mapped : git_commit_author(commit);
    out.author_name = utf8(author->name, commit);
    out.author_email = utf8(author->email, commit);
    out.message = utf8(git_commit_message(commit), commit);
    out.time = author->when.time * 1000;
    out.merge = git_commit_parentcount(commit) > 1;
    return out;
  }

  static std::string utf8(const char* text, git_commit* commit) {
    if (text == nullptr) return {};
    const char* encoding = git_commit_message_encoding(commit);
    auto decoded = decode(text, encoding == nullptr ? "" : encoding);
    return decoded ? std::move(decoded->text) : std::string();
  }

  /// A path last changed in the newest commit that differs from its parent there. Merges only bring together what other
  /// commits changed. Counting who changed a path goes on to the first commit.
  void note_changes(git_commit* commit, std::size_t person) {
    if (git_commit_parentcount(commit) > 1) return;
    git_tree *tree_raw = nullptr, *parent_raw = nullptr;
    if (git_commit_tree(&tree_raw, commit) != 0) return;
    const Handle<git_tree> tree(tree_raw);
    git_commit* parent_commit = nullptr;
    if (git_commit_parentcount(commit) == 1 && git_commit_parent(&parent_commit, commit, 0) == 0) {
      const Handle<git_commit> holder(parent_commit);
      git_commit_tree(&parent_raw, parent_commit);
    }
    const Handle<git_tree> parent(parent_raw);
    git_diff_options options = GIT_DIFF_OPTIONS_INIT;
    options.flags = GIT_DIFF_SKIP_BINARY_CHECK | GIT_DIFF_IGNORE_SUBMODULES;
    git_diff* diff_raw = nullptr;
    if (git_diff_tree_to_tree(&diff_raw, repository_, parent.get(), tree.get(), &options) != 0) return;
    const Handle<git_diff> diff(diff_raw);
    const UnixMillis time = git_commit_time(commit) * 1000;
    for (std::size_t i = 0; i < git_diff_num_deltas(diff.get()); ++i) {
      const git_diff_delta* delta = git_diff_get_delta(diff.get(), i);
      const auto it = wanted_.find(delta->new_file.path);
      if (it == wanted_.end()) continue;
      history_.last_change.try_emplace(*it, History::Change{time, to_hex(*git_commit_id(commit))});
      if (changed_by_) {
        ++history_.changed_by[*it][person];
      } else {
        wanted_.erase(it);
      }
    }
  }

  git_repository* repository_;
  bool changed_by_;
  std::set<std::string, std::less<>> wanted_;
  std::unique_ptr<git_mailmap, MailmapFree> mailmap_;
  std::unordered_set<std::string> seen_;
  std::priority_queue<Entry> queue_;
  History history_;
};

}  // namespace

Result<History> Repository::history(const std::vector<std::string>& paths, int max_commits, bool changed_by,
                                    std::stop_token stop) const {
  const auto id = head();
  if (!id) return tl::unexpected(id.error());
  Walk walk(repository_.get(), paths, changed_by);
  if (*id) {
    git_oid oid;
    git_oid_fromstr(&oid, (*id)->c_str());
    walk.push(oid);
  }
  return walk.run(max_commits, stop);
}

}  // namespace twin::feature::git
