#include "feature/collect/pictures.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/archive_for_test.h"
#include "core/hash.h"
#include "feature/clean/image/picture_for_test.h"
#include "feature/collect/beside.h"
#include "feature/collect/collect.h"

using namespace twin;
using namespace twin::feature;
using twin::feature::testing::picture;

namespace {

namespace fs = std::filesystem;

/// A tesseract in PATH that counts how often it reads, and hands over to the real one.
class CountedTesseract {
 public:
  CountedTesseract() : path_(std::getenv("PATH")) {
    const auto real = resolve_program("tesseract");
    REQUIRE_MESSAGE(real, "tesseract-ocr is not installed: run 'make setup'");
    const fs::path script = folder_.path() / "tesseract";
    value_or_throw(
        disk().write(script, fmt::format("#!/bin/sh\n[ \"$1\" = stdin ] && echo read >> {}\nexec {} \"$@\"\n",
                                         log().string(), real->string())));
    fs::permissions(script, fs::perms::owner_all);
    ::setenv("PATH", (folder_.path().string() + ":" + path_).c_str(), 1);
  }
  ~CountedTesseract() { ::setenv("PATH", path_.c_str(), 1); }
  CountedTesseract(const CountedTesseract&) = delete;
  CountedTesseract& operator=(const CountedTesseract&) = delete;

  [[nodiscard]] std::ptrdiff_t reads() const {
    const auto text = disk().read(log());
    return text ? std::count(text->begin(), text->end(), '\n') : 0;
  }

 private:
  [[nodiscard]] fs::path log() const { return folder_.path() / "log"; }
  TempFolder folder_;
  std::string path_;
};

/// A project with one source on disk.
struct PictureProject {
  explicit PictureProject(const std::string& type = "folder", const std::string& path = {}) {
    categories["articles"].id = "articles";
    categories["articles"].clean.formats.ocr_languages = "eng";
    categories["articles"].quality.enabled = false;  // the texts are short
    SourceConfig entry;
    config::Layer layer;
    layer.values = {{"type", type}, {"category", "articles"}, {"path", path.empty() ? writing().string() : path}};
    layer.origin = "test";
    fs::create_directories(writing());
    const auto errors = config::read({layer}, [&](config::Binder& b) { entry.bind(b); });
    REQUIRE(errors.empty());
    sources.push_back(entry);
  }

  [[nodiscard]] fs::path writing() const { return folder.path() / "writing"; }
  void put(const std::string& name, const std::string& bytes) const {
    value_or_throw(disk().write(writing() / name, bytes));
  }
  CollectReport run() {
    const CollectContext context{.warehouse = *warehouse,
                                 .categories = categories,
                                 .files = disk(),
                                 .http = http,
                                 .clock = system_clock(),
                                 .progress = silent_progress(),
                                 .scratch = folder.path() / "scratch",
                                 .stop = {}};
    return collect(config, sources, {}, context);
  }
  stores::Document document(const std::string& name) {
    std::optional<stores::Document> out;
    warehouse->each({}, [&](stores::Document&& found) {
      if (found.url.ends_with(name)) out = std::move(found);
      return true;
    });
    REQUIRE(out);
    return *out;
  }

  TempFolder folder;
  std::unique_ptr<stores::Warehouse> warehouse = stores::open_warehouse(folder.path() / "warehouse");
  std::map<std::string, Category> categories;
  FakeHttp http;
  CollectConfig config;
  std::vector<SourceConfig> sources;
};

}  // namespace

TEST_CASE("links to pictures that may lie beside a document") {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  CHECK(pictures_beside("![a](img/a.png) ![b](/static/b%20c.jpg?w=3) ![a again](img/a.png)", "file:///n/x.md") ==
        Pairs{{"img/a.png", "img/a.png"}, {"/static/b%20c.jpg?w=3", "/static/b c.jpg"}});
  CHECK(pictures_beside("![a](https://x.example/a.png) ![b](//cdn.example/b.png) ![c](data:image/png;base64,AA) "
                        "![d](#d.png) ![e](notes.pdf) ![f](f.svg)",
                        "file:///n/x.md")
            .empty());
  // A page of an export whose links were made absolute.
  CHECK(pictures_beside("![a](https://www.notion.so/Page%201/a.png)", "https://www.notion.so/0123") ==
        Pairs{{"https://www.notion.so/Page%201/a.png", "Page 1/a.png"}});
}

TEST_CASE("where a link may lead: beside the document, from the root, never outside") {
  using Places = std::vector<std::string>;
  CHECK(places_beside("posts/a.md", "img/x.png") == Places{"posts/img/x.png", "img/x.png"});
  CHECK(places_beside("posts/a.md", "../img/x.png") == Places{"img/x.png"});
  CHECK(places_beside("a.md", "x.png") == Places{"x.png"});
  CHECK(places_beside("posts/a.md", "/img/x.png") == Places{"img/x.png", "static/img/x.png", "public/img/x.png"});
  CHECK(places_beside("posts/a.md", "../../secret.png").empty());
  CHECK(places_beside("posts/a.md", "/../../secret.png").empty());
  CHECK(places_beside("posts/a.md", "").empty());
}

