#include "feature/collect/canonical_url.h"

#include <doctest/doctest.h>

#include <vector>

#include "core/files.h"
#include "feature/collect/host_name.h"

using namespace twin;
using namespace twin::feature;

namespace {

struct Row {
  const char* given;
  const char* canonical;
};

void check(const std::vector<Row>& rows) {
  for (const auto& row : rows) {
    const std::string given = row.given, canonical = row.canonical;
    CAPTURE(given);
    CHECK(canonical_url(given) == canonical);
    CHECK_MESSAGE(canonical_url(canonical) == canonical, "a fixed point: ", canonical);
  }
}

}  // namespace

TEST_CASE("one page, one address") {
  for (const char* url : {"https://example.org/a/b",
                          "HTTP://WWW.Example.ORG/a/b/",
                          "https://example.org:443/a/b#part",
                          "http://example.org:80/a/./c/../b",
                          "https://example.org/a/b?utm_source=x&fbclid=1",
                          " https://example.org/a/b?\n",
                          "https://user:pass@example.org/a/%62",
                          "https://example.org./a/b",
                          "https://example.org/a/%2e/c/%2E%2e/b",
                          "https://example.org/a\\b",
                          "https://m.example.org/a/b",
                          "https://mobile.example.org/a/b",
                          "https://amp.example.org/a/b/amp/",
                          "https://example.org/a/b/amp?amp=1",
                          "https://example.org/a/b/index.html",
                          "https://example.org/a/b/Index.PHP",
                          "https://example.org/a/b.amp",
                          "https://example-org.cdn.ampproject.org/c/s/example.org/a/b",
                          "https://www.google.com/amp/s/www.example.org/a/b",
                          "https://example.org/a/b;jsessionid=1A2B",
                          "https://example.org/(S(lit3py55t21z5v55vlm25s55))/a/b",
                          "https://example.org/a/b?PHPSESSID=0123456789abcdef0123456789abcdef",
                          "https://example.org/a/b?sid=0123456789abcdef0123456789abcdef",
                          "https://example.org/a/b#:~:text=x"}) {
    CAPTURE(url);
    CHECK(canonical_url(url) == "https://example.org/a/b");
  }
}

TEST_CASE("what names another page stays") {
  check({{"https://example.org/?b=2&a=1&UTM_medium=m", "https://example.org/?a=1&b=2"},
         {"https://example.org/?b=2&a=2&a=1", "https://example.org/?a=2&a=1&b=2"},
         {"https://example.org", "https://example.org"},
         {"https://example.org/", "https://example.org"},
         {"https://example.org:8443/x", "https://example.org:8443/x"},
         {"http://127.0.0.1:8000/a/", "http://127.0.0.1:8000/a"},
         {"https://www.kr/x", "https://www.kr/x"},
         {"https://m.kr/x", "https://m.kr/x"},
         {"https://mobile.de/x", "https://mobile.de/x"},
         {"https://amp.dev/x", "https://amp.dev/x"},
         {"https://www.co.kr/x", "https://www.co.kr/x"},
         {"https://example.org/amp", "https://example.org/amp"},
         {"https://example.org/index.php?p=3", "https://example.org/index.php?p=3"},
         {"https://example.org/?sid=3", "https://example.org/?sid=3"},
         {"https://example.org/?source=book", "https://example.org/?source=book"},
         {"https://example.org/search?q=a+b&page=2", "https://example.org/search?page=2&q=a+b"},
         {"https://example.org/#!/topic/1", "https://example.org/#!/topic/1"},
         {"https://example.org/app#/posts/3", "https://example.org/app#/posts/3"},
         {"https://example.org/app#/", "https://example.org/app"},
         {"https://example.org/a%2Fb", "https://example.org/a%2Fb"},
         {"https://example.org/a|b", "https://example.org/a%7Cb"},
         {"https://[::1]:8080/", "https://[::1]:8080"}});
}

