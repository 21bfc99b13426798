// The archive of an X (Twitter) account: posts and threads of its owner.
#include <algorithm>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/sources/exports/export_source.h"
#include "feature/sources/x_archive/tweets.h"

namespace twin::feature {
namespace {

/// "data/tweets.js", "tweets-part1.js", "tweet.js" of older archives.
bool is_list(const std::string& path, std::initializer_list<std::string_view> names) {
  const std::string name = file_name(path);
  return std::any_of(names.begin(), names.end(), [&](std::string_view stem) {
    return name == std::string(stem) + ".js" ||
           (name.starts_with(std::string(stem) + "-part") && name.ends_with(".js"));
  });
}
bool is_tweets(const std::string& path) {
  return is_list(path, {"tweets", "tweet"});
}
bool is_notes(const std::string& path) {
  return is_list(path, {"note-tweet", "note-tweets"});
}
bool is_account(const std::string& path) {
  return is_list(path, {"account"});
}

class XArchive final : public ExportSource {
 public:
  void bind(config::Binder& b) override {
    bind_export(b, "ZIP of an X (Twitter) archive, or the folder it was unpacked to");
    b.field("replies", replies_, "Also read replies to others");
    b.field("min_characters", min_characters_, "Shorter posts are left out, unless they are part of a thread",
            {.min = 0});
  }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    Emitter emit(context, sink);
    std::vector<x::Tweet> tweets, notes;
    x::Account account;
    bool any = false;
    const auto done = files().each(
        context, [](const std::string& path) { return is_tweets(path) || is_notes(path) || is_account(path); },
        [&](Result<ArchiveFile>&& file) {
          if (!file) return emit.failure(std::move(file.error()));
          const std::string& path = file->entry.path;
          any = any || is_tweets(path);
          const std::string script = text::repair_utf8(file->bytes);
          const auto read = x::each_object(script, [&](std::string_view json) {
            if (is_account(path)) {
              account = x::parse_account(json);
              return true;
            }
            auto tweet = is_notes(path) ? x::parse_note(json) : x::parse_tweet(json);
            if (tweet) {
              (is_notes(path) ? notes : tweets).push_back(std::move(*tweet));
              return emit.going();
            }
            Error error = tweet.error();
            error.where = files().url(path);
            return emit.failure(std::move(error));
          });
          if (read) return emit.going();
          Error error = read.error();
          error.where = files().url(path);
          return emit.failure(std::move(error));
        });
    if (done && !any) {
      return fail(ErrorKind::not_found, tr("There is no data/tweets.js in this archive"), location(),
                  tr("Ask X for your archive under Settings, Your account, Download an archive of your data"));
    }
    std::erase_if(tweets, [](const x::Tweet& tweet) { return tweet.retweet; });
    x::complete(tweets, notes);
    for (const auto& thread : x::threads(tweets)) {
      if (!emit.going()) break;
      if (wanted(thread, account)) emit.document(document(thread, account));
    }
    return emit.report(done);
  }

 private:
  [[nodiscard]] bool wanted(const std::vector<const x::Tweet*>& thread, const x::Account& account) const {
    const x::Tweet& first = *thread.front();
    const bool to_other = !first.reply_to_user.empty() && first.reply_to_user != account.id;
    if (to_other && !replies_) return false;
    return thread.size() > 1 || text::codepoints(first.text).size() >= static_cast<std::size_t>(min_characters_);
  }

  [[nodiscard]] static RawDocument document(const std::vector<const x::Tweet*>& thread, const x::Account& account) {
    const x::Tweet& first = *thread.front();
    RawDocument raw;
    raw.url = "https://x.com/" + (account.user.empty() ? "i" : account.user) + "/status/" + first.id;
    raw.media_type = "text/plain";
    raw.language = first.language;
    raw.published = first.created;
    if (!account.name.empty()) raw.authors = {account.name};
    std::string tags;
    for (const x::Tweet* tweet : thread) {
      if (!raw.bytes.empty()) raw.bytes += "\n\n";
      raw.bytes += tweet->text;
      for (const auto& tag : tweet->hashtags) {
        if ((", " + tags + ",").find(", " + tag + ",") == std::string::npos) tags += (tags.empty() ? "" : ", ") + tag;
      }
    }
    raw.metadata = {{"charset", "utf-8"}, {"kind", thread.size() > 1 ? "thread" : "post"}};
    if (thread.size() > 1) raw.metadata["posts"] = std::to_string(thread.size());
    if (!tags.empty()) raw.metadata["tags"] = tags;
    return raw;
  }

  bool replies_ = false;
  int min_characters_ = 0;
};

Claim accepts(const std::string& location) {
  return export_claim(
      location,
      [](const std::vector<std::string>& names) {
        const bool tweets = std::any_of(names.begin(), names.end(), is_tweets);
        const bool account = std::any_of(names.begin(), names.end(), is_account);
        return tweets && (account || std::find(names.begin(), names.end(), "Your archive.html") != names.end());
      },
      [](const std::string& name) {
        // twitter-2024-01-31-0a1b2c….zip, also with "x-" in newer ones
        return name.starts_with("twitter-2") || name.starts_with("x-2") || name.starts_with("twitter-archive");
      },
      tr("an archive of X (Twitter)"));
}

}  // namespace

TWIN_SOURCE(x_archive, {.description = "The archive of an X (Twitter) account: posts and threads",
                        .needs = "the ZIP from Settings, Your account, Download an archive of your data",
                        .examples = {{"/home/me/twitter-2024-01-31-0a1b2c3d4e5f.zip", true},
                                     {"~/twitter-archive/", true},
                                     {"https://x.com/someone", false},
                                     {"/home/me/blog", false}},
                        .accepts = accepts,
                        .make = [] { return std::make_unique<XArchive>(); },
                        .category = "posts"})

}  // namespace twin::feature
