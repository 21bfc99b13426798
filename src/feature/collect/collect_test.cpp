#include "feature/collect/collect.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace twin;
using namespace twin::feature;

namespace {

/// A source in the hands of the test.
class Scripted final : public Source {
 public:
  void bind(config::Binder& b) override { b.field("path", where, "Where"); }
  [[nodiscard]] std::string location() const override { return where; }
  [[nodiscard]] std::optional<std::string> fingerprint(SourceContext&) override { return print; }
  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    cursor_seen = context.cursor;
    authors_seen = context.authors;
    if (broken) return fail(ErrorKind::network, "unreachable");
    for (const auto& url : kept) context.unchanged(url);
    for (auto item : items) {
      if (!sink(std::move(item))) return SourceReport{};
    }
    return report;
  }

  std::string where = "/scripted";
  std::optional<std::string> print = "1";
  std::vector<Item> items;
  SourceReport report{.complete = true, .unchanged = false, .cursor = "c1"};
  bool broken = false;
  std::vector<std::string> kept;  ///< told to be as they were
  std::string cursor_seen;
  std::vector<std::string> authors_seen;
};

RawDocument text(const std::string& url, const std::string& content) {
  RawDocument raw;
  raw.url = url;
  raw.media_type = "text/markdown";
  raw.bytes = content;
  return raw;
}

struct Bench {
  Bench() {
    categories["notes"].id = "notes";
    categories["other"].id = "other";
    add();
  }

  Scripted& add(const std::string& where = "/scripted", const std::string& category = "notes") {
    auto source = std::make_shared<Scripted>();
    source->where = where;
    SourceConfig entry;
    entry.type = "scripted";
    entry.category = category;
    entry.source = source;
    sources.push_back(entry);
    scripted.push_back(source);
    return *source;
  }
  Scripted& first() { return *scripted.front(); }

  CollectContext context() {
    return {*warehouse,      categories, disk(), http, clock, silent_progress(), folder.path() / "scratch",
            stop.get_token()};
  }
  CollectReport run(const CollectConfig& config = {}) { return collect(config, sources, authors, context()); }

  std::map<std::string, stores::Document> documents() {
    std::map<std::string, stores::Document> out;
    warehouse->each({}, [&](stores::Document&& document) {
      out[document.url] = std::move(document);
      return true;
    });
    return out;
  }

  TempFolder folder;
  std::unique_ptr<stores::Warehouse> warehouse = stores::open_warehouse(folder.path());
  std::map<std::string, Category> categories;
  FakeHttp http;
  FakeClock clock;
  std::stop_source stop;
  std::vector<Author> authors = {{"Jane Doe", {"jane@example.org"}}};
  std::vector<SourceConfig> sources;
  std::vector<std::shared_ptr<Scripted>> scripted;
};

}  // namespace

TEST_CASE("items become documents; again, nothing changes; then only what did") {
  Bench bench;
  bench.first().items = {text("https://www.example.org/a/?utm_source=x", "# 제목\n\n본문"),
                         text("file:///b.md", "plain")};
  auto report = bench.run();
  CHECK(report.seen == 2);
  CHECK(report.inserted == 2);
  CHECK(report.failures.empty());
  auto documents = bench.documents();
  const auto& first = documents.at("https://example.org/a");
  CHECK(first.title == "제목");
  CHECK(first.body == "# 제목\n\n본문");
  CHECK(first.language == "ko");
  CHECK(first.source == "scripted");
  CHECK(first.metadata.at("source_location") == "/scripted");
  CHECK(bench.warehouse->objects().get(first.raw_sha256) == "# 제목\n\n본문");
  CHECK(documents.at("file:///b.md").title == "b.md");  // nothing better to be had
  CHECK(bench.warehouse->user(first.author_ids.at(0))->name == "Jane Doe");

  const std::string digest = bench.warehouse->digest();
  report = bench.run();
  CHECK(report.unchanged == 2);
  CHECK(bench.warehouse->digest() == digest);

  bench.first().items[1] = text("file:///b.md", "changed");
  report = bench.run();
  CHECK(report.updated == 1);
  CHECK(report.unchanged == 1);
  CHECK(bench.documents().at("file:///b.md").version == 2);
}

