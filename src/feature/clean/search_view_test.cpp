#include "feature/clean/search_view.h"

#include <doctest/doctest.h>

#include "feature/chunk/sections.h"
#include "stores/warehouse/picture_texts.h"

using namespace twin;
using namespace twin::feature;

namespace {

stores::Document shown_document() {
  stores::Document document;
  document.title = "Installing";
  document.language = "en";
  document.body =
      "# Installing\n\nIntro.\n\n## Boot\n\n![boot menu](img/menu.png)\n\n## "
      "Disks\n\n![](img/disk%20layout.png?w=3)\n\nEnd.";
  return document;
}

}  // namespace

TEST_CASE("without readings the search view is the prose view") {
  const auto document = shown_document();
  const auto view = search_view(document);
  CHECK(view.text == prose_view(document.body).text);
  CHECK(view.pictures.size() == 2);
}

TEST_CASE("what OCR read stands behind the writing, under the headings of its picture, and is named") {
  auto document = shown_document();
  stores::set_picture_texts(document, {{"img/menu.png", "aa", "Graphical install\n\nAdvanced options"},
                                       {"img/disk%20layout.png?w=3", "bb", "/dev/sda1 root"}});
  const std::string own = prose_view(document.body).text;
  const auto view = search_view(document);
  CHECK(view.text.substr(0, own.size()) == own);
  CHECK(view.text.substr(own.size()) ==
        "\n\nInstalling\n\nBoot\n\nPicture (read by OCR): boot menu\n\nGraphical install\n\nAdvanced options"
        "\n\nInstalling\n\nDisks\n\nPicture (read by OCR): disk layout.png\n\n/dev/sda1 root");
  const auto found = sections(view, document.title);
  REQUIRE(found.size() == 5);
  CHECK(found[3].headings == std::vector<std::string>{"Boot", "Picture (read by OCR): boot menu"});
  CHECK(found[4].headings == std::vector<std::string>{"Disks", "Picture (read by OCR): disk layout.png"});
  REQUIRE(view.pictures.size() == 4);
  CHECK(view.pictures[2].read);
  CHECK(view.text.substr(view.pictures[2].span.start, view.pictures[2].span.end - view.pictures[2].span.start) ==
        "Graphical install\n\nAdvanced options");
  document.language = "ko";
  CHECK(search_view(document).text.find("그림 (OCR로 읽음): boot menu") != std::string::npos);
}

TEST_CASE("pictures of one section share its headings; one that is no longer shown stands under none") {
  stores::Document document;
  document.body = "## A\n\n![one](1.png) ![two](2.png)";
  stores::set_picture_texts(document, {{"1.png", "a", "erste"}, {"2.png", "b", "zweite"}, {"3.png", "c", "dritte"}});
  CHECK(search_view(document).text ==
        "A\n\none two\n\nA\n\nPicture (read by OCR): one\n\nerste\n\nPicture (read by OCR): two\n\nzweite"
        "\n\nPicture (read by OCR): 3.png\n\ndritte");
  const auto found = sections(search_view(document), "");
  CHECK(found.back().headings == std::vector<std::string>{"Picture (read by OCR): 3.png"});
}

TEST_CASE("readings are part of what a document is; other metadata is not") {
  auto document = shown_document();
  const std::string bare = stores::content_hash(document);
  document.metadata["tags"] = "x";
  CHECK(stores::content_hash(document) == bare);
  const std::vector<stores::PictureText> texts = {{"img/menu.png", "aa", "그래픽 설치 \"x\""}};
  stores::set_picture_texts(document, texts);
  CHECK(stores::content_hash(document) != bare);
  CHECK(stores::picture_texts(document) == texts);
  stores::set_picture_texts(document, {});
  CHECK(stores::content_hash(document) == bare);
  for (const char* broken : {"", "{", "[1]", "{\"a\":1}"}) {
    document.metadata[stores::picture_texts_key] = broken;
    CHECK(stores::picture_texts(document).empty());
  }
}