TEST_CASE("parameters by which others count their readers") {
  for (const char* parameter : {"utm_source=a",
                                "UTM_campaign=b",
                                "fbclid=1",
                                "gclid=1",
                                "gbraid=1",
                                "gad_source=5",
                                "srsltid=1",
                                "msclkid=1",
                                "yclid=1",
                                "twclid=1",
                                "ttclid=1",
                                "li_fat_id=1",
                                "igshid=1",
                                "igsh=1",
                                "mc_cid=1",
                                "mc_eid=1",
                                "mkt_tok=1",
                                "ref_src=twsrc",
                                "_ga=1",
                                "_gl=1",
                                "pk_campaign=1",
                                "mtm_source=1",
                                "hsa_acc=1",
                                "_hsenc=1",
                                "_hsmi=1",
                                "__hstc=1",
                                "vero_id=1",
                                "oly_enc_id=1",
                                "wickedid=1",
                                "s_cid=1",
                                "at_medium=1",
                                "xtor=1",
                                "spm=a.b",
                                "scm=1",
                                "guccounter=1",
                                "_branch_match_id=1",
                                "cmpid=1",
                                "NaPm=ct",
                                "n_media=1",
                                "n_query=%ED",
                                "n_rank=1",
                                "n_ad_group=1",
                                "n_keyword_id=1",
                                "n_campaign_type=1",
                                "DMKW=1",
                                "outputType=amp",
                                "elqTrackId=1",
                                "source=rss----1a2b3c---4",
                                "source=user_profile---------3----------------------------"}) {
    CAPTURE(parameter);
    CHECK(canonical_url(std::string("https://example.org/a?x=1&") + parameter) == "https://example.org/a?x=1");
  }
}

TEST_CASE("Korean addresses: written out or escaped, host and path, the same") {
  check({{"https://velog.io/@me/한글", "https://velog.io/@me/%ED%95%9C%EA%B8%80"},
         {"https://velog.io/%40me/%ed%95%9c%ea%b8%80", "https://velog.io/@me/%ED%95%9C%EA%B8%80"},
         {"https://한글.한국/글", "https://xn--bj0bj06e.xn--3e0b707e/%EA%B8%80"},
         {"https://xn--bj0bj06e.xn--3e0b707e/%ea%b8%80", "https://xn--bj0bj06e.xn--3e0b707e/%EA%B8%80"},
         {"https://BÜCHER.example/", "https://xn--bcher-kva.example"},
         {"https://example.org/?q=한글", "https://example.org/?q=%ED%95%9C%EA%B8%80"}});
  CHECK(readable_url("https://xn--bj0bj06e.xn--3e0b707e/%EA%B8%80?a=%2F%ED%95") == "https://한글.한국/글?a=%2F%ED%95");
  CHECK(readable_url("file:///home/me/%EA%B8%80.md") == "file:///home/me/글.md");
  CHECK(readable_url("plain") == "plain");
  CHECK(unicode_host(ascii_host("한글.한국")) == "한글.한국");
}

TEST_CASE("a Naver blog's post is its blogId and logNo") {
  for (const char* url :
       {"https://blog.naver.com/some_one/223000000001", "http://m.blog.naver.com/some_one/223000000001",
        "https://blog.naver.com/PostView.naver?blogId=some_one&logNo=223000000001&redirect=Dlog&from=postView",
        "https://blog.naver.com/PostView.nhn?logNo=223000000001&blogId=Some_One",
        "https://m.blog.naver.com/PostView.naver?blogId=some_one&logNo=223000000001&proxyReferer=",
        "https://blog.naver.com/some_one/223000000001?fromRss=true&trackingCode=rss",
        "https://blog.naver.com/some_one?Redirect=Log&logNo=223000000001"}) {
    CAPTURE(url);
    CHECK(canonical_url(url) == "https://blog.naver.com/some_one/223000000001");
  }
  check({{"http://someone.blog.me/220000000001", "https://blog.naver.com/someone/220000000001"},
         {"https://blog.naver.com/PostList.naver?blogId=a&categoryNo=5",
          "https://blog.naver.com/PostList.naver?blogId=a&categoryNo=5"},
         {"https://rss.blog.naver.com/some_one.xml", "https://rss.blog.naver.com/some_one.xml"},
         {"https://m.blog.naver.com/some_one", "https://blog.naver.com/some_one"}});
}

