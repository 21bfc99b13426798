// JSON and pages of the services that sources read: any bytes instead of them.
#include "core/text/unicode.h"
#include "feature/sources/brunch/brunch_api.h"
#include "feature/sources/feed/feed_parser.h"
#include "feature/sources/naver_blog/naver_pages.h"
#include "feature/sources/tistory/tistory_pages.h"
#include "feature/sources/velog/velog_api.h"
#include "feature/sources/web/address.h"
#include "feature/sources/web/korean_time.h"
#include "feature/sources/wordpress/wp_api.h"
#include "feature/sources/youtube/innertube.h"
#include "fuzz.h"

using namespace twin;
using namespace twin::feature;

TWIN_FUZZ(service_answers, bytes) {
  const std::string text(bytes);
  if (const auto list = naver::parse_title_list(bytes)) {
    for (const auto& post : list->posts) {
      fuzz::require(!post.log_no.empty() && text::first_invalid_utf8(post.title) == std::string::npos,
                    "posts have numbers");
    }
  }
  (void)naver::read_post_page(bytes);
  fuzz::require(naver::blog_id_of(text).find('/') == std::string::npos, "a blog's id is no path");
  (void)tistory::read_post_page(bytes);
  if (!text.empty() && text.front() == '/') (void)tistory::post_path(text, true);
  if (const auto posts = velog::parse_posts(bytes)) {
    for (const auto& post : *posts) fuzz::require(!post.slug.empty(), "posts have slugs");
  }
  (void)velog::parse_post(bytes);
  (void)brunch::parse_list(bytes);
  (void)brunch::read_post_page(bytes);
  (void)brunch::feed_of_profile(bytes);
  (void)wordpress::parse_listing(bytes);
  (void)wordpress::parse_items(bytes);
  (void)youtube::read_watch_page(bytes);
  (void)youtube::channel_id_of(bytes);
  (void)youtube::parse_player(bytes);
  if (const auto page = youtube::parse_list(bytes)) {
    for (const auto& video : page->videos) fuzz::require(video.id.size() == 11, "videos have ids");
  }
  (void)youtube::place_of(text);
  (void)web::parse_korean_time(bytes);
  if (const auto address = web::parse_address(text)) {
    fuzz::require(!address->host.empty() && !address->path.empty(), "an address has a host and a path");
    (void)address->parts();
    (void)address->parameter("v");
  }
  FeedEntry entry;
  entry.content = text;
  for (const char* type : {"text/html", "text/plain"}) {
    entry.media_type = type;
    (void)is_excerpt(entry);
  }
}
