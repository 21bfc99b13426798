// The scripts of an X (Twitter) archive.
#include "core/text/unicode.h"
#include "feature/sources/x_archive/tweets.h"
#include "fuzz.h"

using namespace twin;
using namespace twin::feature;

TWIN_FUZZ(x_archive, bytes) {
  std::vector<x::Tweet> tweets, notes;
  const auto read = x::each_object(bytes, [&](std::string_view object) {
    (void)x::parse_account(object);
    if (auto tweet = x::parse_tweet(object)) {
      fuzz::require(text::first_invalid_utf8(tweet->text) == std::string::npos, "a tweet is UTF-8");
      tweets.push_back(std::move(*tweet));
    }
    if (auto note = x::parse_note(object)) notes.push_back(std::move(*note));
    return tweets.size() < 200;
  });
  fuzz::require(read || !read.error().message.empty(), "an error says what happened");
  x::complete(tweets, notes);
  std::size_t threaded = 0;
  for (const auto& thread : x::threads(tweets)) {
    fuzz::require(!thread.empty(), "a thread has a tweet");
    threaded += thread.size();
  }
  fuzz::require(threaded <= tweets.size(), "no tweet is in two threads");
}
