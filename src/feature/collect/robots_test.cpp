// The behaviour that RFC 9309 and the published test cases of Google's parser ask for.
#include "feature/collect/robots.h"

#include <doctest/doctest.h>

using namespace twin::feature;

namespace {

bool allowed(std::string_view text, std::string_view target, std::string_view agent = "FooBot") {
  return Robots::parse(text, agent).allows(target);
}

}  // namespace

TEST_CASE("lines: keys without case, blanks, comments, any line end") {
  CHECK(!allowed("user-agent: FooBot\ndisallow: /\n", "/x"));
  CHECK(!allowed("USER-AGENT: FooBot\nDISALLOW: /\n", "/x"));
  CHECK(!allowed("  User-Agent \t:  FooBot  # who\n\tDisallow:/   # what\n", "/x"));
  for (const char* text : {"User-Agent: foobot\rDisallow: /a\rAllow: /b\r", "User-Agent: foobot\r\nDisallow: /a\r\n",
                           "User-Agent: foobot\n\n\n\nDisallow: /a", "User-Agent: foobot\r\n\r\nDisallow: /a\n\r"}) {
    CAPTURE(text);
    CHECK(!allowed(text, "/a"));
    CHECK(allowed(text, "/b"));
  }
  CHECK(!allowed("User-Agent: FooBot\nDisallow: /a\nAllow: /b", "/a/x"));
}

TEST_CASE("a colon may be missing between exactly two words; common misspellings are understood") {
  CHECK(!allowed("user-agent FooBot\ndisallow /\n", "/x/y"));
  CHECK(!allowed("user-agent\tFooBot\ndisallow\t/\n", "/x/y"));
  CHECK(allowed("user-agent FooBot\ndisallow / more words\n", "/x/y"));
  for (const char* key : {"dissallow", "dissalow", "disalow", "diasllow", "disallaw"}) {
    CAPTURE(key);
    CHECK(!allowed("user-agent: FooBot\n" + std::string(key) + ": /a/\n", "/a/b"));
  }
  for (const char* key : {"useragent", "user agent"}) {
    CHECK(!allowed(std::string(key) + ": FooBot\nDisallow: /\n", "/a"));
  }
  CHECK(allowed("foo: FooBot\nbar: /\n", "/x/y"));
}

TEST_CASE("rules before any user-agent are nobody's") {
  CHECK(allowed("Disallow: /\nAllow: /x\n", "/y"));
  CHECK(allowed("disallow: /foo/bar/\nuser-agent: FooBot\ndisallow: /x/\n", "/foo/bar/z"));
}

TEST_CASE("groups: several names, one set of rules; groups of the same name are merged") {
  const char* text =
      "allow: /foo/bar/\n"
      "\n"
      "user-agent: FooBot\n"
      "disallow: /\n"
      "allow: /x/\n"
      "user-agent: BarBot\n"
      "disallow: /\n"
      "allow: /y/\n"
      "\n"
      "\n"
      "allow: /w/\n"
      "user-agent: BazBot\n"
      "\n"
      "user-agent: FooBot\n"
      "allow: /z/\n"
      "disallow: /\n";
  for (const char* target : {"/x/b", "/z/d"}) CHECK(allowed(text, target));
  for (const char* target : {"/y/c", "/w/a", "/foo/bar/"}) CHECK(!allowed(text, target));
  for (const char* target : {"/y/c", "/w/a"}) CHECK(allowed(text, target, "BarBot"));
  for (const char* target : {"/x/b", "/z/d", "/foo/bar/"}) CHECK(!allowed(text, target, "BarBot"));
  CHECK(allowed(text, "/z/d", "BazBot"));
  for (const char* target : {"/x/b", "/y/c", "/w/a", "/foo/bar/"}) CHECK(!allowed(text, target, "BazBot"));
}

TEST_CASE("only rules end the list of names: other lines between them do not") {
  const char* text = "User-agent: BarBot\nSitemap: https://foo.bar/sitemap\nUser-agent: *\nDisallow: /\n";
  CHECK(!allowed(text, "/", "FooBot"));
  CHECK(!allowed(text, "/", "BarBot"));
  const char* unknown = "User-agent: FooBot\nInvalid-Unknown-Line: unknown\nUser-agent: *\nDisallow: /\n";
  CHECK(!allowed(unknown, "/", "FooBot"));
  CHECK(!allowed(unknown, "/", "BarBot"));
}

TEST_CASE("names: without case, up to the first character that cannot be part of one") {
  for (const char* name : {"FooBot", "foobot", "FOOBOT", "FooBot/2.1", "FooBot 2.1", "FooBot;x"}) {
    CAPTURE(name);
    CHECK(!allowed("user-agent: " + std::string(name) + "\ndisallow: /\n", "/x"));
  }
  for (const char* name : {"Foo", "FooBotter", "FooBot-News", "xFooBot", "Foo Bot", "2FooBot"}) {
    CAPTURE(name);
    CHECK(allowed("user-agent: " + std::string(name) + "\ndisallow: /\n", "/x"));
  }
  CHECK(product_token("Twin/0.3 (+https://example.org)") == "Twin");
  CHECK(product_token("My-Bot_x 1") == "My-Bot_x");
  CHECK(product_token("/x").empty());
}