TEST_CASE("the forms that one page has on known hosts") {
  check(
      {{"https://youtu.be/dQw4w9WgXcQ?si=abc&t=10", "https://youtube.com/watch?v=dQw4w9WgXcQ"},
       {"https://m.youtube.com/watch?feature=share&v=dQw4w9WgXcQ&list=PL1", "https://youtube.com/watch?v=dQw4w9WgXcQ"},
       {"https://www.youtube.com/shorts/dQw4w9WgXcQ", "https://youtube.com/watch?v=dQw4w9WgXcQ"},
       {"https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ", "https://youtube.com/watch?v=dQw4w9WgXcQ"},
       {"https://www.youtube.com/@me/videos?si=x", "https://youtube.com/@me/videos"},
       {"https://someone.tistory.com/m/12", "https://someone.tistory.com/12"},
       {"https://someone.tistory.com/m/entry/%EA%B8%80?category=77", "https://someone.tistory.com/entry/%EA%B8%80"},
       {"https://someone.tistory.com/m", "https://someone.tistory.com"},
       {"https://someone.tistory.com/category/cpp?page=2", "https://someone.tistory.com/category/cpp?page=2"},
       {"https://medium.com/@me/story-1a2b?source=rss------2&sk=3", "https://medium.com/@me/story-1a2b"},
       {"https://me.blogspot.co.kr/2020/01/a.html?m=1", "https://me.blogspot.com/2020/01/a.html"},
       {"https://ko.m.wikipedia.org/wiki/%EA%B8%80", "https://ko.wikipedia.org/wiki/%EA%B8%80"},
       {"https://en.wikipedia.org/w/index.php?title=Sourdough", "https://en.wikipedia.org/wiki/Sourdough"},
       {"https://en.wikipedia.org/w/index.php?oldid=3&title=Sourdough",
        "https://en.wikipedia.org/w/index.php?oldid=3&title=Sourdough"},
       {"https://mobile.twitter.com/me/status/1?s=20", "https://x.com/me/status/1"},
       {"https://x.com/me/status/1/photo/1", "https://x.com/me/status/1"},
       {"https://blog.x.com/a", "https://blog.x.com/a"},
       {"https://me.substack.com/p/a?r=1&s=w", "https://me.substack.com/p/a"},
       {"https://kr.linkedin.com/in/me?trk=x", "https://linkedin.com/in/me"},
       {"https://engineering.linkedin.com/blog/a", "https://engineering.linkedin.com/blog/a"},
       {"https://old.reddit.com/r/cpp/comments/1/a?share_id=2", "https://reddit.com/r/cpp/comments/1/a"},
       {"https://mbasic.facebook.com/me/posts/1?__tn__=x", "https://facebook.com/me/posts/1"},
       {"https://github.com/me/p?tab=readme-ov-file#install", "https://github.com/me/p"},
       {"https://v2.velog.io/@me/a", "https://velog.io/@me/a"},
       {"https://v2.velog.io/rss/@me", "https://v2.velog.io/rss/@me"},
       {"https://brunch.co.kr/@@abc/12?utm_source=x", "https://brunch.co.kr/@@abc/12"}});
}

TEST_CASE("what is no web address is left alone") {
  CHECK(canonical_url("  just text ") == "just text");
  CHECK(canonical_url("git:https://Example.org/R.git#A/b") == "git:https://Example.org/R.git#A/b");
  CHECK(canonical_url("git:git@example.org:me/r@0123") == "git:git@example.org:me/r@0123");
  CHECK(canonical_url("file:///A%20b/%c3%bc") == "file:///A%20b/%C3%BC");
  CHECK(canonical_url("http://") == "http://");
  CHECK(canonical_url("") == "");
}

