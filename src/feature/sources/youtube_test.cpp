#include <doctest/doctest.h>

#include <algorithm>

#include "feature/sources/replay_for_test.h"
#include "feature/sources/source_for_test.h"
#include "feature/sources/youtube/captions.h"
#include "feature/sources/youtube/innertube.h"

using namespace twin;
using namespace twin::feature;

TEST_CASE("youtube: which captions") {
  const std::vector<youtube::Track> tracks = {
      {"1", "en", true}, {"2", "en-GB", false}, {"3", "ko", true}, {"4", "de", false}};
  CHECK(youtube::choose_track(tracks, {"ko", "en"}, false)->url == "3");
  CHECK(youtube::choose_track(tracks, {"en", "ko"}, false)->url == "2");  // made by hand before automatic
  CHECK(youtube::choose_track(tracks, {"ja"}, false)->url == "2");
  CHECK(!youtube::choose_track(tracks, {"ja"}, true));
  CHECK(youtube::choose_track(tracks, {}, true)->url == "2");
  CHECK(!youtube::choose_track({}, {"ko"}, false));
  CHECK(!youtube::choose_track({{"1", "enx", false}}, {"en"}, true));
}

TEST_CASE("youtube: captions that are none") {
  CHECK(!youtube::parse_captions(""));
  CHECK(!youtube::parse_captions("<html><body>sorry</body></html>"));
  CHECK(!youtube::parse_captions("<transcript><text start=\"0\">cut"));
  const auto odd = youtube::parse_captions("<transcript><text start=\"nan\" dur=\"1e300\">x</text></transcript>");
  REQUIRE(odd);
  CHECK(odd->at(0).start_ms == 0);
}

TEST_CASE("youtube: long speech without a pause becomes paragraphs all the same") {
  std::vector<youtube::Segment> segments;
  segments.reserve(40);
  for (int i = 0; i < 40; ++i) segments.push_back({i * 1000, 1000, "열 글자쯤 되는 말입니다."});
  const std::string text = youtube::paragraphs(segments, {.pause_ms = 2500, .max_characters = 100});
  CHECK(std::count(text.begin(), text.end(), '\n') > 6);
  std::string words = text;
  words.erase(std::remove_if(words.begin(), words.end(), [](char c) { return c == '\n' || c == ' '; }), words.end());
  CHECK(words.size() == 40 * std::string("열글자쯤되는말입니다.").size());
}

TEST_CASE("youtube: a channel: its uploads, their captions as paragraphs, the rest with its reason") {
  ReplayHttp replay("youtube");
  SourceTest test("youtube", {{"url", "https://www.youtube.com/@saebyeok"}});
  test.client = &replay;
  const auto report = test.run();
  REQUIRE(report);
  CHECK(report->complete);
  REQUIRE(test.documents.size() == 2);
  const auto& korean = test.documents.at("https://www.youtube.com/watch?v=aaaaaaaaaa1");
  CHECK(korean.bytes == "안녕하세요 오늘은 파일을 안전하게 쓰는 법을 이야기합니다\n\n먼저 임시 파일에 씁니다\n");
  CHECK(korean.title == "파일을 안전하게 쓰기");
  CHECK(korean.authors == std::vector<std::string>{"새벽의 채널"});
  CHECK(korean.language == "ko");
  CHECK(korean.metadata.at("captions") == "automatic");
  CHECK(format_time(korean.published) == "2024-03-11T01:00:00.000Z");
  const auto& english = test.documents.at("https://www.youtube.com/watch?v=bbbbbbbbbb2");
  CHECK(english.bytes ==
        "Plain text doesn't rot. You can read it with anything, and diff it too.\n\nThat's all & thanks.\n");
  CHECK(english.metadata.at("captions") == "manual");
  REQUIRE(test.failures.size() == 1);
  CHECK(test.failures[0].where == "https://www.youtube.com/watch?v=dddddddddd4");
  CHECK(test.failures[0].message.find("private video") != std::string::npos);
  CHECK(report->notes.size() == 1);  // the one without captions

  test.cursor = report->cursor;
  replay.requests.clear();
  REQUIRE(test.run());
  CHECK(test.documents.empty());
  CHECK(std::none_of(replay.requests.begin(), replay.requests.end(),
                     [](const HttpRequest& r) { return r.url.find("aaaaaaaaaa1") != std::string::npos; }));
}

TEST_CASE("youtube: a playlist that cannot be listed is read by its feed; consent pages say so") {
  ReplayHttp replay("youtube");
  SourceTest list("youtube", {{"url", "https://www.youtube.com/playlist?list=PLfallback0"}});
  list.client = &replay;
  const auto report = list.run();
  REQUIRE(report);
  CHECK(!report->complete);
  CHECK(list.documents.size() == 1);

  SourceTest consent("youtube", {{"url", "https://youtu.be/eeeeeeeeee5"}});
  consent.client = &replay;
  REQUIRE(consent.run());
  REQUIRE(consent.failures.size() == 1);
  CHECK(consent.failures[0].message.find("consent") != std::string::npos);
}

TEST_CASE("youtube: addresses") {
  CHECK(youtube::place_of("https://youtu.be/abcdefghijk?t=3").video == "abcdefghijk");
  CHECK(youtube::place_of("https://m.youtube.com/watch?list=x&v=abcdefghijk").video == "abcdefghijk");
  CHECK(youtube::place_of("https://www.youtube.com/shorts/abcdefghijk").video == "abcdefghijk");
  CHECK(youtube::place_of("https://www.youtube.com/watch?v=toolongtobeanid").video.empty());
  CHECK(youtube::place_of("https://www.youtube.com/@이름/videos").channel_page == "https://www.youtube.com/@이름");
  CHECK(youtube::place_of("https://www.youtube.com/c/Name").channel_page == "https://www.youtube.com/c/Name");
}
