#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "feature/sources/command/record.h"
#include "feature/sources/source_for_test.h"
#include "stores/warehouse/document.h"

using namespace twin;
using namespace twin::feature;

namespace {

namespace fs = std::filesystem;

/// A program written for the test.
class TestProgram {
 public:
  explicit TestProgram(const std::string& script, const std::string& name = "tap-test") : path_(folder_.path() / name) {
    REQUIRE(disk().write(path_, "#!/bin/sh\n" + script));
    fs::permissions(path_, fs::perms::owner_all);
  }
  [[nodiscard]] std::string path() const { return path_.string(); }
  [[nodiscard]] const fs::path& folder() const { return folder_.path(); }

 private:
  TempFolder folder_;
  fs::path path_;
};

/// A shell script that prints these lines.
std::string printing(const std::string& lines) {
  return "cat <<'END'\n" + lines + "END\n";
}

bool failed(const SourceTest& test, const std::string& words) {
  return std::any_of(test.failures.begin(), test.failures.end(),
                     [&](const Error& error) { return error.text().find(words) != std::string::npos; });
}

}  // namespace

TEST_CASE("one document a line in the simple form; a bad line costs that line, with its number") {
  const TestProgram program(printing(
      R"({"url":"https://example.org/1","title":"첫 글","markdown":"# 첫 글\n\n본문","published":"2025-04-01","author":"박미나","tags":["빵","발효"],"likes":3}
not json

{"url":"https://example.org/2","html":"<p>Hi</p>","published":1743465600,"authors":[{"name":"Mina Park"},"Bob Roe"],"author_email":"mina@example.org","language":"en"}
{"url":"https://example.org/3","title":"empty"}
[1,2]
{"url":"https://example.org/4","text":"plain","published":"yesterday","metadata":{"room":"kitchen"}}
)"));
  SourceTest test("command", {{"path", program.path()}});
  CHECK(test.errors.empty());
  const auto report = test.run();
  REQUIRE(report);
  CHECK(!report->complete);
  CHECK(test.order ==
        std::vector<std::string>{"https://example.org/1", "https://example.org/2", "https://example.org/4"});
  const auto& first = test.documents.at("https://example.org/1");
  CHECK(first.media_type == "text/markdown");
  CHECK(first.bytes == "# 첫 글\n\n본문");
  CHECK(first.authors == std::vector<std::string>{"박미나"});
  CHECK(first.metadata.at("tags") == "빵, 발효");
  CHECK(first.metadata.at("likes") == "3");
  CHECK(format_time(first.published) == "2025-04-01T00:00:00.000Z");
  const auto& second = test.documents.at("https://example.org/2");
  CHECK(second.media_type == "text/html");
  CHECK(second.authors == std::vector<std::string>{"Mina Park", "Bob Roe"});
  CHECK(second.author_emails == std::vector<std::string>{"mina@example.org"});
  CHECK(format_time(second.published) == "2025-04-01T00:00:00.000Z");
  const auto& fourth = test.documents.at("https://example.org/4");
  CHECK(fourth.metadata.at("room") == "kitchen");
  CHECK(fourth.metadata.at("published_text") == "yesterday");
  REQUIRE(report->notes.size() == 1);
  CHECK(report->notes[0].where == "https://example.org/4");
  REQUIRE(test.failures.size() == 3);
  CHECK(test.failures[0].where == program.path());
  CHECK(test.failures[0].message.starts_with("Line 2: "));
  CHECK(test.failures[1].message.starts_with("Line 5: "));
  CHECK(test.failures[1].message.find("no content") != std::string::npos);
  CHECK(test.failures[2].message.starts_with("Line 6: "));
}

TEST_CASE("fields of the program's own are mapped, addresses made of a template") {
  const TestProgram program(printing(
      R"({"id":7,"post":{"subject":"제목","content":"본문입니다"},"user.name":"미나","when":"2025. 4. 1. 오후 3:20"}
{"id":"a/b","post":{"content":"둘째"}}
{"post":{"content":"no id"}}
)"));
  SourceTest test("command",
                  {{"path", program.path()},
                   {"fields", "{title: post.subject, text: post.content, author: user.name, published: when}"},
                   {"url_template", "https://example.org/p/{id}"},
                   {"timezone", "+09:00"}});
  REQUIRE(test.run());
  const auto& post = test.documents.at("https://example.org/p/7");
  CHECK(post.title == "제목");
  CHECK(post.bytes == "본문입니다");
  CHECK(post.authors == std::vector<std::string>{"미나"});
  CHECK(format_time(post.published) == "2025-04-01T06:20:00.000Z");
  CHECK(test.documents.contains("https://example.org/p/a%2Fb"));
  CHECK(failed(test, "no field 'id'"));
}

TEST_CASE("a Singer tap: records by stream and key; its state is kept and given back") {
  const TestProgram program(
      "echo \"args: $*\" >&2\n"
      "if [ \"$1\" = --state ]; then cp \"$2\" \"$(dirname \"$0\")/seen\"; fi\n" +
      printing(
          R"({"type":"SCHEMA","stream":"posts","schema":{"properties":{"id":{"type":"integer"}}},"key_properties":["id"]}
{"type":"RECORD","stream":"posts","record":{"id":1,"title":"One","text":"first"},"time_extracted":"2025-11-20T16:45:33.000Z"}
{"type":"STATE","value":{"bookmarks":{"posts":1}}}
{"type":"RECORD","stream":"likes","record":{"id":5,"text":"no"}}
{"type":"RECORD","stream":"posts","record":{"id":2,"title":"Two","text":"second","url":"https://example.org/2"}}
{"type":"ACTIVATE_VERSION","stream":"posts","version":1}
{"type":"STATE","value":{"bookmarks":{"posts":2}}}
)"));
  SourceTest test("command", {{"path", program.path()}, {"streams", "[posts]"}, {"complete", "true"}});
  const auto report = test.run();
  REQUIRE(report);
  CHECK(test.failures.empty());
  CHECK(report->complete);
  CHECK(test.order == std::vector<std::string>{"command:tap-test/posts/1", "https://example.org/2"});
  CHECK(test.documents.at("command:tap-test/posts/1").metadata.at("stream") == "posts");
  CHECK(report->cursor == R"({"state":{"bookmarks":{"posts":2}}})");
  CHECK(!fs::exists(program.folder() / "seen"));

  test.cursor = report->cursor;
  const auto second = test.run();
  REQUIRE(second);
  CHECK(!second->complete);  // with a state it prints only what is new
  const auto seen = disk().read(program.folder() / "seen");
  REQUIRE(seen);
  CHECK(Json::parse(*seen) == Json{{"bookmarks", {{"posts", 2}}}});
}

TEST_CASE("lines of `twin docs export` come back: the last version counts, what was deleted stays away") {
  stores::User mina{.id = "user_1", .name = "박미나", .aliases = {"mina@example.org"}};
  stores::Document document;
  document.url = "https://example.org/a";
  document.id = stores::document_id(document.url);
  document.author_ids = {mina.id};
  document.title = "글";
  document.body = "옛 본문";
  document.version = 1;
  document.published = 1'743'465'600'000;
  document.metadata = {{"tags", "빵"}, {"source_location", "/elsewhere"}};
  const auto line = [](const char* type, const Json& json) {
    Json out{{"type", type}};
    out.update(json);
    return out.dump() + "\n";
  };
  std::string lines = line("user", stores::to_json(mina)) + line("document", stores::to_json(document));
  document.version = 2;
  document.body = "새 본문";
  lines += line("document", stores::to_json(document));
  document.url = "https://example.org/b";
  document.id = stores::document_id(document.url);
  document.deleted = true;
  lines += line("document", stores::to_json(document));
  const TestProgram program(printing(lines));
  SourceTest test("command", {{"path", program.path()}});
  REQUIRE(test.run());
  CHECK(test.failures.empty());
  REQUIRE(test.order == std::vector<std::string>{"https://example.org/a"});
  const auto& read = test.documents.begin()->second;
  CHECK(read.bytes == "새 본문");
  CHECK(read.authors == std::vector<std::string>{"박미나"});
  CHECK(read.author_emails == std::vector<std::string>{"mina@example.org"});
  CHECK(read.published == 1'743'465'600'000);
  CHECK(read.metadata.at("tags") == "빵");
  CHECK(!read.metadata.contains("source_location"));
}

TEST_CASE("an exit code other than 0 is a failure with the program's last words; what it printed is read") {
  const TestProgram program(printing("{\"url\":\"https://example.org/1\",\"text\":\"x\"}\n") +
                            "echo 'cannot log in' >&2\nexit 3\n");
  SourceTest test("command", {{"path", program.path()}, {"complete", "true"}});
  const auto report = test.run();
  REQUIRE(report);
  CHECK(!report->complete);
  CHECK(test.documents.size() == 1);
  CHECK(failed(test, "exit code 3: cannot log in"));
}

TEST_CASE("limits: time, size of a line, of all output, of documents") {
  const TestProgram slow("echo '{\"url\":\"https://example.org/1\",\"text\":\"x\"}'\nexec sleep 60\n");
  SourceTest late("command", {{"path", slow.path()}, {"max_seconds", "1"}});
  REQUIRE(late.run());
  CHECK(late.documents.size() == 1);
  CHECK(failed(late, "longer than 1 seconds"));

  const TestProgram endless("yes '{\"url\":\"https://example.org/1\",\"text\":\"x\"}'\n");
  SourceTest flood("command", {{"path", endless.path()}, {"max_megabytes", "1"}});
  REQUIRE(flood.run());
  CHECK(failed(flood, "more than 1 megabytes"));
  SourceTest many("command", {{"path", endless.path()}, {"max_documents", "10"}});
  REQUIRE(many.run());
  CHECK(many.order.size() == 10);
  CHECK(failed(many, "more than 10 documents"));

  const TestProgram wide(
      "head -c 3000 /dev/zero | tr '\\0' 'x'\necho\necho '{\"url\":\"https://example.org/1\",\"text\":\"x\"}'\n");
  SourceTest line("command", {{"path", wide.path()}, {"max_line_kilobytes", "2"}});
  REQUIRE(line.run());
  CHECK(line.documents.size() == 1);
  CHECK(failed(line, "Line 1: The line is longer than 2 kilobytes"));
}

TEST_CASE("the environment is the named one; secrets go by name and never into messages") {
  ::setenv("TWIN_TEST_PRIVATE", "leak", 1);
  ::setenv("TWIN_TEST_TOKEN", "s3cret-value", 1);
  const TestProgram program(
      "echo \"{\\\"url\\\":\\\"https://example.org/1\\\",\\\"text\\\":\\\"[$TWIN_TEST_PRIVATE] "
      "[$TWIN_TEST_TOKEN] [$ROOM] $1\\\"}\"\necho \"bad token $TWIN_TEST_TOKEN\" >&2\nexit 1\n");
  SourceTest test("command", {{"path", program.path()},
                              {"secrets", "[TWIN_TEST_TOKEN]"},
                              {"environment", "{ROOM: kitchen}"},
                              {"arguments", "['$(id); *']"}});
  REQUIRE(test.run());
  CHECK(test.documents.begin()->second.bytes == "[] [s3cret-value] [kitchen] $(id); *");
  CHECK(failed(test, "bad token ***"));
  CHECK(!failed(test, "s3cret-value"));
  SourceTest missing("command", {{"path", program.path()}, {"secrets", "[TWIN_TEST_NOT_SET]"}});
  CHECK(missing.run().error().message.find("TWIN_TEST_NOT_SET") != std::string::npos);
  ::unsetenv("TWIN_TEST_PRIVATE");
  ::unsetenv("TWIN_TEST_TOKEN");
}

TEST_CASE("by name in PATH; programs that are not there; a stop ends the program") {
  SourceTest named("command", {{"command", "[printf, '{\"url\":\"https://example.org/1\",\"text\":\"x\"}']"}});
  REQUIRE(named.run());
  CHECK(named.documents.size() == 1);  // also without an end of line
  SourceTest missing("command", {{"command", "[no-such-tap]"}});
  CHECK(missing.run().error().kind == ErrorKind::not_found);
  SourceTest neither("command", {});
  CHECK(neither.run().error().kind == ErrorKind::usage);

  const TestProgram endless("yes '{\"url\":\"https://example.org/1\",\"text\":\"x\"}'\n");
  SourceTest stopped("command", {{"path", endless.path()}});
  auto context = stopped.context(disk());
  int got = 0;
  const auto report = stopped.source->collect(context, [&](Item&&) {
    if (++got == 3) stopped.stop.request_stop();
    return true;
  });
  REQUIRE(report);
  CHECK(!report->complete);
  CHECK(got < 1000);
}

TEST_CASE("a document that is not wanted is left out") {
  const TestProgram program(printing(
      "{\"url\":\"https://example.org/1\",\"text\":\"x\"}\n{\"url\":\"https://example.org/2\",\"text\":\"x\"}\n"));
  SourceTest test("command", {{"path", program.path()}});
  auto context = test.context(disk());
  context.wants = [](const std::string& url) { return url.ends_with("2"); };
  std::vector<std::string> got;
  REQUIRE(test.source->collect(context, [&](Item&& item) {
    got.push_back(item->url);
    return true;
  }));
  CHECK(got == std::vector<std::string>{"https://example.org/2"});
}