TEST_CASE("a symbolic link does not lead out of the folder") {
  const TempFolder folder;
  value_or_throw(disk().write(folder.path() / "secret" / "s.png", "secret"));
  value_or_throw(disk().write(folder.path() / "blog" / "own.png", "own"));
  fs::create_directory_symlink(folder.path() / "secret", folder.path() / "blog" / "img");
  std::map<std::string, Result<std::string>> found;
  files_beside(disk(), folder.path() / "blog", "a.md")(
      {"own.png", "img/s.png", "none.png"}, 1 << 20,
      [&](const std::string& link, Result<std::string>&& bytes) { found.insert_or_assign(link, std::move(bytes)); });
  CHECK(found.at("own.png") == "own");
  CHECK(found.at("img/s.png").error().kind == ErrorKind::not_found);
  CHECK(found.at("none.png").error().kind == ErrorKind::not_found);
}

TEST_CASE("what is written in pictures beside a document is read once, and again when they change") {
  const CountedTesseract tesseract;
  PictureProject project;
  project.put("a.md", "# On bread\n\nOwn words.\n\n![A poster](img/poster.png)");
  project.put("deep/b.md", "Other words, the same poster: ![](../img/poster.png)");
  project.put("img/poster.png", picture());
  auto report = project.run();
  CHECK(report.inserted == 2);
  CHECK(report.notes.empty());
  const auto first = project.document("/a.md");
  const auto texts = stores::picture_texts(first);
  REQUIRE(texts.size() == 1);
  CHECK(texts[0].source == "img/poster.png");
  CHECK(texts[0].sha256 == sha256_hex(picture()));
  CHECK(texts[0].markdown.find("Bread needs time and patience") != std::string::npos);
  CHECK(first.body.find("needs time") == std::string::npos);
  CHECK(stores::picture_texts(project.document("/b.md")).at(0).markdown == texts[0].markdown);
  CHECK(tesseract.reads() == 1);

  report = project.run();
  CHECK(report.unchanged == 2);
  CHECK(tesseract.reads() == 1);

  // Only the picture changes, not the document.
  project.put("img/poster.png", picture(true, "Salt comes later."));
  report = project.run();
  CHECK(report.updated == 2);
  CHECK(stores::picture_texts(project.document("/a.md")).at(0).markdown.find("Salt comes later") != std::string::npos);
  CHECK(project.document("/a.md").version == 2);
  CHECK(tesseract.reads() == 2);

  // Back to what was read before.
  project.put("img/poster.png", picture());
  CHECK(project.run().updated == 2);
  CHECK(tesseract.reads() == 2);

  project.config.images.ocr = "off";
  CHECK(project.run().updated == 2);
  CHECK(stores::picture_texts(project.document("/a.md")).empty());
  CHECK(tesseract.reads() == 2);
}

TEST_CASE("a picture that cannot be read is one note, and the document stays") {
  const CountedTesseract tesseract;
  PictureProject project;
  project.config.images.max_megapixels = 3;
  const std::string huge = "P5\n9000 9000\n255\n";
  project.put("a.md", "![x](gone.png) ![y](broken.png) ![z](huge.png) ![z](huge.png) ![i](icon.png) ![p](fine.png)");
  project.put("broken.png", "\x89PNG\r\n\x1a\n broken");
  project.put("huge.png", huge);
  project.put("icon.png", "P5\n8 8\n255\n" + std::string(64, '\0'));
  project.put("fine.png", picture());
  auto report = project.run();
  CHECK(report.inserted == 1);
  CHECK(report.failures.empty());
  REQUIRE(report.notes.size() == 3);
  CHECK(report.notes[0].message.find("gone.png") != std::string::npos);
  CHECK(report.notes[1].message.find("broken.png") != std::string::npos);
  CHECK(report.notes[2].message.find("9000 by 9000 pixels") != std::string::npos);
  CHECK(report.notes[2].hint.find("max_megapixels") != std::string::npos);
  for (const auto& note : report.notes) CHECK(note.where == project.document("/a.md").url);
  CHECK(stores::picture_texts(project.document("/a.md")).size() == 1);
  CHECK(tesseract.reads() == 2);  // the broken one and the fine one

  // A failure is kept, too.
  project.put("b.md", "![y](broken.png)");
  report = project.run();
  CHECK(report.inserted == 1);
  CHECK(report.unchanged == 1);
  CHECK(report.notes.size() == 1);
  CHECK(tesseract.reads() == 2);

  project.config.images.per_document = 1;
  project.config.images.max_megabytes = 1;
  project.put("fine.png", std::string(2 << 20, 'x'));
  project.put("a.md", "![p](fine.png) ![x](gone.png)");
  report = project.run();
  const auto said = [&](const char* what) {
    return std::any_of(report.notes.begin(), report.notes.end(),
                       [&](const Error& note) { return (note.message + note.hint).find(what) != std::string::npos; });
  };
  CHECK(said("1 pictures beyond per_document"));
  CHECK(said("max_megabytes"));
}