TEST_CASE("it is a fixed point") {
  for (const char* url :
       {"http://www.example.org/a%2fb/?q=한", "https://example.org/?x", "feed:x#1", "https://[::1]:8080/",
        "https://m.m.example.org/amp/amp", "https://x-y.cdn.ampproject.org/c/s/m.example.org/a/amp",
        "https://www.www.example.org//a//", "https://example.org/%zz%", "https://a.blogspot.de/m?m=1",
        "https://example.org/..;jsessionid=1/index.html", "https://example.org/?&&a&=b&", "https://example.org/%00"}) {
    CAPTURE(url);
    const std::string once = canonical_url(url);
    CHECK(canonical_url(once) == once);
  }
}

TEST_CASE("a page's own word on its address") {
  const std::string page = "https://example.org/a?ref=x";
  CHECK(page_url(page, "https://www.example.org/a") == "https://example.org/a");
  CHECK(page_url(page, "/a/") == "https://example.org/a");
  CHECK(page_url(page, "https://blog.example.org/a") == "https://blog.example.org/a");
  CHECK(page_url(page, "") == "https://example.org/a?ref=x");
  CHECK_MESSAGE(page_url(page, "https://other.org/a") == "https://example.org/a?ref=x", "another site");
  CHECK_MESSAGE(page_url(page, "https://example.org/") == "https://example.org/a?ref=x", "the home page");
  CHECK(page_url(page, "javascript:x") == "https://example.org/a?ref=x");
  CHECK_MESSAGE(page_url("https://b.co.kr/a", "https://c.co.kr/a") == "https://b.co.kr/a", "no site ends at co.kr");
  CHECK_MESSAGE(page_url("https://me.github.io/a", "https://you.github.io/a") == "https://me.github.io/a", "tenants");
  CHECK(page_url("https://me.tistory.com/12", "https://you.tistory.com/12") == "https://me.tistory.com/12");
  CHECK(page_url("https://me.tistory.com/m/12", "https://me.tistory.com/12") == "https://me.tistory.com/12");
  CHECK_MESSAGE(page_url("https://example.org/view.php?id=3", "https://example.org/view.php") ==
                    "https://example.org/view.php?id=3",
                "a template that declares the same for every page");
  CHECK(page_url("file:///a.html", "https://example.org/a") == "file:///a.html");
}

TEST_CASE("what people give as a place") {
  CHECK(address_of("velog.io/@me") == "https://velog.io/@me");
  CHECK(address_of("example.co.kr") == "https://example.co.kr");
  CHECK(address_of("한글.한국/글") == "https://한글.한국/글");
  CHECK(address_of("example.org:8080/a") == "https://example.org:8080/a");
  for (const char* same :
       {"https://velog.io/@me", "git@example.org:me/p", "./posts", "../a.io/b", "/srv/a.io", "~/a.io", "posts",
        "notes.md", "docs/readme.md", "user@example.org", "", "no.such-suffix/a", "192.168.0.1.2"}) {
    CAPTURE(same);
    CHECK(address_of(same) == same);
  }
  const TempFolder folder;
  const auto here = (folder.path() / "a.io").string();
  REQUIRE(disk().write(here, "x"));
  CHECK(address_of(here) == here);
}

TEST_CASE("links") {
  CHECK(resolve_url("https://example.org/a/b", "../c?d#e") == "https://example.org/c?d#e");
  CHECK(resolve_url("https://example.org/a/", "//cdn.example/x") == "https://cdn.example/x");
  CHECK(resolve_url("https://example.org/a/", "mailto:me@example.org") == "mailto:me@example.org");
  CHECK(resolve_url("file:///x/y.html", "z.html") == "z.html");
  CHECK(resolve_url("", "z.html") == "z.html");
  CHECK(file_url("/a b/글.md") == "file:///a%20b/%EA%B8%80.md");
  CHECK(path_of_file_url(file_url("/a b/글%.md")) == "/a b/글%.md");
  CHECK(path_of_file_url("https://example.org/a") == std::nullopt);
}
