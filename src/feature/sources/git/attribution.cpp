#include "feature/sources/git/attribution.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/i18n.h"

namespace twin::feature::git {

void AttributionConfig::bind(config::Binder& b) {
  b.field("attribution", method,
          "In a repository with several writers, whose a file is: by its lines (blame, slow), by the commits that "
          "changed it, or none: the project's authors",
          {.one_of = {"blame", "commits", "none"}});
  b.field("attribution_share", share, "Share of a file from which on a person is one of its authors",
          {.min = 0, .max = 1});
  b.field("only_mine", only_mine, "Leave out files that are mostly by others than the authors of this project");
  b.field("blame_max_kilobytes", blame_max_kilobytes, "Larger files are attributed by commits instead of blame",
          {.min = 1, .max = 100'000});
  b.field("blame_max_commits", blame_max_commits,
          "Repositories with more commits are attributed by commits instead of blame", {.min = 1, .max = 10'000'000});
}

Attribution::Attribution(const AttributionConfig& config, const Repository& repository, History& history,
                         std::vector<std::string> own)
    : config_(config),
      repository_(repository),
      history_(history),
      own_(std::move(own)),
      several_(history.people.size() > 1) {
  if (config.method == "none" || !several_) return;
  if (config.method == "blame" && std::ssize(history.commits) > config.blame_max_commits) {
    notes_.push_back({ErrorKind::limit,
                      tr("The repository has more than {} commits: its files are attributed by commits, not by blame",
                         config.blame_max_commits),
                      {},
                      tr("Raise blame_max_commits of this source")});
  }
  bool known = own_.empty();
  for (std::size_t i = 0; i < history.people.size() && !known; ++i) {
    known = !matching_author(own_, history.people[i]).empty();
  }
  if (!known) {
    notes_.push_back(
        {ErrorKind::invalid,
         tr("None of the {} writers of this repository is an author of this project", history.people.size()),
         {},
         tr("Add the name or e-mail address of your commits to aliases of your author in twin.yaml")});
  }
}

Shares Attribution::shares(const TreeFile& file, std::string& method) {
  method = "commits";
  if (config_.method == "blame" && std::ssize(history_.commits) <= config_.blame_max_commits) {
    const std::uint64_t limit = static_cast<std::uint64_t>(config_.blame_max_kilobytes) << 10;
    if (repository_.blob_size(file.blob) > limit) {
      notes_.push_back(
          {ErrorKind::limit,
           tr("The file is larger than {} kilobytes: attributed by commits, not by blame", config_.blame_max_kilobytes),
           file.path, tr("Raise blame_max_kilobytes of this source")});
    } else if (auto lines = repository_.blame(file.path, history_.people); lines && !lines->empty()) {
      method = "blame";
      return std::move(*lines);
    } else if (!lines) {
      notes_.push_back(lines.error());
    }
  }
  const auto commits = history_.changed_by.find(file.path);
  return commits == history_.changed_by.end() ? Shares{} : commits->second;
}

bool Attribution::apply(const TreeFile& file, RawDocument& raw) {
  if (config_.method == "none" || !several_) return true;
  std::string method;
  const Shares shares = this->shares(file, method);
  int all = 0;
  std::vector<std::pair<std::size_t, int>> order(shares.begin(), shares.end());
  for (const auto& [person, amount] : order) all += amount;
  if (all == 0) return true;  // beyond max_commits or a shallow clone: nothing is known
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.second > b.second; });

  const People& people = history_.people;
  const double main_share = static_cast<double>(order.front().second) / all;
  const Person& main = people[order.front().first];
  raw.metadata["attribution"] = method;
  raw.metadata["author_share"] = fmt::format("{:.2f}", main_share);
  if (config_.only_mine && !own_.empty() && matching_author(own_, main).empty()) {
    notes_.push_back(
        {ErrorKind::invalid,
         tr("Mostly by {} ({}%): left out, because only_mine is set", main.name, std::lround(main_share * 100)),
         raw.url,
         {}});
    return false;
  }
  for (const auto& [index, amount] : order) {
    const bool first = raw.authors.empty();
    if (!first && static_cast<double>(amount) / all < config_.share) break;
    const Person& person = people[index];
    // By the name that the project knows: collect recognizes further authors by it alone.
    const std::string known = matching_author(own_, person);
    const bool plain = known.find_first_of("*?[") == std::string::npos;
    raw.authors.push_back(known.empty() || !plain ? person.name : known);
    if (first) raw.author_emails.assign(person.emails.begin(), person.emails.end());
  }
  return true;
}

}  // namespace twin::feature::git
