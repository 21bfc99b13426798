#include "feature/embed/embed_pictures.h"

#include <doctest/doctest.h>

#include <tuple>

#include "core/files.h"
#include "feature/embed/build_index.h"
#include "feature/embed/engines_for_test.h"
#include "stores/warehouse/picture_texts.h"
#include "stores/warehouse/shown_pictures.h"

namespace twin::feature {
namespace {

/// A picture of 40 by 40 grey pixels.
std::string grey(char level) {
  return "P5\n40 40\n255\n" + std::string(1600, level);
}

/// One document with pictures, in an index of an engine that sees them.
struct Album {
  TempFolder folder;
  std::unique_ptr<stores::Warehouse> warehouse = stores::open_warehouse(folder.path() / "warehouse");
  std::unique_ptr<stores::Index> index = stores::open_index(folder.path() / "index");
  testing::FakeEmbedder embedder;
  testing::FakeTokenizer tokenizer;
  std::map<std::string, Category> categories;
  stores::Document document;

  Album() {
    embedder.sees = true;
    categories["articles"].id = "articles";
    categories["articles"].chunk.max_tokens = 12;
    document.url = "file:///album.md";
    document.category = "articles";
    document.title = "Album";
    document.body =
        "# Cats\n\nThe first paragraph is about cats and nothing else.\n\n![a cat](cat.pgm)\n\n# Dogs\n\n"
        "The second paragraph is about dogs, and it is as long as the first one.\n\n![](dog.pgm)\n\n"
        "A third paragraph says that there is no more to say about dogs.\n";
    show({{"cat.pgm", grey('c')}, {"dog.pgm", grey('d')}});
  }
  void show(const std::vector<std::pair<std::string, std::string>>& pictures) {
    std::vector<stores::ShownPicture> shown;
    for (const auto& [source, bytes] : pictures) {
      shown.push_back({source, value_or_throw(warehouse->objects().put(bytes))});
    }
    stores::set_shown_pictures(document, shown);
    warehouse->upsert(document);
  }
  IndexReport build() {
    EmbedConfig config;
    config.retry_wait_ms = 0;
    return build_index(config, {*warehouse, *index, embedder, tokenizer, categories, silent_progress(), {}});
  }
  /// The text of the passage that the picture leads to, and which one it is.
  std::pair<std::string, std::string> found(const std::string& bytes) {
    const auto hits = index->pictures(value_or_throw(embedder.embed_picture(bytes)), 1);
    REQUIRE(hits);
    REQUIRE(!hits->empty());
    CHECK(hits->front().score == doctest::Approx(1));
    return {index->chunk(hits->front().chunk_id)->text, hits->front().picture};
  }
};

TEST_CASE("a picture leads to the passage that shows it") {
  Album album;
  const IndexReport report = album.build();
  CHECK(report.failures.empty());
  CHECK(report.picture_notes.empty());
  CHECK(report.pictures == 2);
  CHECK(album.index->counts().pictures == 2);
  auto [text, source] = album.found(grey('c'));
  CHECK(text.find("a cat") != std::string::npos);
  CHECK(source == "cat.pgm");
  std::tie(text, source) = album.found(grey('d'));
  CHECK(text.find("dogs") != std::string::npos);
  CHECK(source == "dog.pgm");
}

TEST_CASE("a picture is embedded once, and again when its bytes or the model change") {
  Album album;
  static_cast<void>(album.build());
  CHECK(album.embedder.pictures() == 2);
  CHECK(album.build().unchanged == 1);
  CHECK(album.embedder.pictures() == 2);

  const std::string key = feature_key(album.document, album.categories["articles"], album.embedder);
  album.show({{"cat.pgm", grey('x')}, {"dog.pgm", grey('d')}});
  CHECK(feature_key(album.document, album.categories["articles"], album.embedder) != key);
  CHECK(album.build().indexed == 1);
  CHECK(album.embedder.pictures() == 3);
  CHECK(album.found(grey('x')).second == "cat.pgm");
  const int asked = album.embedder.pictures();

  // A picture that lies in another document, too.
  stores::Document other;
  other.url = "file:///other.md";
  other.category = "articles";
  other.title = "Other";
  other.body = "The same dog once more. ![](again.pgm)";
  stores::set_shown_pictures(other, {{"again.pgm", stores::shown_pictures(album.document).at(1).sha256}});
  album.warehouse->upsert(other);
  CHECK(album.build().pictures == 1);
  CHECK(album.embedder.pictures() == asked);

  album.embedder.hash = "model-b";
  CHECK(album.build().pictures == 3);
  CHECK(album.embedder.pictures() == asked + 2);

  album.warehouse->tombstone(album.document.id, 1);
  CHECK(album.build().removed == 1);
  CHECK(album.index->counts().pictures == 1);
}

TEST_CASE("a picture that cannot be embedded is a note, and tried again when its document is made again") {
  Album album;
  album.embedder.fail_on_picture = [](const std::string& bytes) -> std::optional<Error> {
    if (bytes == grey('c')) return Error{ErrorKind::invalid, "no picture at all", {}, {}};
    return std::nullopt;
  };
  album.show({{"cat.pgm", grey('c')}, {"dog.pgm", "no format that anybody knows"}});
  IndexReport report = album.build();
  CHECK(report.failures.empty());
  CHECK(report.indexed == 1);
  CHECK(report.pictures == 0);
  REQUIRE(report.picture_notes.size() == 2);
  CHECK(report.picture_notes[0].message.find("cat.pgm") != std::string::npos);
  CHECK(report.picture_notes[0].message.find("no picture at all") != std::string::npos);
  CHECK(report.picture_notes[0].where == album.document.url);
  CHECK(album.embedder.pictures() == 1);
  CHECK(album.build().unchanged == 1);
  CHECK(album.embedder.pictures() == 1);

  album.document.body += "\nOne more sentence.\n";
  album.warehouse->upsert(album.document);
  report = album.build();
  CHECK(report.picture_notes.size() == 2);
  CHECK(album.embedder.pictures() == 2);
}

TEST_CASE("what the engine or the store is at fault for is tried again by the next run") {
  Album album;
  bool down = true;
  album.embedder.fail_on_picture = [&](const std::string&) -> std::optional<Error> {
    if (down) return Error{ErrorKind::network, "the worker died", {}, {}};
    return std::nullopt;
  };
  IndexReport report = album.build();
  CHECK(report.failures.empty());
  CHECK(report.indexed == 1);  // found by its texts meanwhile
  CHECK(report.pictures == 0);
  CHECK(report.picture_notes.size() == 2);
  down = false;
  report = album.build();
  CHECK(report.indexed == 1);
  CHECK(report.pictures == 2);
  CHECK(album.build().unchanged == 1);

  album.show({{"cat.pgm", grey('q')}});
  std::filesystem::remove(album.warehouse->objects().path(stores::shown_pictures(album.document).at(0).sha256));
  report = album.build();
  CHECK(report.picture_notes.size() == 1);
  CHECK(album.build().indexed == 1);
}

TEST_CASE("a model that sees no pictures leaves everything as it was") {
  Album album;
  album.embedder.sees = false;
  CHECK(album.build().pictures == 0);
  CHECK(album.index->counts().pictures == 0);
  CHECK(album.embedder.pictures() == 0);
}

TEST_CASE("without an author's passage a picture leads to what OCR read in it; without any passage it is a note") {
  Album album;
  album.document.body = "# Only a heading\n\n![](cat.pgm)\n";
  stores::set_picture_texts(album.document, {{"cat.pgm", "aa", "Words in the picture, as many as a passage needs."}});
  album.show({{"cat.pgm", grey('c')}});
  CHECK(album.build().pictures == 1);
  CHECK(album.found(grey('c')).first.find("Words in the picture") != std::string::npos);

  stores::set_picture_texts(album.document, {});
  album.show({{"cat.pgm", grey('c')}});
  const IndexReport report = album.build();
  CHECK(report.pictures == 0);
  CHECK(report.picture_notes.size() == 1);
}

}  // namespace
}  // namespace twin::feature