TEST_CASE("* holds for those without a group of their own, and only for them") {
  const char* text = "user-agent: *\nallow: /x\ndisallow: /\nuser-agent: FooBot\nallow: /\n";
  CHECK(allowed(text, "/y"));
  CHECK(!allowed(text, "/y", "Other"));
  CHECK(allowed(text, "/x", "Other"));
  CHECK(allowed("user-agent: FooBot\ndisallow:\nuser-agent: *\ndisallow: /\n", "/x"));
  CHECK(allowed("user-agent: *\ndisallow: /\nuser-agent: FooBot\n", "/x"));  // named, with no rules
  CHECK(!allowed("user-agent: * baz\ndisallow: /\n", "/x"));
  CHECK(allowed("user-agent: *baz\ndisallow: /\n", "/x"));
  CHECK(allowed("", "/"));
  CHECK(allowed("user-agent: BarBot\ndisallow: /\n", "/"));
}

TEST_CASE("paths are compared with case, from their beginning") {
  CHECK(allowed("user-agent: FooBot\ndisallow: /X/\n", "/x/y"));
  CHECK(!allowed("user-agent: FooBot\ndisallow: /x/\n", "/x/y"));
  CHECK(allowed("user-agent: FooBot\ndisallow: /x\n", "/a/x"));
  CHECK(!allowed("user-agent: FooBot\ndisallow: /fish\n", "/fish.html"));
  CHECK(!allowed("user-agent: FooBot\ndisallow: /fish*\n", "/fishheads/yummy.html"));
  CHECK(allowed("user-agent: FooBot\ndisallow: /fish/\n", "/fish"));
  CHECK(!allowed("user-agent: FooBot\ndisallow: /fish/\n", "/fish/?id=anything"));
  CHECK(allowed("user-agent: FooBot\ndisallow: fish\n", "/fish"));
  CHECK(!allowed("user-agent: FooBot\ndisallow: /?q=\n", "/?q=x"));
}

TEST_CASE("the longest match decides; Allow when they are equal") {
  const auto both = [](const std::string& disallow, const std::string& allow, const char* target) {
    const std::string head = "user-agent: FooBot\n";
    const bool one = allowed(head + "disallow: " + disallow + "\nallow: " + allow + "\n", target);
    const bool other = allowed(head + "allow: " + allow + "\ndisallow: " + disallow + "\n", target);
    CHECK(one == other);
    return one;
  };
  CHECK(!both("/x/page.html", "/x/", "/x/page.html"));
  CHECK(both("/x/", "/x/page.html", "/x/page.html"));
  CHECK(!both("/x/", "/x/page.html", "/x/"));
  CHECK(both("", "", "/x/page.html"));
  CHECK(both("/", "/", "/x/page.html"));
  CHECK(!both("/x/", "/x", "/x/"));
  CHECK(both("/x", "/x/", "/x/"));
  CHECK(!both("/x/", "/x/page", "/x/other"));
  CHECK(!both("/page", "/*.html", "/page"));
  CHECK(both("/page", "/*.html", "/page.html"));
  CHECK(both("/x/page.", "/*.html", "/x/page.html") == false);
  CHECK(!both("/*.html", "/x", "/x.html"));
  CHECK(both("/p", "/page", "/page"));
  CHECK(both("/", "/$", "/"));
  CHECK(!both("/", "/$", "/page.htm"));
}

TEST_CASE("* is anything, $ is the end, and nothing else is special") {
  const auto hit = [](const std::string& pattern, const char* target) {
    return !allowed("user-agent: FooBot\ndisallow: " + pattern + "\n", target);
  };
  CHECK(hit("/*.php", "/index.php"));
  CHECK(hit("/*.php", "/folder/index.php?x"));
  CHECK(!hit("/*.php", "/windows.PHP"));
  CHECK(hit("/*.php$", "/folder/filename.php"));
  CHECK(!hit("/*.php$", "/filename.php?parameters"));
  CHECK(!hit("/*.php$", "/filename.php5"));
  CHECK(hit("/fish*.php", "/fishheads/catfish.php?parameters"));
  CHECK(!hit("/fish*.php", "/Fish.PHP"));
  CHECK(hit("*.php", "/a.php"));
  CHECK(hit("/a$b", "/a$b/c"));
  CHECK(hit("/a$", "/a"));
  CHECK(!hit("/a$", "/a$"));
  CHECK(hit("/a*b*c$", "/a1b2b3c4c"));
  CHECK(!hit("/a*b*c$", "/a1c2b3"));
  CHECK(hit("/**", "/x"));
  CHECK(hit("/*$", "/x"));
  CHECK(hit("/a*aa$", "/aaa"));
  CHECK(!hit("/a*aaa$", "/aaa"));
  CHECK(!hit("/a.c", "/abc"));
  CHECK(!hit("/[ab]", "/a"));
  CHECK(hit("/path/file-with-a-%2A.html", "/path/file-with-a-%2A.html"));
}

