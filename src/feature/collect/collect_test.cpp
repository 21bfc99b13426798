#include "feature/collect/collect.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>

#include "feature/collect/plan.h"

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
    for (const auto& url : unchanged) context.unchanged(url);
    for (auto item : items) {
      const std::string url = item ? item->url : item.error().where;
      if (asks && !context.wants(url)) continue;
      asked.push_back(url);
      if (!sink(std::move(item))) return SourceReport{};
    }
    if (finish) finish();
    return report;
  }

  std::string where = "/scripted";
  std::optional<std::string> print = "1";
  std::vector<Item> items;
  SourceReport report{.complete = true, .unchanged = false, .cursor = "c1"};
  bool broken = false;
  bool asks = false;                   ///< whether it calls wants(), as every source should
  std::vector<std::string> unchanged;  ///< what it knows to be as it was
  std::vector<std::string> asked;      ///< what was wanted, in order
  std::function<void()> finish;
  std::string cursor_seen;
  std::vector<std::string> authors_seen;
};

RawDocument post(const std::string& url, const std::string& content) {
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
    return {.warehouse = *warehouse,
            .categories = categories,
            .files = disk(),
            .http = http,
            .clock = clock,
            .progress = *progress,
            .scratch = folder.path() / "scratch",
            .stop = stop.get_token()};
  }
  CollectReport run(const CollectConfig& config = {}, const CollectSelection& selection = {}) {
    return collect(config, sources, authors, context(), selection);
  }

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
  ProgressSink* progress = &silent_progress();
  std::stop_source stop;
  std::vector<Author> authors = {{"Jane Doe", {"jane@example.org"}}};
  std::vector<SourceConfig> sources;
  std::vector<std::shared_ptr<Scripted>> scripted;
};

}  // namespace

TEST_CASE("items become documents; again, nothing changes; then only what did") {
  Bench bench;
  bench.first().items = {post("https://www.example.org/a/?utm_source=x", "# 제목\n\n본문"),
                         post("file:///b.md", "plain")};
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

  bench.first().items[1] = post("file:///b.md", "changed");
  report = bench.run();
  CHECK(report.updated == 1);
  CHECK(report.unchanged == 1);
  CHECK(bench.documents().at("file:///b.md").version == 2);
}

TEST_CASE("what a complete source no longer has is gone; nothing else is") {
  Bench bench;
  auto& other = bench.add("/elsewhere");
  bench.first().items = {post("file:///a.md", "a"), post("file:///b.md", "b"), post("file:///c.md", "c")};
  other.items = {post("file:///d.md", "d")};
  CHECK(bench.run().inserted == 4);

  SUBCASE("complete") {
    bench.first().items = {post("file:///a.md", "a")};
    CHECK(bench.run().deleted == 2);
    CHECK(bench.documents().size() == 2);
    bench.first().items = {post("file:///a.md", "a"), post("file:///b.md", "b")};
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
    bench.first().items = {post("file:///a.md", "a"), fail(ErrorKind::io, "unreadable", "file:///b.md"),
                           post("file:///c.md", std::string("\0\0", 2))};
    const auto report = bench.run();
    CHECK(report.failures.size() == 2);
    CHECK(report.deleted == 0);
    CHECK(bench.documents().size() == 4);
  }
}

