// YouTube's own interface, as its pages and apps use it: keys, video details, lists of videos.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "feature/sources/youtube/captions.h"

namespace twin::feature::youtube {

/// What a location means: one of the three is set.
struct Place {
  std::string video, playlist;
  std::string channel_page;  ///< address of a channel: /@handle, /channel/UC…, /c/name, /user/name
};
[[nodiscard]] Place place_of(const std::string& location);

struct WatchPage {
  std::string api_key;
  UnixMillis published = 0;
  std::string problem;  ///< asks for consent, or for proof that a human asks
};
[[nodiscard]] WatchPage read_watch_page(std::string_view html);

/// "UC…" of a channel's page; empty when it does not say.
[[nodiscard]] std::string channel_id_of(std::string_view html);

struct Video {
  std::string id, title, author, channel, description;
  std::int64_t seconds = 0;
  std::vector<std::string> keywords;
  std::vector<Track> tracks;
};
[[nodiscard]] std::string player_query(const std::string& video);
/// A video that cannot be played is an error with the service's reason.
[[nodiscard]] Result<Video> parse_player(std::string_view answer);

struct Listed {
  std::string id, title;
};
struct ListPage {
  std::vector<Listed> videos;
  std::string continuation;  ///< token of the next page; empty: the last one
};
/// The uploads of a channel are the playlist "UU…".
[[nodiscard]] std::string browse_query(const std::string& playlist, const std::string& continuation);
[[nodiscard]] Result<ListPage> parse_list(std::string_view answer);

[[nodiscard]] std::string video_url(const std::string& id);

}  // namespace twin::feature::youtube
