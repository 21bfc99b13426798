// Issues, pull requests, comments, reviews and discussions over REST and, for discussions, GraphQL.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/sources/github/repository.h"
#include "feature/sources/json/fields.h"

namespace twin::feature::github {
namespace {

/// What one of the logins wrote in a thread.
struct Piece {
  UnixMillis time = 0;
  std::string text;
};

struct Thread {
  std::string title, url, kind, state, tags;
  std::vector<Piece> pieces;
};

/// "12" of "https://api.github.com/repos/me/x/issues/12"; 0 when there is none.
int last_number(const std::string& url) {
  const std::string digits = url.substr(url.rfind('/') + 1);
  if (digits.empty() || digits.size() > 9 || digits.find_first_not_of("0123456789") != std::string::npos) return 0;
  return std::stoi(digits);
}

constexpr const char* discussions_query = R"(query($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    discussions(first: 50, after: $after, orderBy: {field: CREATED_AT, direction: ASC}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        title url body createdAt author { login }
        comments(first: 100) {
          pageInfo { hasNextPage }
          nodes { body createdAt author { login } replies(first: 100) {
            pageInfo { hasNextPage }
            nodes { body createdAt author { login } }
          } }
        }
      }
    }
  }
})";

class ThreadReader {
 public:
  ThreadReader(Api& api, const RepositoryInfo& info, const ThreadChoice& choice, const std::vector<std::string>& logins,
               Outlet& out)
      : api_(api), info_(info), choice_(choice), out_(out), base_("/repos/" + info.full_name) {
    for (const auto& login : logins) logins_.insert(text::fold(login));
  }

  void run() {
    if (choice_.issues) {
      for (const auto& login : logins_) {
        each("/issues?state=all&sort=created&direction=asc&per_page=100&creator=" + login,
             [&](const Json& issue) { add_issue(issue); });
      }
    }
    if (choice_.comments) {
      each("/issues/comments?sort=created&direction=asc&per_page=100",
           [&](const Json& comment) { add(last_number(json::text(comment, "issue_url")), comment, "created_at"); });
      std::set<int> reviewed;
      each("/pulls/comments?sort=created&direction=asc&per_page=100", [&](const Json& comment) {
        const int number = last_number(json::text(comment, "pull_request_url"));
        if (add(number, comment, "created_at")) reviewed.insert(number);
      });
      for (const int number : reviewed) {
        each("/pulls/" + std::to_string(number) + "/reviews?per_page=100",
             [&, number](const Json& review) { add(number, review, "submitted_at"); });
      }
    }
    for (auto& [number, thread] : threads_) {
      if (out_.stopped()) return;
      emit(number, thread);
    }
    if (choice_.discussions && info_.discussions && api_.has_token()) read_discussions();
  }

 private:
  void each(const std::string& path, const std::function<void(const Json&)>& visit) {
    if (out_.stopped() || api_.exhausted()) return;
    const auto done = api_.each(base_ + path, [&](const Json& entry) {
      visit(entry);
      return !out_.stopped();
    });
    // 404 and 410: issues are turned off for this repository.
    if (!done && done.error().kind != ErrorKind::not_found) out_.lost(done.error());
  }

  [[nodiscard]] bool own(const Json& object, const char* key) const {
    return logins_.contains(text::fold(json::text(json::member(object, key), "login")));
  }

  void add_issue(const Json& issue) {
    const int number = last_number("/" + std::to_string(json::number(issue, "number")));
    if (number == 0) return;
    Thread& thread = threads_[number];
    describe(issue, thread);
    if (own(issue, "user")) keep(thread, issue, "created_at");
  }

  /// Whether the comment is by one of the logins.
  bool add(int number, const Json& comment, const char* time) {
    if (number == 0 || !own(comment, "user")) return false;
    return keep(threads_[number], comment, time);
  }

  static bool keep(Thread& thread, const Json& object, const char* time) {
    std::string body = json::text(object, "body");
    if (text::trim(body).empty()) return false;
    thread.pieces.push_back({json::time(object, time), std::move(body)});
    return true;
  }

  static void describe(const Json& issue, Thread& thread) {
    thread.title = json::text(issue, "title");
    thread.url = json::text(issue, "html_url");
    thread.state = json::text(issue, "state");
    thread.kind = json::member(issue, "pull_request").is_object() ? "pull request" : "issue";
    for (const auto& label : json::list(issue, "labels")) {
      const std::string name = json::text(label, "name");
      if (!name.empty()) thread.tags += (thread.tags.empty() ? "" : ", ") + name;
    }
  }