TEST_CASE("a failed item does not stop the others, and the cursor waits") {
  Bench bench;
  bench.first().items = {post("file:///a.md", "a"), fail(ErrorKind::limit, "too large", "file:///b.md"),
                         post("file:///c.md", "c")};
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
  bench.first().items = {post("http://example.org/a", "one"), post("https://www.example.org/a/", "one")};
  auto& second = bench.add("/second");
  second.items = {post("https://example.org/a", "other")};
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
  auto named = post("file:///a.md", "a");
  named.authors = {"jane d", "Guest"};
  named.author_emails = {"JANE@example.org"};
  bench.first().items = {named, post("file:///b.md", "b")};
  auto& other = bench.add("/other");
  bench.sources.back().authors = {"Bob Roe"};
  other.items = {post("file:///c.md", "c")};
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
  auto wrong = post("file:///w.md", "w");
  wrong.category = "none";
  auto other = post("file:///o.md", "o");
  other.category = "other";
  bench.first().items = {post("file:///s.md", "짧다"), wrong, other};
  report = bench.run();
  CHECK(report.failures.size() == 1);
  REQUIRE(report.notes.size() == 1);
  CHECK(report.notes[0].where == "file:///s.md");
  CHECK(bench.documents().at("file:///o.md").category == "other");
  CHECK(bench.documents().contains("file:///s.md"));
}

