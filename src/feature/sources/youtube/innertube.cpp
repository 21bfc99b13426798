#include "feature/sources/youtube/innertube.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "feature/sources/web/address.h"
#include "feature/sources/web/json.h"

namespace twin::feature::youtube {
namespace {

using web::member;
using web::string_of;

// The Android app's client gets caption addresses that need no proof of origin; lists are the web's.
constexpr const char* android_version = "20.10.38";
constexpr const char* web_version = "2.20240726.00.00";

bool is_id_text(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return text::is_ascii_alnum(c) || c == '-' || c == '_'; });
}
std::string video_id(const std::string& text) {
  return text.size() == 11 && is_id_text(text) ? text : std::string();
}

/// The string behind `"name":` in a page's scripts, up to its closing quote.
std::string quoted_after(std::string_view page, std::string_view name) {
  for (std::size_t at = 0; (at = page.find(name, at)) != std::string_view::npos; at += name.size()) {
    std::size_t i = at + name.size();
    while (i < page.size() && (page[i] == ' ' || page[i] == ':')) ++i;
    if (i >= page.size() || page[i] != '"') continue;
    const std::size_t end = page.find('"', i + 1);
    if (end == std::string_view::npos) return {};
    const auto value = page.substr(i + 1, end - i - 1);
    if (is_id_text(value)) return std::string(value);
  }
  return {};
}

/// content="…" of the tag that holds `mark`.
std::string content_of(std::string_view page, std::string_view mark) {
  const std::size_t at = page.find(mark);
  if (at == std::string_view::npos) return {};
  const std::size_t open = page.rfind('<', at), close = page.find('>', at);
  if (open == std::string_view::npos || close == std::string_view::npos) return {};
  const auto tag = page.substr(open, close - open);
  constexpr std::string_view attribute = "content=\"";
  const std::size_t value = tag.find(attribute);
  if (value == std::string_view::npos) return {};
  const auto rest = tag.substr(value + attribute.size());
  return std::string(rest.substr(0, rest.find('"')));
}

/// {"runs": [{"text": …}]} or {"simpleText": …} or {"content": …}
std::string text_of(const Json& value) {
  std::string out = string_of(value, "simpleText");
  if (out.empty()) out = string_of(value, "content");
  if (!out.empty()) return out;
  for (const auto& run : web::strings_of(member(value, "runs"), "text")) out += run;
  return out;
}

Json context(const char* name, const char* version) {
  return {{"client", {{"clientName", name}, {"clientVersion", version}, {"hl", "en"}, {"gl", "US"}}}};
}

/// Lists nest their entries in renderers whose names change: every object is looked at, in order.
void gather(const Json& root, ListPage& page) {
  std::vector<const Json*> waiting = {&root};
  while (!waiting.empty()) {
    const Json& value = *waiting.back();
    waiting.pop_back();
    if (value.is_object()) {
      for (const char* renderer : {"playlistVideoRenderer", "gridVideoRenderer", "videoRenderer"}) {
        const Json& video = member(value, renderer);
        const std::string id = video_id(string_of(video, "videoId"));
        if (!id.empty()) page.videos.push_back({id, text_of(member(video, "title"))});
      }
      const Json& lockup = member(value, "lockupViewModel");
      if (const std::string id = video_id(string_of(lockup, "contentId")); !id.empty()) {
        page.videos.push_back({id, text_of(web::at(lockup, {"metadata", "lockupMetadataViewModel", "title"}))});
      }
      const Json& next = web::at(value, {"continuationItemRenderer", "continuationEndpoint"});
      std::string token = string_of(web::at(next, {"continuationCommand", "token"}));
      if (token.empty()) {
        const Json& commands = web::at(next, {"commandExecutorCommand", "commands"});
        if (commands.is_array()) {
          for (const auto& command : commands) {
            if (token.empty()) token = string_of(web::at(command, {"continuationCommand", "token"}));
          }
        }
      }
      if (!token.empty()) page.continuation = std::move(token);
    }
    if (!value.is_structured()) continue;
    std::vector<const Json*> inner;
    for (const auto& child : value) inner.push_back(&child);
    waiting.insert(waiting.end(), inner.rbegin(), inner.rend());
  }
}

}  // namespace