TEST_CASE("a language that is not installed is said once; nothing is read by another") {
  const CountedTesseract tesseract;
  PictureProject project;
  project.categories["articles"].clean.formats.ocr_languages = "eng+xxx_yyy";
  project.put("a.md", "![x](a.png)");
  project.put("b.md", "![x](a.png)");
  project.put("a.png", picture());
  const auto report = project.run();
  CHECK(report.inserted == 2);
  REQUIRE(report.notes.size() == 1);
  CHECK(report.notes[0].kind == ErrorKind::not_found);
  CHECK(report.notes[0].hint.find("tesseract-ocr-xxx-yyy") != std::string::npos);
  CHECK(stores::picture_texts(project.document("/a.md")).empty());
  CHECK(tesseract.reads() == 0);
}

TEST_CASE("without the program documents are collected as they are") {
  PictureProject project;
  project.put("a.md", "![x](a.png)");
  project.put("a.png", "no picture");
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  const auto report = project.run();
  const std::string identity = ocr_identity(project.config.images);
  ::setenv("PATH", path.c_str(), 1);
  CHECK(report.inserted == 1);
  CHECK(report.notes.empty());
  CHECK(identity.empty());
}

TEST_CASE("for a model that sees pictures their bytes are kept, whether or not OCR reads them") {
  PictureProject project;
  project.config.images.ocr = "off";
  project.put("a.md", "Own words. ![x](a.png) ![i](icon.png) ![h](huge.png) ![g](gone.png)");
  project.put("a.png", picture());
  project.put("icon.png", "P5\n8 8\n255\n" + std::string(64, '\0'));
  project.put("huge.png", "P5\n9000 9000\n255\n");
  CHECK(project.run().inserted == 1);
  CHECK(pictures_identity(project.config.images).empty());
  CHECK_FALSE(project.document("/a.md").metadata.contains(stores::shown_pictures_key));

  project.config.images.keep = true;
  project.config.images.max_megapixels = 3;
  auto report = project.run();
  CHECK(report.updated == 1);
  CHECK(report.failures.empty());
  CHECK(report.notes.size() == 2);  // the huge one and the one that is gone
  auto document = project.document("/a.md");
  const std::string before = sha256_hex(picture());
  CHECK(stores::shown_pictures(document) == std::vector<stores::ShownPicture>{{"a.png", before}});
  CHECK(value_or_throw(project.warehouse->objects().get(before)) == picture());
  CHECK(stores::picture_texts(document).empty());
  CHECK(project.run().unchanged == 1);

  project.put("a.png", picture(true, "Salt comes later."));
  CHECK(project.run().updated == 1);
  CHECK(project.document("/a.md").version == document.version + 1);
  CHECK(stores::shown_pictures(project.document("/a.md")).at(0).sha256 != before);

  project.config.images.keep = false;
  CHECK(project.run().updated == 1);
  CHECK(stores::shown_pictures(project.document("/a.md")).empty());
}

TEST_CASE("pictures of an export are read from its ZIP, those of a page whose links are absolute, too") {
  const TempFolder folder;
  const auto vault = pack(folder.path() / "vault.zip", {{"v/.obsidian/app.json", "{}"},
                                                        {"v/notes/a.md", "A note. ![[scan.png]] ![[gone.png]]"},
                                                        {"v/files/scan.png", picture()}});
  PictureProject obsidian("obsidian", vault.string());
  auto report = obsidian.run();
  CHECK(report.failures.empty());
  const auto note = obsidian.document("a.md");
  REQUIRE(stores::picture_texts(note).size() == 1);
  CHECK(stores::picture_texts(note)[0].markdown.find("Bread needs time") != std::string::npos);
  CHECK(obsidian.run().unchanged == 1);

  const std::string id = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
  const auto notion =
      pack(folder.path() / "Export.zip",
           {{"Bread " + id + ".html",
             "<html><body><article><h1>Bread</h1><p>Own words about the bread that I bake.</p><figure><img "
             "src=\"Bread%20" +
                 id + "/scan.png\" alt=\"\"></figure></article></body></html>"},
            {"Bread " + id + "/scan.png", picture()}});
  PictureProject pages("notion_export", notion.string());
  report = pages.run();
  CHECK(report.failures.empty());
  CHECK(report.notes.empty());
  const auto page = pages.document(id);
  REQUIRE(stores::picture_texts(page).size() == 1);
  CHECK(stores::picture_texts(page)[0].markdown.find("Bread needs time") != std::string::npos);
}