TEST_CASE("a stop between items: what was read stays, nothing is taken for gone") {
  Bench bench;
  bench.first().items = {post("file:///a.md", "a"), post("file:///b.md", "b")};
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

TEST_CASE("what was made of the same is not made again; other rules make it again") {
  Bench bench;
  bench.first().items = {post("file:///a.md", "# 제목\n\n본문"), post("https://example.org/b", "b")};
  bench.run();
  const auto before = bench.documents();
  bench.clock.advance(Millis{60'000});
  auto report = bench.run();
  CHECK(report.unchanged == 2);
  CHECK(bench.documents().at("file:///a.md").fetched == before.at("file:///a.md").fetched);

  // Shown under another name of the source, or with other facts, it is another document.
  bench.first().items[0]->title = "다른 제목";
  report = bench.run();
  CHECK(report.updated == 1);
  CHECK(report.unchanged == 1);

  bench.authors.push_back({"Bob Roe", {}});
  report = bench.run();
  CHECK(report.updated == 2);
  bench.categories["notes"].clean.min_characters = 5;
  report = bench.run();
  CHECK(report.unchanged == 2);
  CHECK_MESSAGE(report.notes.size() == 1, "it was looked at again: b is short");
}

TEST_CASE("a file is opened only when its size or time changed") {
  Bench bench;
  const auto path = bench.folder.path() / "post.md";
  const auto set_age = [&](int seconds) {
    std::filesystem::last_write_time(path,
                                     std::filesystem::file_time_type::clock::now() - std::chrono::seconds(seconds));
  };
  REQUIRE(disk().write(path, "처음"));
  set_age(1000);
  bench.clock.advance(Millis{system_clock().now() - bench.clock.now()});
  const std::string url = "file://" + path.string();
  auto& source = bench.first();
  source.asks = true;
  source.items = {post(url, "처음"), post("https://example.org/a", "a")};
  bench.run();
  CHECK(source.asked == std::vector<std::string>{url, "https://example.org/a"});

  source.asked.clear();
  auto report = bench.run();
  CHECK(source.asked == std::vector<std::string>{"https://example.org/a"});
  CHECK(report.unchanged == 2);
  CHECK_MESSAGE(bench.documents().size() == 2, "what was not opened is not gone");

  // Another time, the same bytes: opened once more, and then no longer.
  set_age(500);
  source.asked.clear();
  CHECK(bench.run().unchanged == 2);
  CHECK(source.asked.front() == url);
  source.asked.clear();
  bench.run();
  CHECK(source.asked.size() == 1);

  // Other rules: read again.
  bench.categories["notes"].clean.drop_selectors = {"nav"};
  source.asked.clear();
  bench.run();
  CHECK(source.asked.size() == 2);

  // A file that was changed just now may change once more within the same tick of its clock.
  set_age(0);
  bench.run();
  source.asked.clear();
  bench.run();
  CHECK(source.asked.size() == 2);
}

TEST_CASE("a source that knows by itself what is as it was") {
  Bench bench;
  auto& source = bench.first();
  source.items = {post("https://example.org/a", "a"), post("https://example.org/b", "b")};
  bench.run();
  source.unchanged = {"http://www.example.org/a/", "https://example.org/never-seen"};
  source.items.erase(source.items.begin());
  const auto report = bench.run();
  CHECK(report.unchanged == 2);
  CHECK(report.seen == 2);
  CHECK(report.deleted == 0);
  CHECK(bench.documents().size() == 2);
}

TEST_CASE("a cursor by item is kept although an item could not be read, not although one could not be cleaned") {
  Bench bench;
  auto& source = bench.first();
  source.report = {.complete = true, .unchanged = false, .cursor = "c2", .cursor_by_item = true};
  source.items = {post("file:///a.md", "a"), fail(ErrorKind::network, "timed out", "file:///b.md")};
  CHECK(bench.run().failed == 1);
  bench.run();
  CHECK(source.cursor_seen == "c2");
  source.report.cursor = "c3";
  source.items = {post("file:///a.md", "a"), post("file:///c.md", std::string("\0\0", 2))};
  CHECK(bench.run().failed == 1);
  bench.run();
  CHECK(source.cursor_seen == "c2");
}

TEST_CASE("a place on the web is believed only when it says so again; a page that is gone says so itself") {
  Bench bench;
  auto& source = bench.first();
  source.where = "https://example.org/sitemap.xml";
  source.items = {post("https://example.org/a", "a"), post("https://example.org/b", "b")};
  bench.run();

  SUBCASE("missing twice in a row") {
    source.items.pop_back();
    CHECK(bench.run().deleted == 0);
    CHECK(bench.run().deleted == 1);
    CHECK(bench.documents().size() == 1);
    CHECK(bench.run().deleted == 0);
  }
  SUBCASE("back in between") {
    auto kept = source.items.back();
    source.items.pop_back();
    bench.run();
    source.items.emplace_back(kept);
    CHECK(bench.run().unchanged == 2);
    source.items.pop_back();
    CHECK(bench.run().deleted == 0);
    CHECK(bench.documents().size() == 2);
  }
  SUBCASE("not found") {
    source.items.back() = fail(ErrorKind::not_found, "404", "https://example.org/b");
    auto report = bench.run();
    CHECK(report.deleted == 1);
    CHECK(report.failures.empty());
    CHECK(bench.documents().size() == 1);
    report = bench.run();
    CHECK_MESSAGE(report.failures.size() == 1, "what never was there is a broken link");
  }
  SUBCASE("not found, and told to keep") {
    source.items.back() = fail(ErrorKind::not_found, "404", "https://example.org/b");
    CHECK(bench.run({.delete_missing = false}).deleted == 0);
    CHECK(bench.documents().size() == 2);
  }
  SUBCASE("as many readings as configured") {
    source.items.pop_back();
    CollectConfig patient;
    patient.delete_after = 3;
    CHECK(bench.run(patient).deleted == 0);
    CHECK(bench.run(patient).deleted == 0);
    CHECK(bench.run(patient).deleted == 1);
  }
}

TEST_CASE("a place that lost most of its documents at once is not believed") {
  Bench bench;
  auto& source = bench.first();
  for (int i = 0; i < 12; ++i) {
    const std::string n = std::to_string(i);
    source.items.emplace_back(post("file:///" + n + ".md", n));
  }
  bench.run();
  auto all = source.items;
  source.items.resize(5, post("", ""));
  auto report = bench.run();
  CHECK(report.deleted == 0);
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].hint.find("--confirm-deletions") != std::string::npos);
  CHECK(bench.documents().size() == 12);
  bench.run();
  CHECK_MESSAGE(source.cursor_seen == "c1", "the cursor of the good run stays");

  CollectConfig sure;
  sure.max_delete_share = 1;
  CHECK(bench.run(sure).deleted == 7);
  source.items.resize(4, post("", ""));
  CHECK_MESSAGE(bench.run().deleted == 1, "a few may go");
  source.items = all;
  CHECK(bench.run().revived == 8);
}

TEST_CASE("a document that moved from one source to another is not gone") {
  Bench bench;
  bench.add("/second");
  bench.first().items = {post("file:///a.md", "a"), post("file:///b.md", "b")};
  bench.run();
  bench.scripted[1]->items = {bench.first().items.back()};
  bench.first().items.pop_back();
  auto report = bench.run();
  CHECK(report.deleted == 0);
  CHECK(bench.documents().size() == 2);
  CHECK(bench.documents().at("file:///b.md").version == 1);
  // It belongs to the second now.
  bench.scripted[1]->items.clear();
  CHECK(bench.run().deleted == 1);
}

TEST_CASE("two entries that read the same place share what is gone") {
  Bench bench;
  bench.add("/scripted");
  bench.first().items = {post("file:///a.md", "a")};
  bench.scripted[1]->items = {post("file:///b.md", "b")};
  bench.run();
  auto report = bench.run();
  CHECK(report.deleted == 0);
  CHECK(report.unchanged == 2);
  CHECK(bench.run({}, {.only = {bench.sources[1].display_name()}}).deleted == 0);
  bench.scripted[1]->items.clear();
  CHECK(bench.run().deleted == 1);
  CHECK(bench.documents().size() == 1);
}

TEST_CASE("a page's own address names it, unless another page has it") {
  Bench bench;
  const auto page = [](const std::string& url, const std::string& canonical, const std::string& words) {
    RawDocument raw;
    raw.url = url;
    raw.media_type = "text/html";
    raw.bytes = "<html><head><link rel=canonical href='" + canonical + "'></head><body><article><h1>T</h1><p>" + words +
                "</p></article></body></html>";
    return raw;
  };
  auto& source = bench.first();
  source.items = {page("https://example.org/a?view=print", "https://example.org/a", "하나"),
                  page("https://example.org/a?view=full", "/a", "하나"),
                  page("https://example.org/b?view=print", "https://example.org/a", "둘"),
                  page("https://example.org/c", "https://other.org/c", "셋")};
  auto report = bench.run();
  CHECK(report.inserted == 3);
  const auto documents = bench.documents();
  CHECK(documents.contains("https://example.org/a"));
  CHECK(documents.contains("https://example.org/b?view=print"));
  CHECK(documents.contains("https://example.org/c"));
  report = bench.run();
  CHECK(report.inserted == 0);
  CHECK(report.deleted == 0);
  CHECK(bench.documents().size() == 3);

  // A page that takes another name takes its document with it.
  source.items[3] = page("https://example.org/c", "https://example.org/posts/c", "셋");
  report = bench.run();
  CHECK(report.inserted == 1);
  CHECK(!bench.documents().contains("https://example.org/c"));
  CHECK(bench.documents().contains("https://example.org/posts/c"));
}

TEST_CASE("what is stored and reported does not depend on which source or thread was faster") {
  const auto run = [](int parallel, int workers, int batch, int buffer) {
    Bench bench;
    for (int s = 0; s < 5; ++s) {
      Scripted& source = s == 0 ? bench.first() : bench.add("/" + std::to_string(s));
      for (int i = 0; i < 40; ++i) {
        const std::string n = std::to_string((s * 31 + i) % 90);  // they share some
        auto item = post("https://example.org/" + n, "본문 " + std::to_string(s) + " " + n + std::string(2000, 'x'));
        item.authors = {"Author " + std::to_string(i % 3)};
        item.author_emails = {"a" + std::to_string(s) + "@example.org"};
        source.items.emplace_back(item);
        if (i % 9 == 4) source.items.emplace_back(fail(ErrorKind::io, "unreadable", "https://example.org/x" + n));
      }
    }
    CollectConfig config;
    config.parallel = parallel;
    config.workers = workers;
    config.batch_documents = batch;
    config.buffer_megabytes = buffer;
    const auto report = bench.run(config);
    std::string text = bench.warehouse->digest() + "\n";
    for (const auto& failure : report.failures) text += failure.source + " " + failure.where + "\n";
    for (const auto& note : report.notes) text += note.where + "\n";
    for (const auto& user : bench.warehouse->users()) {
      text += user.name;
      for (const auto& alias : user.aliases) text += " " + alias;
    }
    for (const auto& source : report.sources) text += " " + std::to_string(source.inserted);
    return text;
  };
  const std::string alone = run(1, 1, 1, 1);
  CHECK(alone.find("unreadable") == std::string::npos);
  CHECK(run(4, 4, 256, 64) == alone);
  CHECK(run(5, 2, 7, 1) == alone);
  CHECK(run(2, 8, 3, 1) == alone);
}

TEST_CASE("an exception of a source is its failure; of the store, the end") {
  Bench bench;
  bench.add("/second").items = {post("file:///b.md", "b")};
  bench.first().items = {post("file:///a.md", "a")};
  bench.first().finish = [] { throw std::runtime_error("a defect"); };
  const auto report = bench.run();
  CHECK(report.inserted == 2);
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].kind == ErrorKind::internal);
  CHECK(report.failures[0].where == "/scripted");
  bench.first().finish = [] { throw Fatal(ErrorKind::io, "the disk is full"); };
  CHECK_THROWS_AS(bench.run(), Fatal);
}

