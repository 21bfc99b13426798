// What is said in videos: the captions of a channel, a playlist or one video.
#include <set>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/sources/feed/feed_parser.h"
#include "feature/sources/source.h"
#include "feature/sources/web/json.h"
#include "feature/sources/web/listing.h"
#include "feature/sources/web/page.h"
#include "feature/sources/youtube/captions.h"
#include "feature/sources/youtube/innertube.h"

namespace twin::feature {
namespace {

constexpr const char* service = "https://www.youtube.com/youtubei/v1/";

class YouTube final : public Source {
 public:
  void bind(config::Binder& b) override {
    b.field("url", url_, "A channel (https://www.youtube.com/@name), a playlist or one video", {.required = true});
    b.field("languages", languages_, "Languages of the captions, best first; in each, those made by hand come first");
    b.field("only_languages", only_languages_, "Leave out videos without captions in one of the languages");
    b.field("automatic", automatic_, "Also take captions that the service made by speech recognition");
    b.field("pause_milliseconds", rules_.pause_ms, "A silence this long begins a new paragraph",
            {.min = 0, .max = 600'000});
    b.field("paragraph_characters", rules_.max_characters, "Longer paragraphs end with the next sentence",
            {.min = 50, .max = 100'000});
    b.field("max_videos", max_videos_, "Videos beyond this number are left out", {.min = 1, .max = 100'000});
  }

  [[nodiscard]] std::string location() const override { return url_; }
  [[nodiscard]] std::optional<std::string> fingerprint(SourceContext&) override { return std::nullopt; }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    const auto place = youtube::place_of(url_);
    Run run(context, sink, url_);
    if (!place.video.empty()) {
      run.videos.push_back({place.video, {}});
      run.listed_all = true;
    } else if (!place.playlist.empty()) {
      if (const auto listed = list(run, place.playlist); !listed) return tl::unexpected(listed.error());
    } else if (!place.channel_page.empty()) {
      if (const auto listed = list_channel(run, place.channel_page); !listed) return tl::unexpected(listed.error());
    } else {
      return fail(ErrorKind::usage, tr("This is no channel, playlist or video of YouTube"), url_,
                  tr("For example: {}", "https://www.youtube.com/@name"));
    }
    for (const auto& video : run.videos) {
      if (context.stop.stop_requested() || !read(run, video)) return SourceReport{};
    }
    return run.finish();
  }

 private:
  struct Run : web::Listing {
    using Listing::Listing;
    std::vector<youtube::Listed> videos;
    std::set<std::string> ids;
    std::string api_key;
  };

  [[nodiscard]] Result<void> list_channel(Run& run, const std::string& page_url) const {
    const auto page = web::get(run.context, page_url, {{"Accept-Language", "en"}});
    if (!page) return tl::unexpected(page.error());
    const std::string channel = youtube::channel_id_of(page->body);
    if (channel.empty()) {
      return fail(ErrorKind::invalid, tr("The channel's page does not say its id"), page_url,
                  tr("Give the address with it: {}", "https://www.youtube.com/channel/UC…"));
    }
    run.api_key = youtube::read_watch_page(page->body).api_key;
    return list(run, "UU" + channel.substr(2));  // the playlist of all its uploads
  }

  [[nodiscard]] Result<void> list(Run& run, const std::string& playlist) const {
    std::string token;
    std::set<std::string> tokens;
    while (!run.context.stop.stop_requested()) {
      const std::string address = std::string(service) + "browse" + (run.api_key.empty() ? "" : "?key=" + run.api_key);
      const auto response = web::post_json(run.context, address, youtube::browse_query(playlist, token));
      auto page = response ? youtube::parse_list(response->body) : tl::unexpected(response.error());
      if (page && token.empty() && page->videos.empty()) {
        page = fail(ErrorKind::invalid, tr("The service gave no list of videos"));
      }
      if (!page) {
        page.error().where = url_;
        if (token.empty()) return list_feed(run, playlist, page.error());
        return run.cut_short(page.error());
      }
      for (auto& video : page->videos) {
        if (!run.ids.insert(video.id).second) continue;
        if (run.videos.size() >= static_cast<std::size_t>(max_videos_)) {
          return run.cut_short({ErrorKind::limit, tr("Videos beyond max_videos ({}) were left out", max_videos_), url_,
                                tr("Raise max_videos of this source")});
        }
        run.videos.push_back(std::move(video));
      }
      token = page->continuation;
      if (token.empty()) {
        run.listed_all = true;
        return {};
      }
      if (!tokens.insert(token).second) {
        run.note_repeating(run.ids.size());
        return {};
      }
    }
    return {};
  }

  /// The feed of a channel or playlist holds the newest fifteen.
  [[nodiscard]] Result<void> list_feed(Run& run, const std::string& playlist, const Error& why) const {
    const auto response = web::get(run.context, "https://www.youtube.com/feeds/videos.xml?playlist_id=" + playlist);
    auto feed = response ? parse_feed(response->body) : tl::unexpected(response.error());
    if (!feed) return tl::unexpected(why);
    for (auto& entry : feed->entries) {
      const auto place = youtube::place_of(entry.link);
      if (!place.video.empty() && run.ids.insert(place.video).second) run.videos.push_back({place.video, entry.title});
    }
    run.note(tr("The list of videos cannot be read ({}); its feed holds only the newest", why.message));
    return {};
  }

  /// False when the sink said stop.
  [[nodiscard]] bool read(Run& run, const youtube::Listed& listed) const {
    const std::string url = youtube::video_url(listed.id);
    // Captions do not change in practice; a video that had none is looked at again.
    if (!run.wants(url, "captions")) return true;
    const auto page = web::get(run.context, url + "&hl=en");
    if (!page) return run.failed(page.error(), url);
    const auto watch = youtube::read_watch_page(page->body);
    if (!watch.problem.empty()) {
      return run.failed({ErrorKind::network, watch.problem, url,
                         tr("The service may have changed or may refuse programs; try again later")},
                        url);
    }
    const auto answer = web::post_json(run.context, std::string(service) + "player?key=" + watch.api_key,
                                       youtube::player_query(listed.id));
    const auto video = answer ? youtube::parse_player(answer->body) : tl::unexpected(answer.error());
    if (!video) return run.failed(video.error(), url);

    std::vector<youtube::Track> tracks;
    for (const auto& track : video->tracks) {
      if (automatic_ || !track.automatic) tracks.push_back(track);
    }
    const auto track = youtube::choose_track(tracks, languages_, only_languages_);
    if (!track) {
      run.note(tr("Left out: the video has no captions that are wanted"), url);
      run.context.unchanged(url);  // if it was read before, it is not gone
      return true;
    }
    const auto captions = web::get(run.context, track->url);
    const auto segments = captions ? youtube::parse_captions(captions->body) : tl::unexpected(captions.error());
    if (!segments) return run.failed(segments.error(), url);
    RawDocument raw = document(*video, *track, youtube::paragraphs(*segments, rules_), watch.published);
    if (text::trim(raw.bytes).empty()) {
      run.note(tr("Left out: nothing is said in the video"), url);
      return true;
    }
    raw.url = url;
    run.states.read(url, "captions");
    return run.sink(std::move(raw));
  }

  [[nodiscard]] static RawDocument document(const youtube::Video& video, const youtube::Track& track, std::string text,
                                            UnixMillis published) {
    RawDocument raw;
    raw.media_type = "text/plain";
    raw.bytes = std::move(text);
    raw.title = video.title;
    if (!video.author.empty()) raw.authors = {video.author};
    raw.language = track.language;
    raw.published = published;
    raw.metadata["charset"] = "utf-8";
    raw.metadata["captions"] = track.automatic ? "automatic" : "manual";
    raw.metadata["seconds"] = std::to_string(video.seconds);
    if (!video.channel.empty()) raw.metadata["channel"] = video.channel;
    if (!video.description.empty()) raw.metadata["description"] = video.description;
    if (!video.keywords.empty()) raw.metadata["tags"] = web::joined(video.keywords);
    return raw;
  }

  std::string url_;
  std::vector<std::string> languages_ = {"ko", "en"};
  bool only_languages_ = false;
  bool automatic_ = true;
  youtube::ParagraphRules rules_;
  int max_videos_ = 1'000;
};

Claim accepts(const std::string& location) {
  const auto place = youtube::place_of(location);
  if (!place.video.empty()) return {Claim::site, tr("the address of a video of YouTube")};
  if (!place.playlist.empty() || !place.channel_page.empty()) {
    return {Claim::site, tr("the address of a channel or playlist of YouTube")};
  }
  return {};
}

}  // namespace

TWIN_SOURCE(youtube,
            {.description = "What is said in videos: the captions of a YouTube channel, playlist or video",
             .needs = "",
             .examples = {{"https://www.youtube.com/@someone", true},
                          {"https://www.youtube.com/channel/UCabcdefghijklmnopqrstuv", true},
                          {"https://www.youtube.com/playlist?list=PLabcdefghijkl", true},
                          {"https://youtu.be/abcdefghijk", true},
                          {"https://www.youtube.com/watch?v=abcdefghijk", true},
                          {"https://www.youtube.com/feeds/videos.xml?channel_id=UCabcdefghijklmnopqrstuv", false},
                          {"https://www.youtube.com/", false},
                          {"https://example.org/watch?v=abcdefghijk", false}},
             .accepts = accepts,
             .make = [] { return std::make_unique<YouTube>(); }})

}  // namespace twin::feature