  void emit(int number, Thread& thread) {
    if (thread.pieces.empty()) return;
    if (thread.url.empty()) {  // someone else's thread: only the comments are known
      const std::string path = base_ + "/issues/" + std::to_string(number);
      const auto issue = api_.get(path);
      if (!issue) return out_.lost(issue.error());
      describe(*issue, thread);
      if (thread.url.empty()) {
        return out_.emit(fail(ErrorKind::invalid, tr("The answer of the API has no '{}'", "html_url"), path));
      }
    }
    emit(thread);
  }

  void emit(Thread& thread) {
    if (!out_.wants(thread.url)) return;
    std::stable_sort(thread.pieces.begin(), thread.pieces.end(),
                     [](const Piece& a, const Piece& b) { return a.time < b.time; });
    RawDocument raw;
    raw.url = thread.url;
    raw.media_type = "text/markdown";
    raw.title = thread.title;
    raw.category = choice_.category;
    raw.published = thread.pieces.front().time;
    for (const auto& piece : thread.pieces) {
      raw.bytes += (raw.bytes.empty() ? "" : "\n\n---\n\n") + std::string(text::trim(piece.text));
    }
    raw.bytes += "\n";
    raw.metadata["repository"] = info_.full_name;
    raw.metadata["kind"] = thread.kind;
    raw.metadata["pieces"] = std::to_string(thread.pieces.size());
    raw.metadata["charset"] = "utf-8";
    if (!thread.state.empty()) raw.metadata["state"] = thread.state;
    if (!thread.tags.empty()) raw.metadata["tags"] = thread.tags;
    out_.emit(std::move(raw));
  }

  void read_discussions() {
    const std::size_t slash = info_.full_name.find('/');
    Json variables{{"owner", info_.full_name.substr(0, slash)}, {"name", info_.full_name.substr(slash + 1)}};
    std::set<std::string> cursors;
    while (!out_.stopped()) {
      const auto data = api_.graphql(discussions_query, variables);
      if (!data) return out_.lost(data.error());
      const Json& page = json::member(json::member(*data, "repository"), "discussions");
      if (!json::member(page, "nodes").is_array()) {
        return out_.lost(
            {ErrorKind::invalid, tr("The answer of the API has no '{}'", "discussions"), info_.html_url, {}});
      }
      for (const auto& node : json::list(page, "nodes")) add_discussion(node);
      const Json& info = json::member(page, "pageInfo");
      if (!json::flag(info, "hasNextPage")) return;
      const std::string next = json::text(info, "endCursor");
      if (next.empty() || !cursors.insert(next).second) {
        return out_.lost({ErrorKind::invalid, tr("The listing runs in a circle"), info_.html_url, {}});
      }
      variables["after"] = next;
    }
  }

  void add_discussion(const Json& node) {
    Thread thread{.title = json::text(node, "title"),
                  .url = json::text(node, "url"),
                  .kind = "discussion",
                  .state = {},
                  .tags = {},
                  .pieces = {}};
    if (thread.url.empty()) return;
    bool cut = false;
    if (own(node, "author")) keep(thread, node, "createdAt");
    each_node(node, "comments", cut, [&](const Json& comment) {
      if (own(comment, "author")) keep(thread, comment, "createdAt");
      each_node(comment, "replies", cut, [&](const Json& reply) {
        if (own(reply, "author")) keep(thread, reply, "createdAt");
      });
    });
    if (cut) {
      out_.note({ErrorKind::limit, tr("Only the first 100 comments of this discussion were read"), thread.url, {}});
    }
    if (!thread.pieces.empty()) emit(thread);
  }

  static void each_node(const Json& parent, const char* key, bool& cut, const std::function<void(const Json&)>& visit) {
    const Json& list = json::member(parent, key);
    for (const auto& node : json::list(list, "nodes")) visit(node);
    cut = cut || json::flag(json::member(list, "pageInfo"), "hasNextPage");
  }

  Api& api_;
  const RepositoryInfo& info_;
  const ThreadChoice& choice_;
  Outlet& out_;
  std::string base_;
  std::set<std::string> logins_;  ///< folded
  std::map<int, Thread> threads_;
};

}  // namespace

void ThreadChoice::bind(config::Binder& b) {
  b.field("issues", issues, "Read issues and pull requests that were opened by the logins");
  b.field("comments", comments, "Read comments and reviews by the logins");
  b.field("discussions", discussions, "Read discussions by the logins; needs a token");
  b.field("threads_category", category, "Category of issues, comments and discussions; none: that of this source");
}

void read_threads(Api& api, const RepositoryInfo& info, const ThreadChoice& choice,
                  const std::vector<std::string>& logins, Outlet& out) {
  ThreadReader(api, info, choice, logins, out).run();
}

}  // namespace twin::feature::github