TEST_CASE("a stop while a source reads: what it gave is stored, its cursor is not") {
  Bench bench;
  auto& source = bench.first();
  source.items = {post("file:///a.md", "a"), post("file:///b.md", "b")};
  source.finish = [&] { bench.stop.request_stop(); };
  const auto report = bench.run();
  CHECK(report.sources.at(0).state == SourceSummary::State::stopped);
  CHECK(bench.documents().size() == 2);
  bench.stop = std::stop_source();
  source.finish = nullptr;
  bench.run();
  CHECK(source.cursor_seen == "");
}

TEST_CASE("only what failed; only one source") {
  Bench bench;
  auto& first = bench.first();
  auto& second = bench.add("/second");
  first.asks = second.asks = true;
  first.items = {post("file:///a.md", "a"),
                 fail(ErrorKind::network, "timed out", "https://example.org/b?utm_source=x")};
  second.items = {post("file:///c.md", "c")};
  const auto failed = bench.run();
  REQUIRE(failed.failures.size() == 1);
  CHECK(failed.failures[0].source == "scripted /scripted");

  SUBCASE("retry") {
    first.items = {post("file:///a.md", "changed meanwhile"), post("https://www.example.org/b", "b")};
    second.items = {post("file:///c.md", "changed meanwhile")};
    first.asked.clear();
    second.asked.clear();
    const auto report = bench.run({}, {.only = {}, .retry = true, .failures = failed.failures});
    CHECK(first.asked == std::vector<std::string>{"https://www.example.org/b"});
    CHECK(first.cursor_seen == "");
    CHECK(second.asked.empty());
    CHECK(report.inserted == 1);
    CHECK(report.deleted == 0);
    CHECK(report.sources.at(1).state == SourceSummary::State::left_out);
    CHECK(bench.documents().at("file:///a.md").body == "a");
    CHECK(bench.run().updated == 2);
  }
  SUBCASE("retry of a source that failed as a whole, and of one that does not ask") {
    second.broken = true;
    const auto broken = bench.run();
    REQUIRE(broken.failures.size() == 2);
    second.broken = false;
    second.items.emplace_back(post("file:///d.md", "d"));
    first.asks = false;
    first.items = {post("file:///a.md", "changed"), post("https://example.org/b", "b")};
    const auto report = bench.run({}, {.only = {}, .retry = true, .failures = broken.failures});
    CHECK(report.inserted == 2);
    CHECK(report.updated == 0);
  }
  SUBCASE("one source") {
    first.asked.clear();
    bench.sources[1].name = "내 메모";
    const auto report = bench.run({}, {.only = {"내 메모"}});
    CHECK(first.asked.empty());
    CHECK(report.unchanged == 1);
    CHECK(bench.documents().size() == 2);
  }
}