TEST_CASE("what a complete source no longer has is gone; nothing else is") {
  Bench bench;
  auto& other = bench.add("/elsewhere");
  bench.first().items = {text("file:///a.md", "a"), text("file:///b.md", "b"), text("file:///c.md", "c")};
  other.items = {text("file:///d.md", "d")};
  CHECK(bench.run().inserted == 4);

  SUBCASE("complete") {
    bench.first().items = {text("file:///a.md", "a")};
    CHECK(bench.run().deleted == 2);
    CHECK(bench.documents().size() == 2);
    bench.first().items = {text("file:///a.md", "a"), text("file:///b.md", "b")};
    CHECK(bench.run().revived == 1);
  }
  SUBCASE("not complete, unchanged, broken, or told to keep") {
    bench.first().items.clear();
    bench.first().report.complete = false;
    CHECK(bench.run().deleted == 0);
    bench.first().report = {.complete = true, .unchanged = true, .cursor = "c"};
    CHECK(bench.run().deleted == 0);
    bench.first().report = {.complete = true};
    bench.first().broken = true;
    const auto report = bench.run();
    CHECK(report.deleted == 0);
    REQUIRE(report.failures.size() == 1);
    CHECK(report.failures[0].where == "/scripted");
    bench.first().broken = false;
    CHECK(bench.run({.delete_missing = false}).deleted == 0);
    CHECK(bench.documents().size() == 4);
  }
  SUBCASE("what failed this time is not gone") {
    bench.first().items = {text("file:///a.md", "a"), fail(ErrorKind::io, "unreadable", "file:///b.md"),
                           text("file:///c.md", std::string("\0\0", 2))};
    const auto report = bench.run();
    CHECK(report.failures.size() == 2);
    CHECK(report.deleted == 0);
    CHECK(bench.documents().size() == 4);
  }
}

TEST_CASE("a failed item does not stop the others, and the cursor waits") {
  Bench bench;
  bench.first().items = {text("file:///a.md", "a"), fail(ErrorKind::limit, "too large", "file:///b.md"),
                         text("file:///c.md", "c")};
  auto report = bench.run();
  CHECK(report.inserted == 2);
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].where == "file:///b.md");
  bench.run();
  CHECK(bench.first().cursor_seen == "");
  bench.first().items.erase(bench.first().items.begin() + 1);
  bench.run();
  bench.run();
  CHECK(bench.first().cursor_seen == "c1");
  // Other rules, other reading: the cursor no longer holds.
  bench.categories["notes"].clean.drop_selectors = {"nav"};
  bench.run();
  CHECK(bench.first().cursor_seen == "");
}

TEST_CASE("the same address twice in a run counts once") {
  Bench bench;
  bench.first().items = {text("http://example.org/a", "one"), text("https://www.example.org/a/", "one")};
  auto& second = bench.add("/second");
  second.items = {text("https://example.org/a", "other")};
  const auto report = bench.run();
  CHECK(report.seen == 1);
  CHECK(report.inserted == 1);
  CHECK(report.notes.size() >= 2);
  CHECK(bench.documents().at("https://example.org/a").body == "one");
  // And neither source takes it for gone.
  CHECK(bench.run().deleted == 0);
}

TEST_CASE("authors: of the item, else of the source, else of the project") {
  Bench bench;
  auto named = text("file:///a.md", "a");
  named.authors = {"jane d", "Guest"};
  named.author_emails = {"JANE@example.org"};
  bench.first().items = {named, text("file:///b.md", "b")};
  auto& other = bench.add("/other");
  bench.sources.back().authors = {"Bob Roe"};
  other.items = {text("file:///c.md", "c")};
  bench.run();
  const auto names = [&](const std::string& url) {
    std::vector<std::string> out;
    const auto documents = bench.documents();
    for (const auto& id : documents.at(url).author_ids) out.push_back(bench.warehouse->user(id)->name);
    return out;
  };
  CHECK(names("file:///a.md") == std::vector<std::string>{"Jane Doe", "Guest"});  // known by the address
  CHECK(names("file:///b.md") == std::vector<std::string>{"Jane Doe"});
  CHECK(names("file:///c.md") == std::vector<std::string>{"Bob Roe"});
  CHECK(bench.first().authors_seen == std::vector<std::string>{"Jane Doe", "jane@example.org"});
  CHECK(other.authors_seen == std::vector<std::string>{"Bob Roe"});
}

