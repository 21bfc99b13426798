// Parsers of exports on inputs that are made to take long or much room: each of these took minutes, or more memory than
// there is, when a mark without its end was looked for again and again.
#include <doctest/doctest.h>

#include "core/text/unicode.h"
#include "feature/sources/mbox/mail.h"
#include "feature/sources/notion_export/pages.h"
#include "feature/sources/obsidian/note.h"
#include "feature/sources/wordpress_export/items.h"
#include "feature/sources/x_archive/tweets.h"

using namespace twin;
using namespace twin::feature;

namespace {

constexpr int many = 300'000;

std::string repeated(std::string_view text, int times = many) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

std::vector<std::string> items_of(std::string_view bytes, std::size_t piece, std::size_t limit = 1u << 20) {
  std::vector<std::string> out;
  wordpress::ItemSplitter splitter(
      limit, [](std::string_view) {},
      [&](std::string_view item) {
        out.emplace_back(item);
        return true;
      });
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    const auto going = splitter.feed(bytes.substr(0, piece));
    if (!going) {
      out.push_back("error: " + going.error().message);
      return out;
    }
  }
  if (const auto end = splitter.finish(); !end) out.push_back("error: " + end.error().message);
  return out;
}

}  // namespace

TEST_CASE("WordPress: items are the same however the file is cut; marks in texts are none") {
  const std::string first =
      "<item><title>a</title><c><![CDATA[x </item> <item> y]]></c><d>1 < 2 <![CDATA[]]></d></item>";
  const std::string second = "<item><![CDATA[z]]]]></item>";
  const std::string file = "<rss><channel><title>t</title>\n" + first + "\n <itemize/> " + second + "</channel></rss>";
  for (std::size_t piece = 1; piece <= file.size(); ++piece) {
    CAPTURE(piece);
    CHECK(items_of(file, piece) == std::vector<std::string>{first, second});
  }
  const auto cut = items_of("<rss><channel><item><![CDATA[</item>", 5);
  REQUIRE(cut.size() == 1);
  CHECK(cut[0].find("in the middle of an item") != std::string::npos);
  const auto large = items_of("<channel><item>" + std::string(5000, 'x') + "</item>", 100, 1000);
  REQUIRE(large.size() == 1);
  CHECK(large[0].find("larger than 1000 bytes") != std::string::npos);
}

TEST_CASE("WordPress: marks without an end are looked for once") {
  const std::string item = "<item>" + repeated("<![CDATA[]]>") + "</item>";
  CHECK(items_of("<channel>" + item, 1u << 16, 1u << 26) == std::vector<std::string>{item});

  int removed = 0;
  for (const std::string_view mark :
       {"[", "[a", "[a]", "[code]", "[caption]", "[embed]x", "<pre", "[gallery]", "<p>"}) {
    CAPTURE(mark);
    const std::string html = wordpress::html_of(repeated(mark), removed);
    CHECK(html.size() < many * 40u);
  }
  CHECK(removed == many);  // of the galleries
  CHECK(wordpress::html_of("[code]a[code]b[/code]c", removed).find("<code>a[code]b</code>") != std::string::npos);
  CHECK(wordpress::html_of("[sic] [1] [code] x", removed) == "<p>[sic] [1] [code] x</p>\n");
}

TEST_CASE("Obsidian: links without an end, tags by the thousand, long lines") {
  const auto resolve = [](const std::string&) { return std::string(); };
  for (const std::string_view mark : {"[[", "![[", "# ", "#", "`a", "%%", "[[]] ", "#가", "^", "> [!"}) {
    CAPTURE(mark);
    const auto note = obsidian::read_note(repeated(mark), resolve);
    CHECK(note.markdown.size() <= repeated(mark).size() * 2 + 10);
  }
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "#tag" + std::to_string(i) + " ";
  const auto note = obsidian::read_note(text + "#tag7", resolve);
  REQUIRE(note.tags.size() == 100'000);
  CHECK(note.tags[7] == "tag7");
  const auto ends = obsidian::read_note("#빵/호밀. (#르방) #2024 a#b #x\"y", resolve);
  CHECK(ends.tags == std::vector<std::string>{"빵/호밀", "르방", "x"});
}

TEST_CASE("X: links are expanded at once, not one in another; entities of long texts") {
  const auto tweet = [](const std::string& text, const std::string& urls) {
    const auto parsed =
        x::parse_tweet(R"({"id_str":"1","full_text":")" + text + R"(","entities":{"urls":[)" + urls + "]}}");
    REQUIRE(parsed);
    return parsed->text;
  };
  const auto url = [](const std::string& from, const std::string& to) {
    return R"({"url":")" + from + R"(","expanded_url":")" + to + R"("})";
  };
  CHECK(tweet("a https://t.co/1 b https://t.co/12",
              url("https://t.co/1", "https://one.example/") + "," + url("https://t.co/12", "https://two.example/")) ==
        "a https://one.example/ b https://two.example/");
  // Each of these doubled the text: forty of them are a million million letters.
  std::string urls;
  for (int i = 0; i < 40; ++i) {
    urls += (i > 0 ? "," : "") + url("https://t.co/" + std::to_string(i), "https://t.co/" + std::to_string(i + 1) +
                                                                              " https://t.co/" + std::to_string(i + 1));
  }
  CHECK(tweet("https://t.co/0", urls) == "https://t.co/1 https://t.co/1");
  CHECK(tweet("aaa", url("a", "aa")) == "aaa");  // X shortens to addresses
  CHECK(tweet(repeated("&lt;"), "").size() == many);
}

TEST_CASE("mail: a subject of nothing but answers; Notion: a page of nothing but ids") {
  CHECK(mail::plain_subject(repeated("Re: ") + "plans") == "plans");
  CHECK(mail::plain_subject("RE: 회신: Fwd:[list] Plans") == "[list] Plans");
  CHECK(mail::plain_subject("re\xEF\xBC\x9A 한글") == "한글");

  const std::string id = "0123456789abcdef0123456789abcdef";
  CHECK(notion::with_page_links("[a](Sub%20" + id + ".md) (b " + id + ".md)") ==
        "[a](https://www.notion.so/" + id + ") (b " + id + ".md)");
  const std::string ids = repeated("a " + id + ".md)", 50'000);
  CHECK(notion::with_page_links(ids) == ids);
}