TEST_CASE("a plan lists what would be read, and changes nothing") {
  Bench bench;
  const auto path = bench.folder.path() / "post.md";
  const std::string url = "file://" + path.string();
  REQUIRE(disk().write(path, "처음"));
  std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - std::chrono::seconds(100));
  bench.clock.advance(Millis{system_clock().now() - bench.clock.now()});
  auto& first = bench.first();
  first.asks = true;
  first.items = {post(url, "처음"), post("https://example.org/b", "b"), post("file:///gone.md", "g")};
  auto& second = bench.add("/second");
  second.items = {post("file:///c.md", "c"), fail(ErrorKind::io, "unreadable", "file:///d.md")};
  bench.run();
  const auto digest = bench.warehouse->digest();

  REQUIRE(disk().write(path, "그 다음"));
  first.items[2] = post("https://example.org/new", "n");
  first.asked.clear();
  const CollectPlan found = plan({}, bench.sources, bench.authors, bench.context());
  std::string lines;
  for (const auto& item : found.items) lines += std::string(to_string(item.state)) + " " + item.url + "\n";
  CHECK(lines == "changed " + url +
                     "\nknown https://example.org/b\nnew https://example.org/new\nabsent file:///gone.md\n"
                     "changed file:///c.md\n");
  CHECK(first.asked.empty());
  REQUIRE(found.failures.size() == 1);
  CHECK(found.failures[0].source == "scripted /second");
  CHECK(bench.warehouse->digest() == digest);
  CHECK(bench.documents().size() == 4);
}

