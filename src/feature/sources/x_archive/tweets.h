// The JavaScript files of an X (Twitter) archive.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace twin::feature::x {

struct Tweet {
  std::string id, reply_to, reply_to_user, language;
  std::string text;  ///< plain: entities decoded, t.co links expanded, links to own media removed
  UnixMillis created = 0;
  bool retweet = false;
  std::vector<std::string> hashtags;
};

struct Account {
  std::string id, user, name;
};

/// Gives the text of each object of `window.YTD.x.part0 = [ {…}, … ]` to `item`, one in memory at a time, however large
/// the list is. An object that never ends, or anything else than a list, is ErrorKind::invalid.
[[nodiscard]] Result<void> each_object(std::string_view script, const std::function<bool(std::string_view)>& item);

[[nodiscard]] Result<Tweet> parse_tweet(std::string_view json);
/// A long post, whose beginning alone is in the tweet. Its id is another one.
[[nodiscard]] Result<Tweet> parse_note(std::string_view json);
[[nodiscard]] Account parse_account(std::string_view json);

/// Puts the full text of long posts in the place of their beginnings.
void complete(std::vector<Tweet>& tweets, const std::vector<Tweet>& notes);

/// Tweets that answer each other, in order of time; the first begins the thread. Oldest thread first.
[[nodiscard]] std::vector<std::vector<const Tweet*>> threads(const std::vector<Tweet>& tweets);

}  // namespace twin::feature::x