TEST_CASE("percent-encoding") {
  const auto both = [](const char* allow, const char* target) {
    return allowed("User-agent: FooBot\nDisallow: /\nAllow: " + std::string(allow) + "\n", target);
  };
  CHECK(both("/foo/bar?qux=taz&baz=http://foo.bar?tar&par", "/foo/bar?qux=taz&baz=http://foo.bar?tar&par"));
  CHECK(both("/foo/bar/ツ", "/foo/bar/%E3%83%84"));
  CHECK(both("/foo/bar/%E3%83%84", "/foo/bar/%e3%83%84"));
  CHECK(both("/글/", "/%EA%B8%80/1"));
  CHECK(both("/foo/bar/%62%61%7A", "/foo/bar/%62%61%7A"));
  CHECK(!both("/foo/bar/%62%61%7A", "/foo/bar/baz"));
  // In doubt, not allowed.
  CHECK(!allowed("User-agent: FooBot\nDisallow: /foo/bar/%62%61%7A\n", "/foo/bar/baz"));
  CHECK(!allowed("User-agent: FooBot\nDisallow: /baz\n", "/%62a%7A"));
  CHECK(allowed("User-agent: FooBot\nDisallow: /a%2Fb\n", "/a/b"));
  CHECK(!allowed("User-agent: FooBot\nDisallow: /a%2fb\n", "/a%2Fb"));
}

TEST_CASE("index pages stand for their folder; robots.txt itself is free") {
  const char* text = "User-Agent: *\nAllow: /allowed-slash/index.html\nDisallow: /\n";
  CHECK(allowed(text, "/allowed-slash/"));
  CHECK(!allowed(text, "/allowed-slash/index.htm"));
  CHECK(allowed(text, "/allowed-slash/index.html"));
  CHECK(!allowed(text, "/anyother"));
  CHECK(allowed(text, "/robots.txt"));
}

TEST_CASE("byte order marks, whole or cut, and binary rubbish") {
  const std::string rules = "User-Agent: FooBot\nDisallow: /\n";
  CHECK(!allowed("\xEF\xBB\xBF" + rules, "/x"));
  CHECK(!allowed("\xEF\xBB" + rules, "/x"));
  CHECK(!allowed("\xEF" + rules, "/x"));
  CHECK(allowed("\xEF\x11\xBF" + rules, "/x"));  // the first line is broken: its rules are nobody's
  CHECK(
      allowed("User-Agent: FooBot\n\xEF\xBB\xBF"
              "Disallow: /\n",
              "/x"));
  CHECK(!allowed(std::string("\0\x01\x02\xff\xfe\n", 6) + rules, "/x"));
  CHECK(allowed("<!DOCTYPE html><html><body>Not found: User-agent: * Disallow: /</body></html>", "/x"));
}

TEST_CASE("limits: 500 KiB, and very long lines are cut") {
  const std::string head = "User-agent: FooBot\nDisallow: /early\n";
  std::string text = head;
  while (text.size() < Robots::max_bytes) text += "# filling, filling, filling, filling\n";
  text += "Disallow: /late\n";
  CHECK(!allowed(text, "/early"));
  CHECK(allowed(text, "/late"));
  const std::string cut = "/" + std::string(20'000, 'a');
  CHECK(!allowed("User-agent: FooBot\nDisallow: " + cut + "/more\n", cut + "/less"));
  // Many stars against a long address: linear, not exponential.
  std::string stars = "User-agent: FooBot\nDisallow: /";
  for (int i = 0; i < 4000; ++i) stars += "*a";
  CHECK(allowed(stars + "*b$\n", "/" + std::string(100'000, 'a')));
}

TEST_CASE("Crawl-delay and sitemaps") {
  const auto robots = Robots::parse(
      "Sitemap: https://a.example/s1.xml\nUser-agent: *\nCrawl-delay: 10\nDisallow: /x\n"
      "User-agent: Twin\nCrawl-delay: 2.5\nCrawl-delay: -1\nCrawl-delay: soon\nsite-map: https://a.example/s2.xml\n",
      "Twin");
  CHECK(robots.crawl_delay() == 2.5);
  CHECK(robots.allows("/x"));
  CHECK(robots.sitemaps() == std::vector<std::string>{"https://a.example/s1.xml", "https://a.example/s2.xml"});
  CHECK(Robots::parse("User-agent: *\nCrawl-delay: 10\n", "Twin").crawl_delay() == 10);
  CHECK(!Robots::parse("Crawl-delay: 10\n", "Twin").crawl_delay());
  CHECK(!Robots::parse("User-agent: *\nCrawl-delay: inf\nCrawl-delay: nan\n", "Twin").crawl_delay());
}