TEST_CASE("events: what happens, one a line") {
  class Listener final : public ProgressSink {
   public:
    [[nodiscard]] std::unique_ptr<Progress> start(std::string_view task, std::string_view unit) override {
      return silent_progress().start(task, unit);
    }
    [[nodiscard]] bool wants_events() const override { return true; }
    void event(const Json& event) override {
      const std::lock_guard lock(mutex_);
      lines.push_back(event.dump());
      std::string line = event.at("event").get<std::string>();
      for (const char* key : {"source", "state", "url", "outcome", "host", "message"}) {
        if (event.contains(key)) line += " " + event[key].get<std::string>();
      }
      seen.push_back(line);
    }
    std::vector<std::string> lines, seen;

   private:
    std::mutex mutex_;
  } listener;
  Bench bench;
  bench.progress = &listener;
  auto& source = bench.first();
  source.items = {post("file:///a.md", "a"), post("file:///a.md", "a"),
                  fail(ErrorKind::io, "unreadable", "file:///b.md")};
  HostObserver observer;
  auto context = bench.context();
  context.observe_hosts = [&](HostObserver to) { observer = std::move(to); };
  source.finish = [&] {
    HostState state;
    state.host = "example.org";
    state.phase = HostPhase::retrying;
    state.reason = "429";
    observer(state);
    observer(state);
  };
  const auto report = collect({}, bench.sources, bench.authors, context);
  CHECK(report.failures.size() == 1);
  CHECK_MESSAGE(!observer, "nobody observes afterwards");
  const std::string name = "scripted /scripted";
  const auto has = [&](const std::string& line) {
    return std::count(listener.seen.begin(), listener.seen.end(), line);
  };
  CHECK(listener.seen.front() == "collect.start");
  CHECK(has("collect.source " + name + " started") == 1);
  CHECK(has("collect.item " + name + " file:///a.md new") == 1);
  CHECK(has("collect.item " + name + " file:///a.md duplicate") == 1);
  CHECK(has("collect.failure " + name + " file:///b.md unreadable") == 1);
  CHECK(has("collect.host retrying example.org") == 1);
  CHECK(has("collect.source " + name + " done") == 1);
  CHECK(listener.seen.back() == "collect.summary");
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