Place place_of(const std::string& location) {
  Place out;
  const auto address = web::parse_address(location);
  if (!address) return out;
  const auto parts = address->parts();
  if (address->is("youtu.be")) {
    if (!parts.empty()) out.video = video_id(parts[0]);
    return out;
  }
  if (!address->is("youtube.com") && !address->is("m.youtube.com")) return out;
  if (parts.empty()) return out;
  if (parts[0] == "watch") {
    out.video = video_id(address->parameter("v"));
  } else if (parts[0] == "shorts" || parts[0] == "live" || parts[0] == "embed") {
    if (parts.size() > 1) out.video = video_id(parts[1]);
  } else if (parts[0] == "playlist") {
    const std::string list = address->parameter("list");
    if (is_id_text(list)) out.playlist = list;
  } else if (parts[0].starts_with("@") && parts[0].size() > 1) {
    out.channel_page =
        "https://www.youtube.com/" + std::string(text::split(std::string_view(address->path).substr(1), '/').front());
  } else if ((parts[0] == "channel" || parts[0] == "c" || parts[0] == "user") && parts.size() > 1) {
    const auto written = text::split(std::string_view(address->path).substr(1), '/');
    out.channel_page = "https://www.youtube.com/" + std::string(written[0]) + "/" + std::string(written[1]);
  }
  return out;
}

WatchPage read_watch_page(std::string_view html) {
  WatchPage page;
  page.api_key = quoted_after(html, "\"INNERTUBE_API_KEY\"");
  const std::string date = content_of(html, "itemprop=\"datePublished\"");
  page.published = date.empty() ? 0 : parse_time(date).value_or(0);
  if (html.find("consent.youtube.com/s") != std::string_view::npos && page.api_key.empty()) {
    page.problem = tr("YouTube asks for consent before it shows anything");
  } else if (html.find("g-recaptcha") != std::string_view::npos) {
    page.problem = tr("YouTube asks for proof that a human asks: too many requests came from this address");
  } else if (page.api_key.empty()) {
    page.problem = tr("The page of the video has no key of the player");
  }
  return page;
}

std::string channel_id_of(std::string_view html) {
  for (const std::string_view name : {"\"externalId\"", "\"channelId\"", "\"browseId\""}) {
    std::string id = quoted_after(html, name);
    if (id.size() == 24 && id.starts_with("UC")) return id;
  }
  const std::string id = content_of(html, "itemprop=\"identifier\"");
  return id.size() == 24 && id.starts_with("UC") && is_id_text(id) ? id : std::string();
}

std::string player_query(const std::string& video) {
  return Json{{"context", context("ANDROID", android_version)}, {"videoId", video}}.dump();
}

Result<Video> parse_player(std::string_view answer) {
  const auto json = web::parse_json(answer, {});
  if (!json) return tl::unexpected(json.error());
  const std::string status = string_of(web::at(*json, {"playabilityStatus", "status"}));
  if (status != "OK") {
    const std::string reason = string_of(web::at(*json, {"playabilityStatus", "reason"}));
    const bool gone = status == "ERROR";
    return fail(gone ? ErrorKind::not_found : ErrorKind::network,
                tr("The video cannot be played: {}", reason.empty() ? status : reason), {},
                gone ? std::string() : tr("The service may have changed or may refuse programs; try again later"));
  }
  Video video;
  const Json& details = member(*json, "videoDetails");
  video.id = string_of(details, "videoId");
  video.title = string_of(details, "title");
  video.author = string_of(details, "author");
  video.channel = string_of(details, "channelId");
  video.description = string_of(details, "shortDescription");
  video.seconds = web::integer_of(member(details, "lengthSeconds"));
  video.keywords = web::strings_of(member(details, "keywords"));
  const Json& tracks = web::at(*json, {"captions", "playerCaptionsTracklistRenderer", "captionTracks"});
  if (!tracks.is_array()) return video;
  for (const auto& entry : tracks) {
    Track track{string_of(entry, "baseUrl"), string_of(entry, "languageCode"), string_of(entry, "kind") == "asr"};
    // The plain form is asked for: it is the smaller one.
    if (const std::size_t at = track.url.find("&fmt=srv3"); at != std::string::npos) track.url.erase(at, 9);
    const auto address = web::parse_address(track.url);
    const bool ours = address && (address->is("youtube.com") || !address->label_below("youtube.com").empty());
    if (ours && !track.language.empty()) video.tracks.push_back(std::move(track));
  }
  return video;
}

std::string browse_query(const std::string& playlist, const std::string& continuation) {
  Json query = {{"context", context("WEB", web_version)}};
  if (continuation.empty()) {
    query["browseId"] = "VL" + playlist;
  } else {
    query["continuation"] = continuation;
  }
  return query.dump();
}

Result<ListPage> parse_list(std::string_view answer) {
  const auto json = web::parse_json(answer, {});
  if (!json) return tl::unexpected(json.error());
  if (const std::string error = string_of(web::at(*json, {"error", "message"})); !error.empty()) {
    return fail(ErrorKind::network, tr("The service answered: {}", error));
  }
  ListPage page;
  // Only where lists are: side bars hold videos of others.
  const Json& first = web::at(*json, {"contents"});
  const Json& more = member(*json, "onResponseReceivedActions");
  gather(first.is_null() ? more : first, page);
  return page;
}

std::string video_url(const std::string& id) {
  return "https://www.youtube.com/watch?v=" + id;
}

}  // namespace twin::feature::youtube
