#include <doctest/doctest.h>

#include "feature/collect/canonical_url.h"

using namespace twin::feature;

TEST_CASE("one page, one address") {
  for (const char* url : {"https://example.org/a/b", "HTTP://WWW.Example.ORG/a/b/", "https://example.org:443/a/b#part",
                          "http://example.org:80/a/./c/../b", "https://example.org/a/b?utm_source=x&fbclid=1",
                          " https://example.org/a/b?\n", "https://user:pass@example.org/a/%62"}) {
    CAPTURE(url);
    CHECK(canonical_url(url) == "https://example.org/a/b");
  }
  CHECK(canonical_url("https://example.org/?b=2&a=1&UTM_medium=m") == "https://example.org/?a=1&b=2");
  CHECK(canonical_url("https://example.org") == "https://example.org");
  CHECK(canonical_url("https://example.org/") == "https://example.org");
  CHECK(canonical_url("https://example.org:8443/x") == "https://example.org:8443/x");
  CHECK(canonical_url("https://www.kr/x") == "https://www.kr/x");
}

TEST_CASE("Korean addresses: written out or escaped, the same") {
  CHECK(canonical_url("https://velog.io/@me/한글") == canonical_url("https://velog.io/@me/%ed%95%9c%ea%b8%80"));
  CHECK(canonical_url("https://velog.io/@me/한글") == "https://velog.io/@me/%ED%95%9C%EA%B8%80");
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
       {"http://www.example.org/a%2fb/?q=한", "https://example.org/?x", "feed:x#1", "https://[::1]:8080/"}) {
    CAPTURE(url);
    CHECK(canonical_url(canonical_url(url)) == canonical_url(url));
  }
}

TEST_CASE("links") {
  CHECK(resolve_url("https://example.org/a/b", "../c?d#e") == "https://example.org/c?d#e");
  CHECK(resolve_url("https://example.org/a/", "//cdn.example/x") == "https://cdn.example/x");
  CHECK(resolve_url("https://example.org/a/", "mailto:me@example.org") == "mailto:me@example.org");
  CHECK(resolve_url("file:///x/y.html", "z.html") == "z.html");
  CHECK(resolve_url("", "z.html") == "z.html");
  CHECK(file_url("/a b/글.md") == "file:///a%20b/%EA%B8%80.md");
}
