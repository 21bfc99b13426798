#include "feature/sources/git/documents.h"

#include "core/i18n.h"

namespace twin::feature::git {
namespace {

class Reading {
 public:
  Reading(const Repository& repository, const RepositoryConfig& config, const RepositoryNames& names,
          SourceContext& context, const ItemSink& sink)
      : repository_(repository), config_(config), names_(names), context_(context), sink_(sink) {}

  Result<SourceReport> run() {
    const auto head = repository_.head();
    if (!head) return tl::unexpected(located(head.error()));
    if (!*head) {
      return fail(ErrorKind::not_found, tr("The repository has no commit yet"), names_.location);
    }
    head_ = **head;
    if (context_.cursor == head_) return SourceReport{.complete = true, .unchanged = true, .cursor = head_};

    const auto files = repository_.files();
    if (!files) return tl::unexpected(located(files.error()));
    std::vector<TreeFile> chosen;
    std::vector<std::string> paths;
    for (const auto& file : *files) {
      if (file.link || !config_.files.accepts(file.path)) continue;
      chosen.push_back(file);
      paths.push_back(file.path);
    }
    auto history =
        repository_.history(paths, config_.commits.max_commits, config_.attribution.method != "none", context_.stop);
    if (!history) return tl::unexpected(located(history.error()));
    Attribution attribution(config_.attribution, repository_, *history, context_.authors);

    for (const auto& file : chosen) {
      if (context_.stop.stop_requested()) return SourceReport{};
      if (config_.files.too_large(file.path, repository_.blob_size(file.blob))) continue;
      any_ = true;
      if (!context_.wants(names_.file_url(file.path))) continue;
      if (!emit(file, *history, attribution)) return SourceReport{};
    }
    if (config_.commits.enabled && !emit_commits(*history)) return SourceReport{};
    if (!any_) {
      sink_(fail(ErrorKind::not_found, tr("Nothing in this repository matched"), names_.location,
                 tr("See include, exclude, code, commits and commit_authors of this source")));
    }
    for (auto& note : attribution.notes()) note = located(note);
    // A shallow clone does not show the older commits: what is not seen is not gone.
    return SourceReport{.complete = !history->truncated,
                        .unchanged = false,
                        .cursor = head_,
                        .cursor_by_item = false,
                        .notes = std::move(attribution.notes())};
  }

 private:
  [[nodiscard]] Error located(Error error) const {
    if (error.where.find(names_.location) == std::string::npos && error.where.find("://") == std::string::npos) {
      error.where = names_.location + (error.where.empty() ? "" : " " + error.where);
    }
    return error;
  }

  /// False: the receiver wants no more.
  bool emit(const TreeFile& file, const History& history, Attribution& attribution) {
    Item item = read(file, history);
    if (item && !attribution.apply(file, *item)) return true;
    return sink_(std::move(item));
  }

  bool emit_commits(const History& history) {
    for (const auto& commit : history.commits) {
      if (context_.stop.stop_requested()) return false;
      if (commit.merge || !config_.commits.own(commit.author_name, commit.author_email, context_.authors) ||
          !says_more(commit.message)) {
        continue;
      }
      any_ = true;
      std::string url = names_.commit_url(commit.id);
      if (!context_.wants(url)) continue;
      if (!sink_(commit_document(std::move(url), commit, config_.commits.category))) return false;
    }
    return true;
  }

  [[nodiscard]] Item read(const TreeFile& file, const History& history) const {
    RawDocument raw;
    raw.url = names_.file_url(file.path);
    if (repository_.blob_size(file.blob) > context_.max_item_bytes) {
      return fail(ErrorKind::limit, tr("The file is larger than {} bytes", context_.max_item_bytes), raw.url,
                  tr("Raise collect.max_item_megabytes"));
    }
    auto bytes = repository_.read(file.blob);
    if (!bytes) {
      bytes.error().where = raw.url;
      return tl::unexpected(bytes.error());
    }
    raw.bytes = std::move(*bytes);
    describe_file(file.path, raw);
    const auto change = history.last_change.find(file.path);
    raw.metadata["commit"] = change == history.last_change.end() ? head_ : change->second.commit;
    if (change != history.last_change.end()) raw.published = change->second.time;
    return raw;
  }

  const Repository& repository_;
  const RepositoryConfig& config_;
  const RepositoryNames& names_;
  SourceContext& context_;
  const ItemSink& sink_;
  std::string head_;
  bool any_ = false;
};

}  // namespace

Result<SourceReport> collect_repository(const Repository& repository, const RepositoryConfig& config,
                                        const RepositoryNames& names, SourceContext& context, const ItemSink& sink) {
  return Reading(repository, config, names, context, sink).run();
}

}  // namespace twin::feature::git
