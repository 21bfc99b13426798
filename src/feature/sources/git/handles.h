// libgit2 objects that free themselves, and its errors as ours.
#pragma once

#include <git2.h>

#include <memory>
#include <string>

#include "core/result.h"

namespace twin::feature::git {

struct Free {
  void operator()(git_blame* p) const { git_blame_free(p); }
  void operator()(git_commit* p) const { git_commit_free(p); }
  void operator()(git_tree* p) const { git_tree_free(p); }
  void operator()(git_blob* p) const { git_blob_free(p); }
  void operator()(git_diff* p) const { git_diff_free(p); }
  void operator()(git_odb* p) const { git_odb_free(p); }
  void operator()(git_remote* p) const { git_remote_free(p); }
  void operator()(git_reference* p) const { git_reference_free(p); }
};

template <class T>
using Handle = std::unique_ptr<T, Free>;

/// libgit2 must be started once per process; it stays until the end.
inline void start() {
  static const int started = [] {
    git_libgit2_init();
    // Git refuses repositories of other users because their configuration can name programs to run. Nothing here runs
    // any, and reading someone else's checkout (a mounted folder, a container) is ordinary.
    return git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
  }();
  static_cast<void>(started);
}

/// The last libgit2 error as an item failure.
inline tl::unexpected<Error> failed(ErrorKind kind, std::string message, const std::string& where,
                                    std::string hint = {}) {
  const git_error* error = git_error_last();
  if (error != nullptr && error->message != nullptr) message += std::string(": ") + error->message;
  return fail(kind, std::move(message), where, std::move(hint));
}

inline std::string to_hex(const git_oid& id) {
  char text[GIT_OID_HEXSZ + 1] = {};
  git_oid_fmt(text, &id);
  return text;
}

}  // namespace twin::feature::git
