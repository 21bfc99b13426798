#include <doctest/doctest.h>

#include "feature/collect/media_type.h"
#include "feature/collect/path_filter.h"

using namespace twin::feature;

TEST_CASE("globs") {
  CHECK(glob_match("*.md", "a/b/c.md"));
  CHECK(!glob_match("*.md", "a.mdx"));
  CHECK(glob_match("docs/**", "docs/a/b.md"));
  CHECK(glob_match("docs/**/*.md", "docs/b.md"));
  CHECK(glob_match("**/drafts/*", "x/y/drafts/a"));
  CHECK(!glob_match("docs/*.md", "docs/a/b.md"));
  CHECK(glob_match("drafts/", "drafts/a/b"));
  CHECK(glob_match("./a/?.txt", "a/b.txt"));
  CHECK(glob_match("[ab].md", "x/a.md"));
  CHECK(glob_match("글/*.md", "글/첫.md"));
  CHECK(!glob_match("", "a"));
}

TEST_CASE("many wildcards take no exponential time") {
  std::string pattern, path;
  for (int i = 0; i < 30; ++i) pattern += "**/a/";
  for (int i = 0; i < 200; ++i) path += "a/";
  CHECK(!glob_match(pattern + "z", path + "b"));
}

TEST_CASE("what is hidden, vendored or excluded is left out") {
  PathFilter filter;
  CHECK(filter.accepts("posts/a.md"));
  CHECK(!filter.accepts(".github/a.md"));
  CHECK(!filter.accepts("web/node_modules/x/README.md"));
  CHECK(!filter.accepts("posts/.draft.md"));
  filter.hidden = true;
  CHECK(filter.accepts(".github/a.md"));
  CHECK(!filter.accepts(".git/config"));
  filter.skip_folders = {};
  CHECK(filter.accepts("web/node_modules/x/README.md"));
  filter.include = {"posts/**"};
  filter.exclude = {"*.html"};
  CHECK(filter.accepts("posts/a.md"));
  CHECK(!filter.accepts("posts/a.html"));
  CHECK(!filter.accepts("other/a.md"));
}

TEST_CASE("media types") {
  CHECK(media_type_of("a/README.MD") == "text/markdown");
  CHECK(media_type_of("x.xhtml") == "text/html");
  CHECK(media_type_of("guide.rst") == "text/plain");
  CHECK(media_type_of("README") == "text/plain");
  CHECK(media_type_of("src/main.cpp") == "text/x-cpp");
  CHECK(media_type_of("CMakeLists.txt") == "text/x-cmake");
  CHECK(media_type_of("photo.jpg") == "image/jpeg");
  CHECK(media_type_of("논문.PDF") == "application/pdf");
  CHECK(media_type_of("film.mp4") == "");
  CHECK(media_type_of(".gitignore") == "");
  CHECK(is_document_type("text/html"));
  CHECK(is_document_type("application/pdf"));
  CHECK(!is_document_type("image/png"));
  CHECK(!is_document_type("text/x-cpp"));
}