TEST_CASE("unknown categories name the nearest one; short documents are kept and noted") {
  Bench bench;
  bench.sources[0].category = "nots";
  auto report = bench.run();
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].kind == ErrorKind::usage);
  CHECK(report.failures[0].hint.find("notes") != std::string::npos);

  bench.sources[0].category = "notes";
  bench.categories["notes"].clean.min_characters = 10;
  auto wrong = text("file:///w.md", "w");
  wrong.category = "none";
  auto other = text("file:///o.md", "o");
  other.category = "other";
  bench.first().items = {text("file:///s.md", "짧다"), wrong, other};
  report = bench.run();
  CHECK(report.failures.size() == 1);
  REQUIRE(report.notes.size() == 1);
  CHECK(report.notes[0].where == "file:///s.md");
  CHECK(bench.documents().at("file:///o.md").category == "other");
  CHECK(bench.documents().contains("file:///s.md"));
}

TEST_CASE("a stop between items: what was read stays, nothing is taken for gone") {
  Bench bench;
  bench.first().items = {text("file:///a.md", "a"), text("file:///b.md", "b")};
  bench.run();
  bench.stop.request_stop();
  bench.first().items = {};
  const auto report = bench.run();
  CHECK(report.deleted == 0);
  CHECK(bench.documents().size() == 2);
}

TEST_CASE("fingerprint: of all sources, none when one cannot tell") {
  Bench bench;
  const auto one = fingerprint(bench.sources, bench.context());
  CHECK(one.size() == 64);
  CHECK(fingerprint(bench.sources, bench.context()) == one);
  bench.first().print = "2";
  CHECK(fingerprint(bench.sources, bench.context()) != one);
  bench.add("/more").print = std::nullopt;
  CHECK(fingerprint(bench.sources, bench.context()).empty());
}

TEST_CASE("twin.yaml: keys of the source beside the common ones") {
  const auto read = [](const std::string& yaml, std::vector<SourceConfig>& sources) {
    const TempFolder folder;
    REQUIRE(disk().write(folder.path() / "twin.yaml", yaml));
    config::Layer layer;
    layer.file = folder.path() / "twin.yaml";
    return config::read({layer}, [&](config::Binder& b) { b.list("sources", sources, "Sources"); });
  };
  std::vector<SourceConfig> sources;
  const auto good = read(
      "sources:\n  - type: folder\n    category: articles\n    path: /tmp\n    exclude: ['*.txt']\n"
      "  - type: feed\n    category: posts\n    authors: [Jane]\n    url: https://example.org/feed\n",
      sources);
  for (const auto& error : good) MESSAGE(error.text());
  CHECK(good.empty());
  REQUIRE(sources.size() == 2);
  CHECK(sources[0].source->location() == "/tmp");
  CHECK(sources[1].source->location() == "https://example.org/feed");
  CHECK(sources[1].authors == std::vector<std::string>{"Jane"});

  const auto misspelt = read("sources:\n  - type: folder\n    category: a\n    path: /tmp\n    exlude: [x]\n", sources);
  REQUIRE(misspelt.size() == 1);
  CHECK(misspelt[0].text().find("twin.yaml:5") != std::string::npos);
  CHECK(misspelt[0].text().find("exclude") != std::string::npos);
  CHECK(!read("sources:\n  - type: foldr\n    category: a\n", sources).empty());
}

TEST_CASE("what a source knows to be unchanged is not gone; a cursor by item is kept though an item failed") {
  Bench bench;
  bench.first().items = {text("https://x.example/a", "a"), text("https://x.example/b", "b")};
  CHECK(bench.run().inserted == 2);
  bench.first().items = {fail(ErrorKind::network, "reset", "https://x.example/b")};
  bench.first().kept = {"http://www.x.example/a/"};
  bench.first().report = {.complete = true, .unchanged = false, .cursor = "c2", .cursor_by_item = true};
  bench.first().report.notes = {{ErrorKind::invalid, "paid", "", ""}};
  const auto report = bench.run();
  CHECK(report.deleted == 0);
  CHECK(report.unchanged == 1);
  CHECK(report.failures.size() == 1);
  REQUIRE(report.notes.size() == 1);
  CHECK(report.notes[0].where == "/scripted");
  CHECK(bench.documents().size() == 2);
  (void)bench.run();
  CHECK(bench.first().cursor_seen == "c2");

  // What was handed over but could not be stored must come again.
  RawDocument unreadable = text("https://x.example/c", std::string("\0\1\2", 3));
  bench.first().items = {unreadable};
  bench.first().report.cursor = "c3";
  CHECK(bench.run().failures.size() == 1);
  (void)bench.run();
  CHECK(bench.first().cursor_seen == "c2");
}
