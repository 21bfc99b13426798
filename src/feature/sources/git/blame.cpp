// Who wrote the lines of a file, by git blame.
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/sources/git/handles.h"
#include "feature/sources/git/repository.h"

namespace twin::feature::git {

Result<Shares> Repository::blame(const std::string& path, People& people) const {
  git_blame_options options = GIT_BLAME_OPTIONS_INIT;
  options.flags = GIT_BLAME_USE_MAILMAP | GIT_BLAME_IGNORE_WHITESPACE;
  git_blame* raw = nullptr;
  if (git_blame_file(&raw, repository_.get(), path.c_str(), &options) != 0) {
    return failed(ErrorKind::invalid, tr("Who wrote the lines of this file cannot be told"), path);
  }
  const Handle<git_blame> blame(raw);
  Shares lines;
  for (std::uint32_t i = 0; i < git_blame_get_hunk_count(blame.get()); ++i) {
    const git_blame_hunk* hunk = git_blame_get_hunk_byindex(blame.get(), i);
    if (hunk == nullptr || hunk->final_signature == nullptr) continue;
    const auto text = [](const char* bytes) { return bytes == nullptr ? std::string() : text::repair_utf8(bytes); };
    const std::size_t person = people.add(text(hunk->final_signature->name), text(hunk->final_signature->email));
    lines[person] += static_cast<int>(hunk->lines_in_hunk);
  }
  return lines;
}

}  // namespace twin::feature::git
