// Sources of data exports: each reads its fixtures as a folder and as the ZIP that the service gives.
#include <doctest/doctest.h>

#include <algorithm>

#include "core/archive_for_test.h"
#include "core/text/unicode.h"
#include "feature/clean/clean.h"
#include "feature/collect/choose_source.h"
#include "feature/sources/source_for_test.h"

using namespace twin;
using namespace twin::feature;
namespace fs = std::filesystem;

namespace {

fs::path fixtures(const std::string& name) {
  return fs::path(TWIN_SOURCE_DIR) / "src/feature/sources/testdata" / name;
}

Cleaned cleaned_item(const RawDocument& raw) {
  auto out = clean(raw, {});
  REQUIRE_MESSAGE(out, (out ? std::string() : out.error().text()));
  return *std::move(out);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The same documents from the folder, the ZIP, and a ZIP with everything in one folder.
struct Everywhere {
  explicit Everywhere(const std::string& id, std::map<std::string, std::string> keys = {})
      : id_(id), keys_(std::move(keys)) {
    zip = pack_folder(fixtures(id), folder.path() / (id + ".zip"));
    fs::create_directories(folder.path() / "nested");
    fs::copy(fixtures(id), folder.path() / "nested" / "my export", fs::copy_options::recursive);
    nested = pack_folder(folder.path() / "nested", folder.path() / (id + "-nested.zip"));
  }

  SourceTest& run(const fs::path& path) {
    auto keys = keys_;
    keys["path"] = path.string();
    test = std::make_unique<SourceTest>(id_, keys);
    CHECK(test->errors.empty());
    test->authors = {"haneul@example.org"};
    report = test->run();
    REQUIRE_MESSAGE(report, (report ? std::string() : report.error().text()));
    return *test;
  }

  TempFolder folder;
  fs::path zip, nested;
  std::unique_ptr<SourceTest> test;
  Result<SourceReport> report;

 private:
  std::string id_;
  std::map<std::string, std::string> keys_;
};

std::vector<std::string> titles(const SourceTest& test) {
  std::vector<std::string> out;
  for (const auto& [url, document] : test.documents) out.push_back(document.title);
  std::sort(out.begin(), out.end());
  return out;
}

/// Every truncation of an export ends in an error or in fewer documents, and never counts as complete with fewer.
void check_truncations(const std::string& id) {
  Everywhere all(id);
  const auto whole = all.run(all.zip).documents.size();
  const std::string bytes = disk().read(all.zip).value();
  const fs::path cut = all.folder.path() / "cut.zip";
  for (std::size_t part = 1; part < 12; ++part) {
    REQUIRE(disk().write(cut, bytes.substr(0, bytes.size() * part / 12)));
    SourceTest test(id, {{"path", cut.string()}});
    test.authors = {"haneul@example.org"};
    const auto report = test.run();
    CAPTURE(part);
    if (report && report->complete) CHECK(test.documents.size() == whole);
    if (!report) CHECK(!report.error().message.empty());
  }
}

}  // namespace

TEST_CASE("exports are claimed by what is in them, whatever they are called") {
  const TempFolder folder;
  for (const std::string id :
       {"medium_export", "linkedin_export", "x_archive", "obsidian", "notion_export", "wordpress_export", "mbox"}) {
    CAPTURE(id);
    CHECK(source_for(fixtures(id).string()).value().id == id);
    CHECK(source_for(pack_folder(fixtures(id), folder.path() / "a.zip").string()).value().id == id);
  }
  const fs::path other = pack(folder.path() / "medium-export.zip", {{"a.md", "text"}});
  CHECK(source_for(other.string()).value().id == "folder");
  REQUIRE(disk().write(folder.path() / "feed.xml", "<rss/>"));
  CHECK(source_for((folder.path() / "feed.xml").string()).value().id != "wordpress_export");
}

TEST_CASE("exports: damaged, empty and foreign archives are errors; unchanged ones have the same fingerprint") {
  const TempFolder folder;
  const fs::path foreign = pack(folder.path() / "x.zip", {{"readme.txt", "nothing here"}});
  const fs::path evil = pack(folder.path() / "evil.zip", {{"../posts/a.html", "x"}});
  for (const std::string id :
       {"medium_export", "linkedin_export", "x_archive", "obsidian", "notion_export", "wordpress_export", "mbox"}) {
    CAPTURE(id);
    for (const fs::path& path : {foreign, evil}) {
      SourceTest test(id, {{"path", path.string()}});
      test.authors = {"a@b"};
      const auto report = test.run();
      CHECK((!report || !test.failures.empty()));
      CHECK(test.documents.empty());
    }
    check_truncations(id);

    Everywhere all(id);
    SourceTest test(id, {{"path", all.zip.string()}});
    auto context = test.context(disk());
    const auto first = test.source->fingerprint(context);
    REQUIRE(first);
    CHECK(test.source->fingerprint(context) == first);
    REQUIRE(disk().write(all.zip, disk().read(all.zip).value() + "x"));
    CHECK(test.source->fingerprint(context) != first);
  }
}

TEST_CASE("exports ask before they give an item, and stop when told") {
  for (const std::string id :
       {"medium_export", "linkedin_export", "x_archive", "obsidian", "notion_export", "wordpress_export", "mbox"}) {
    CAPTURE(id);
    SourceTest test(id, {{"path", fixtures(id).string()}});
    test.authors = {"haneul@example.org"};
    std::vector<std::string> asked;
    auto context = test.context(disk());
    context.wants = [&](const std::string& url) {
      asked.push_back(url);
      return false;
    };
    int given = 0;
    const auto report = test.source->collect(context, [&](Item&& item) {
      given += item ? 1 : 0;
      return true;
    });
    CHECK(report);
    CHECK(given == 0);
    CHECK(!asked.empty());
    std::sort(asked.begin(), asked.end());
    CHECK(std::adjacent_find(asked.begin(), asked.end()) == asked.end());

    SourceTest stopped(id, {{"path", fixtures(id).string()}});
    stopped.authors = {"haneul@example.org"};
    stopped.stop.request_stop();
    const auto end = stopped.run();
    if (end) CHECK(!end->complete);
    CHECK(stopped.documents.empty());
  }
}

TEST_CASE("Medium: posts with their canonical links; drafts and responses when asked for") {
  Everywhere all("medium_export");
  for (const fs::path& path : {fixtures("medium_export"), all.zip, all.nested}) {
    auto& test = all.run(path);
    CHECK(all.report->complete);
    CHECK(test.failures.empty());
    REQUIRE(test.documents.size() == 1);
    const auto& post = test.documents.at("https://medium.com/@haneul.bakes/bread-and-time-0a1b2c3d4e5f");
    CHECK(post.title == "빵과 시간");
    CHECK(post.authors == std::vector<std::string>{"김하늘"});
    CHECK(format_time(post.published) == "2021-03-04T05:06:07.000Z");
    CHECK(post.metadata.at("medium_url") == "https://medium.com/p/0a1b2c3d4e5f");
    const auto out = cleaned_item(post);
    CHECK(contains(out.markdown, "**맛**이 따라오지 않는다"));
    CHECK(contains(out.markdown, "hours = 6"));
    CHECK(!contains(out.markdown, "Exported from"));
    CHECK(!contains(out.markdown, "기다림이다…"));
  }
  Everywhere everything("medium_export", {{"drafts", "true"}, {"responses", "true"}});
  CHECK(titles(everything.run(everything.zip)) == std::vector<std::string>{"I agree with this", "Rye", "빵과 시간"});
}

TEST_CASE("LinkedIn: shares with their quotes undone, articles, the profile as one document") {
  Everywhere all("linkedin_export");
  for (const fs::path& path : {fixtures("linkedin_export"), all.zip, all.nested}) {
    auto& test = all.run(path);
    CHECK(all.report->complete);
    CHECK(test.failures.empty());
    CHECK(test.documents.size() == 4);
    const auto& share = test.documents.at("https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A6773");
    CHECK(share.bytes == "르방을 하나 키우기 시작했다.\n\n매일 같은 시간에 먹이를 준다, \"정확히\" 아침 일곱 시에.");
    CHECK(format_time(share.published) == "2021-03-04T05:06:07.000Z");
    CHECK(share.metadata.at("shared_url") == "https://example.org/starter");
    CHECK(share.metadata.at("visibility") == "MEMBER_NETWORK");
    const auto& article = test.documents.at("https://www.linkedin.com/pulse/bread-and-code-haneul-kim");
    CHECK(article.title == "빵과 코드");
    CHECK(format_time(article.published) == "2020-01-02T03:04:00.000Z");
    CHECK(contains(cleaned_item(article).markdown, "반죽도 빌드도 기다려야 한다."));
    const auto profile = std::find_if(test.documents.begin(), test.documents.end(),
                                      [](const auto& entry) { return entry.second.metadata.at("kind") == "profile"; });
    REQUIRE(profile != test.documents.end());
    CHECK(profile->second.bytes ==
          "# 김하늘\n\n제빵사 그리고 개발자\n\n빵과 코드를 만든다.\n둘 다 시간이 걸린다.\n\n## Head baker, Slow "
          "Bakery\n\nMar 2019 – \n\nRye, wheat and patience.\n\n"
          "## 개발자, 느린 소프트웨어\n\nJan 2015 – Feb 2019\n\n");
    CHECK(!contains(profile->second.bytes, "street"));
  }
}

TEST_CASE("LinkedIn in Korean, and in a language whose headers are not known") {
  const TempFolder folder;
  const std::string link = "https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A1";
  const fs::path korean = pack(
      folder.path() / "k.zip",
      {{"공유.csv", "\xEF\xBB\xBF날짜,공유 링크,공유 내용,공유된 URL,미디어 URL,공개 범위\n2021-03-04 05:06:07 UTC," +
                        link + ",안녕,,,PUBLIC\n"}});
  SourceTest test("linkedin_export", {{"path", korean.string()}});
  REQUIRE(test.run());
  REQUIRE(test.documents.size() == 1);
  CHECK(test.documents.at(link).bytes == "안녕");
  CHECK(format_time(test.documents.at(link).published) == "2021-03-04T05:06:07.000Z");
  const fs::path unknown =
      pack(folder.path() / "u.zip", {{"x.csv", "α,β,γ,δ,ε,ζ\n2021-03-04 05:06:07," + link + ",bonjour,,,PUBLIC\n"}});
  SourceTest other("linkedin_export", {{"path", unknown.string()}});
  REQUIRE(other.run());
  CHECK(other.documents.at(link).bytes == "bonjour");

  const fs::path quotes =
      pack(folder.path() / "q.zip",
           {{"Shares.csv", "Date,ShareLink,ShareCommentary,SharedUrl,MediaUrl,Visibility\n2021-03-04 05:06:07," + link +
                               ",\"one \"\"\n\"\"\"\"\n\"\"two\",,,\n2021-03-04 05:06:07,https://l.example/2,\"he said "
                               "\"\"yes\"\"\nand left\",,,\n"}});
  SourceTest quoted("linkedin_export", {{"path", quotes.string()}});
  REQUIRE(quoted.run());
  CHECK(quoted.documents.at(link).bytes == "one \n\ntwo");
  CHECK(quoted.documents.at("https://l.example/2").bytes == "he said \"yes\"\nand left");

  const fs::path broken =
      pack(folder.path() / "b.zip",
           {{"Shares.csv", "Date,ShareLink,ShareCommentary,SharedUrl,MediaUrl,Visibility\n2021-03-04 05:06:07," + link +
                               ",first,,,\n2021-03-04 05:06:08,x,\"never ends"}});
  SourceTest cut("linkedin_export", {{"path", broken.string()}});
  const auto report = cut.run();
  REQUIRE(report);
  CHECK(!report->complete);
  CHECK(cut.documents.size() == 1);
  CHECK(cut.failures.size() == 1);
}

TEST_CASE("X: threads joined, links expanded, long posts whole, retweets and replies left out") {
  Everywhere all("x_archive");
  for (const fs::path& path : {fixtures("x_archive"), all.zip, all.nested}) {
    auto& test = all.run(path);
    CHECK(all.report->complete);
    CHECK(test.failures.empty());
    CHECK(test.order == std::vector<std::string>{"https://x.com/haneul_bakes/status/1500000000000000001",
                                                 "https://x.com/haneul_bakes/status/1500000000000000011"});
    const auto& thread = test.documents.at(test.order[0]);
    CHECK(thread.bytes ==
          "빵 굽는 법 & 순서: 첫째, 기다린다. #빵 https://example.org/bread\n\n둘째, 온도를 잰다. {괄호}와 "
          "\"따옴표\"도 글이다.");
    CHECK(thread.metadata.at("kind") == "thread");
    CHECK(thread.metadata.at("tags") == "빵");
    CHECK(thread.language == "ko");
    CHECK(thread.authors == std::vector<std::string>{"김하늘"});
    CHECK(format_time(thread.published) == "2022-03-05T10:00:00.000Z");
    CHECK(contains(test.documents.at(test.order[1]).bytes, "rye needs acid, or it stays sticky."));
  }
  Everywhere with("x_archive", {{"replies", "true"}});
  CHECK(with.run(with.zip).documents.size() == 3);
}

TEST_CASE("X: one broken post costs one post; old archives have no frame") {
  const TempFolder folder;
  const fs::path zip =
      pack(folder.path() / "x.zip",
           {{"data/account.js", "window.YTD.account.part0 = [{\"account\":{\"username\":\"u\",\"accountId\":\"1\"}}]"},
            {"tweet.js",
             "window.YTD.tweet.part0 = [ {\"id_str\":\"1\",\"full_text\":\"one\",\"created_at\":\"Sat Mar 05 10:00:00 "
             "+0000 2022\"},"
             "{\"id_str\": broken}, {\"full_text\":\"no id\"}, {\"id_str\":\"2\",\"full_text\":\"two \\\"}{\\\" "
             "\\ud83c\\udf5e\"} ]"}});
  SourceTest test("x_archive", {{"path", zip.string()}});
  const auto report = test.run();
  REQUIRE(report);
  CHECK(!report->complete);
  CHECK(test.failures.size() == 2);
  REQUIRE(test.documents.size() == 2);
  CHECK(test.documents.at("https://x.com/u/status/2").bytes == "two \"}{\" 🍞");
  for (const std::string script :
       {"", "window.YTD.tweets.part0 = ", "x = 5", "window.YTD.tweets.part0 = [{\"tweet\":"}) {
    SourceTest bad("x_archive", {{"path", pack(folder.path() / "bad.zip", {{"data/tweets.js", script}}).string()}});
    CAPTURE(script);
    REQUIRE(bad.run());
    CHECK(bad.failures.size() == 1);
  }
}

TEST_CASE("Obsidian: links, embeds, callouts, tags, comments, block ids; templates and trash left out") {
  Everywhere all("obsidian");
  for (const fs::path& path : {fixtures("obsidian"), all.zip, all.nested}) {
    auto& test = all.run(path);
    CHECK(all.report->complete);
    CHECK(test.failures.empty());
    CHECK(titles(test) == std::vector<std::string>{"2024-03-05", "르방", "밀가루"});
    for (const auto& [url, note] : test.documents) {
      const std::string root = path == all.nested ? "my export/" : "";
      if (note.title == "2024-03-05") {
        CHECK(note.metadata.at("kind") == "daily note");
        CHECK(format_time(note.published) == "2024-03-05T00:00:00.000Z");
        CHECK(contains(note.bytes, "오늘은 호밀빵을 구웠다."));
      }
      if (note.title != "르방") continue;
      CHECK(note.metadata.at("tags") == "빵, 발효, 발효/르방");
      CHECK(note.metadata.at("comments_removed") == "2");
      CHECK(contains(note.bytes, "물로 만든다. #발효/르방  자세한 것은 "));
      CHECK(contains(note.bytes, "고르기]("));
      CHECK(contains(note.bytes, "와 없는 글.\n"));
      CHECK(contains(note.bytes, "> **온도**\n>\n> 스물네 도가 좋다."));
      CHECK(contains(note.bytes, "![여섯 시간 뒤]("));
      CHECK(contains(note.bytes, "x = \"[[not a link]] %% #notag\""));
      CHECK(contains(note.bytes, "Inline `[[code]]` stays."));
      CHECK(!contains(note.bytes, "숨은 말"));
      CHECK(!contains(note.bytes, "^first"));
      const auto out = cleaned_item(note);
      CHECK(format_time(out.published) == "2024-02-01T00:00:00.000Z");
    }
  }
  Everywhere plain("obsidian", {{"daily_notes", "false"}, {"documents", "true"}});
  CHECK(titles(plain.run(fixtures("obsidian"))) == std::vector<std::string>{"", "르방", "밀가루"});
}

TEST_CASE("Notion: ids out of names, links to addresses, properties of rows, databases as tables or pages") {
  const std::string id = "123456789abcdef0123456789abcdef", base = "https://www.notion.so/";
  Everywhere all("notion_export");
  for (const fs::path& path : {fixtures("notion_export"), all.zip, all.nested}) {
    auto& test = all.run(path);
    CHECK(all.report->complete);
    CHECK(test.failures.empty());
    CHECK(titles(test) == std::vector<std::string>{"글감", "봄날", "여행: 계획과 준비", "준비물"});
    const auto& page = test.documents.at(base + "0" + id);
    CHECK(contains(page.bytes, "[준비물](" + base + "1" + id + ")과 [글감](" + base + "2" + id + ")을 보라."));
    CHECK(contains(test.documents.at(base + "1" + id).bytes, "참고: 가볍게."));
    const auto& row = test.documents.at(base + "3" + id);
    CHECK(row.metadata.at("tags") == "산문, 여행");
    CHECK(format_time(row.published) == "2024-01-05T15:12:00.000Z");
    CHECK(cleaned_item(row).markdown == "# 봄날\n\n봄은 늦게 온다.");
    CHECK(test.documents.at(base + "2" + id).bytes ==
          "| 이름 | 태그 | 날짜 |\n| --- | --- | --- |\n| 봄날 | 산문, 여행 | 2024년 1월 5일 오후 3:12 |\n| 가을 \\| "
          "겨울 | 시 |  |\n");
  }
  Everywhere pages("notion_export", {{"databases", "pages"}});
  CHECK(titles(pages.run(pages.zip)) ==
        std::vector<std::string>{"가을 | 겨울", "봄날", "봄날", "여행: 계획과 준비", "준비물"});
  Everywhere none("notion_export", {{"databases", "none"}});
  CHECK(none.run(none.zip).documents.size() == 3);
}

TEST_CASE("Notion: a large export comes in parts, one of which may be broken; HTML keeps its links too") {
  const TempFolder folder;
  const std::string id = "123456789abcdef0123456789abcdef";
  const std::string one =
      disk()
          .read(pack(folder.path() / "1.zip",
                     {{"A 0" + id + ".html", "<html><body><article><h1>A</h1><p>Text of A, <a href=\"B%201" + id +
                                                 ".html\">to B</a>.</p></article></body></html>"}}))
          .value();
  const fs::path zip = pack(
      folder.path() / "e.zip",
      {{"Export-x-Part-1.zip", one}, {"Export-x-Part-2.zip", one.substr(0, 40)}, {"index.html", "<p>contents</p>"}});
  CHECK(source_for(zip.string()).value().id == "notion_export");
  SourceTest test("notion_export", {{"path", zip.string()}});
  const auto report = test.run();
  REQUIRE(report);
  CHECK(!report->complete);
  REQUIRE(test.documents.size() == 1);
  CHECK(contains(test.documents.begin()->second.bytes, "href=\"https://www.notion.so/1" + id + "\""));
  REQUIRE(test.failures.size() == 1);
  CHECK(contains(test.failures[0].where, "Part-2"));
}

TEST_CASE("WordPress: posts as HTML with authors and tags; statuses, types and passwords; broken items alone") {
  Everywhere all("wordpress_export");
  const fs::path file = fixtures("wordpress_export") / "haneul.WordPress.2024-01-31.xml";
  for (const fs::path& path : {file, fixtures("wordpress_export"), all.zip, all.nested}) {
    auto& test = all.run(path);
    CHECK(all.report->complete);
    CHECK(test.failures.empty());
    CHECK(test.order == std::vector<std::string>{"https://bakery.example.org/2020/01/rye/",
                                                 "https://bakery.example.org/2010/05/old/"});
    const auto& rye = test.documents.at(test.order[0]);
    CHECK(rye.title == "호밀빵 <굽는> 법");
    CHECK(rye.authors == std::vector<std::string>{"김하늘"});
    CHECK(rye.metadata.at("tags") == "호밀, 산");
    CHECK(rye.metadata.at("categories") == "빵");
    CHECK(format_time(rye.published) == "2020-01-02T03:04:05.000Z");
    CHECK(contains(cleaned_item(rye).markdown, "이라는 글자는 끝이 아니다."));
    const auto& old = test.documents.at(test.order[1]);
    CHECK(old.metadata.at("shortcodes_removed") == "1");
    const auto out = cleaned_item(old);
    CHECK(contains(out.markdown, "First paragraph[1]\\\nsecond line."));
    CHECK(contains(out.markdown, "![Loaf](https://bakery.example.org/a.jpg)"));
    CHECK(contains(out.markdown, "A loaf of rye"));
    CHECK(contains(out.markdown, "```python\nif a < b: pass\n```"));
    CHECK(!contains(out.markdown, "gallery"));
  }
  Everywhere drafts("wordpress_export", {{"statuses", "[publish, draft]"}, {"logins", "[haneul]"}});
  CHECK(titles(drafts.run(file)) == std::vector<std::string>{"Draft", "호밀빵 <굽는> 법"});

  const TempFolder folder;
  const std::string post =
      "<wp:status>publish</wp:status><wp:post_type>post</wp:post_type><content:encoded>text</content:encoded>";
  REQUIRE(disk().write(folder.path() / "b.xml", "<rss><channel><title>t</title><item><link>https://e.org/1</link>" +
                                                    post +
                                                    "</item><item><link>https://e.org/2</link><oops></item>"
                                                    "<item><link>https://e.org/3</link>" +
                                                    post + "</item><item><title>cut"));
  SourceTest test("wordpress_export", {{"path", (folder.path() / "b.xml").string()}});
  const auto report = test.run();
  REQUIRE(report);
  CHECK(!report->complete);
  CHECK(test.documents.size() == 2);
  CHECK(test.failures.size() == 2);
  REQUIRE(disk().write(
      folder.path() / "bomb.xml",
      "<!DOCTYPE r [<!ENTITY a \"xxxxxxxxxx\"><!ENTITY b "
      "\"&a;&a;&a;&a;\">]><rss><channel><item><link>https://e.org/1</link><wp:status>publish</wp:status>"
      "<wp:post_type>post</wp:post_type><content:encoded>&b; &b;</content:encoded></item></channel></rss>"));
  SourceTest bomb("wordpress_export", {{"path", (folder.path() / "bomb.xml").string()}});
  REQUIRE(bomb.run());
  for (const auto& [url, document] : bomb.documents) CHECK(document.bytes.size() < 60);

  REQUIRE(disk().write(folder.path() / "odd.xml",
                       "<rss><channel><item><title>t\xFF&#xD800;</title><link>https://e.org/1</link>" + post +
                           "</item></channel></rss>"));
  SourceTest odd("wordpress_export", {{"path", (folder.path() / "odd.xml").string()}});
  REQUIRE(odd.run());
  REQUIRE(odd.documents.size() == 1);
  CHECK(text::first_invalid_utf8(odd.documents.begin()->second.title) == std::string::npos);
}

TEST_CASE("mbox: mail of the author without quotes and signature, in any encoding, attachments left out") {
  Everywhere all("mbox");
  for (const fs::path& path : {fixtures("mbox") / "Sent.mbox", fixtures("mbox"), all.zip, all.nested}) {
    auto& test = all.run(path);
    CHECK(all.report->complete);
    CHECK(test.failures.empty());
    CHECK(test.order == std::vector<std::string>{"mid:m1@example.org", "mid:m3@example.org", "mid:m4@example.org",
                                                 "mid:m5@example.org"});
    const auto& first = test.documents.at("mid:m1@example.org");
    CHECK(first.title == "르방 기르기");
    CHECK(first.authors == std::vector<std::string>{"김하늘"});
    CHECK(first.bytes == "르방은 사흘이면 충분합니다.\nFrom here on it is ready.");
    CHECK(format_time(first.published) == "2024-02-05T10:00:00.000Z");
    CHECK(first.metadata.at("quoted_lines_removed") == "3");
    CHECK(first.metadata.at("signature_lines_removed") == "2");
    const auto& second = test.documents.at("mid:m3@example.org");
    CHECK(second.title == "호밀빵");
    CHECK(contains(second.bytes, "호밀빵은 다음 주에 굽습니다."));
    CHECK(second.media_type == "text/plain");
    CHECK(second.metadata.at("attachments_left_out") == "1");
    const auto html = cleaned_item(test.documents.at("mid:m4@example.org"));
    CHECK(html.markdown == "밀가루는 내일 옵니다.");
    CHECK(contains(test.documents.at("mid:m5@example.org").bytes, "소금은 나중에 넣습니다."));
  }
  Everywhere named("mbox", {{"from", "['Ann *']"}, {"quotes", "true"}});
  CHECK(titles(named.run(named.zip)) == std::vector<std::string>{"How long?"});
  SourceTest nobody("mbox", {{"path", fixtures("mbox").string()}});
  CHECK(nobody.run().error().kind == ErrorKind::usage);
}

TEST_CASE("mbox: limits, no mail at all, and hostile structure") {
  const TempFolder folder;
  const std::string head = "From a@b Mon Feb  5 10:00:00 2024\nFrom: A <a@b>\nMessage-ID: <";
  REQUIRE(disk().write(folder.path() / "x.mbox", head + "1@b>\n\nshort\n\n" + head + "2@b>\n\n" +
                                                     std::string(50'000, 'x') + "\n\n" + head +
                                                     "3@b>\n\nFrom here, no new mail begins.\nlast\n"));
  SourceTest test("mbox", {{"path", (folder.path() / "x.mbox").string()}});
  test.authors = {"a@b"};
  test.max_item_bytes = 10'000;
  const auto report = test.run();
  REQUIRE(report);
  CHECK(!report->complete);
  CHECK(test.order == std::vector<std::string>{"mid:1@b", "mid:3@b"});
  CHECK(contains(test.documents.at("mid:3@b").bytes, "From here, no new mail begins.\nlast"));
  REQUIRE(test.failures.size() == 1);
  CHECK(test.failures[0].kind == ErrorKind::limit);

  REQUIRE(disk().write(folder.path() / "no.mbox", "no mail\n"));
  SourceTest none("mbox", {{"path", (folder.path() / "no.mbox").string()}});
  none.authors = {"a@b"};
  REQUIRE(none.run());
  CHECK(none.failures.size() == 1);

  std::string nested = head + "4@b>\nMIME-Version: 1.0\n";
  for (int i = 0; i < 200; ++i)
    nested += "Content-Type: multipart/mixed; boundary=b" + std::to_string(i) + "\n\n--b" + std::to_string(i) + "\n";
  nested +=
      "Content-Type: text/plain; charset=no-such-charset\nContent-Transfer-Encoding: base64\n\n!!!!\xff\xfe====\n";
  REQUIRE(disk().write(folder.path() / "deep.mbox", nested));
  SourceTest deep("mbox", {{"path", (folder.path() / "deep.mbox").string()}});
  deep.authors = {"a@b"};
  CHECK(deep.run());
}
