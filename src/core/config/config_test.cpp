#include <doctest/doctest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/config/binder.h"
#include "core/files.h"
#include "core/i18n.h"

using namespace twin;
using namespace twin::config;

namespace {

struct Chunk {
  int max_tokens = 200;
  double overlap = 0.25;
  void bind(Binder& b) {
    b.field("max_tokens", max_tokens, "Largest chunk, in tokens", {.min = 16, .max = 8192});
    b.field("overlap", overlap, "Share that two neighbours have in common", {.min = 0, .max = 0.5});
  }
};

/// Like a source: which keys it knows depends on its type.
struct Source {
  std::string type, path, url;
  std::int64_t depth = 0;
  void bind(Binder& b) {
    b.field("type", type, "Kind of source", {.one_of = {"folder", "feed"}, .required = true});
    if (type == "folder") b.field("path", path, "Folder to read", {.required = true, .path = true, .exists = true});
    if (type == "feed") b.field("url", url, "Address of the feed", {.required = true});
    b.field("depth", depth, "How deep to look");
  }
};

struct Config {
  std::string name = "me", key;
  bool verbose = false;
  int port = 8080;
  std::vector<std::string> languages = {"en"};
  std::map<std::string, std::string> labels;
  Chunk chunk;
  std::vector<Source> sources;
  void bind(Binder& b) {
    b.field("name", name, "Name of the twin", {.required = true});
    b.field("key", key, "Key of the API", {.secret = true});
    b.field("verbose", verbose, "Say more");
    b.field("port", port, "Port of the server", {.min = 0, .max = 65535, .key_irrelevant = true});
    b.field("languages", languages, "Languages of the texts");
    b.field("labels", labels, "Free labels");
    b.group("chunk", chunk, "Chunking");
    b.list("sources", sources, "Where the texts come from");
  }
};

/// A twin.yaml in a folder of its own.
struct Fixture {
  TempFolder folder;
  Config config;
  Origins origins;
  std::function<void(Binder&)> bind = [this](Binder& b) { config.bind(b); };

  std::vector<Error> load(const std::string& yaml, std::vector<Layer> more = {}, const YamlLimits& limits = {}) {
    const auto file = folder.path() / "twin.yaml";
    REQUIRE(disk().write(file, yaml));
    config = {};
    origins.clear();
    more.insert(more.begin(), Layer{.file = file, .values = {}, .origin = {}, .origins = {}});
    return read(more, bind, &origins, limits);
  }
  /// The one error of a text, as "line:column: message (hint)".
  std::string only_error(const std::string& yaml) {
    const auto errors = load(yaml);
    for (const Error& error : errors) INFO(error.text());
    CHECK(errors.size() == 1);
    if (errors.empty()) return {};
    CHECK(errors[0].kind == ErrorKind::usage);
    std::string text = errors[0].text();
    const std::string prefix = (folder.path() / "twin.yaml").string() + ":";
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
  }
};

Layer values(std::map<std::string, std::string> entries, std::string origin = "--set") {
  return {.file = {}, .values = std::move(entries), .origin = std::move(origin), .origins = {}};
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a file is read over the defaults") {
  CHECK(load(R"(
name: "라파엘 & co: 블로그"
verbose: yes
languages: [ko, "en"]
labels: {team: docs, 1: one}
chunk:
  max_tokens: 512
sources:
  - type: feed
    url: https://example.org/feed
    depth: 9000000000
  - {type: feed, url: x}
)")
            .empty());
  CHECK(config.name == "라파엘 & co: 블로그");
  CHECK(config.verbose);
  CHECK(config.port == 8080);
  CHECK(config.languages == std::vector<std::string>{"ko", "en"});
  CHECK(config.labels == std::map<std::string, std::string>{{"team", "docs"}, {"1", "one"}});
  CHECK(config.chunk.max_tokens == 512);
  CHECK(config.chunk.overlap == doctest::Approx(0.25));
  REQUIRE(config.sources.size() == 2);
  CHECK(config.sources[0].depth == 9'000'000'000);
  CHECK(config.sources[1].url == "x");
}

TEST_CASE_FIXTURE(Fixture, "an empty file is all defaults; an empty group or list is allowed") {
  CHECK(load("").empty());
  CHECK(load("# only a comment\n").empty());
  CHECK(load("chunk:\nsources:\nlanguages:\n").empty());
  CHECK(config.sources.empty());
  CHECK(config.languages.empty());
}

TEST_CASE_FIXTURE(Fixture, "unknown keys are errors with a suggestion") {
  CHECK(only_error("naem: x\n") == "1:1: unknown key \"naem\" (did you mean \"name\"?)");
  CHECK(only_error("chunk:\n  max_tokens: 20\n  overlapp: 0.1\n") ==
        "3:3: unknown key \"chunk.overlapp\" (did you mean \"overlap\"?)");
  CHECK(only_error("chunk: {zzzzzz: 1}\n") == "1:9: unknown key \"chunk.zzzzzz\" (known keys: max_tokens, overlap)");
}

TEST_CASE_FIXTURE(Fixture, "wrong types say what was expected and what was found, and where") {
  CHECK(only_error("port: eighty\n") == "1:7: port: expected a whole number, found the text \"eighty\"");
  CHECK(only_error("port: \"80\"\n") == "1:7: port: expected a whole number, found the text \"80\"");
  CHECK(only_error("port: 80.5\n") == "1:7: port: expected a whole number, found the number 80.5");
  CHECK(only_error("port: 99999999999999999999\n").starts_with("1:7: port: expected a whole number"));
  CHECK(only_error("verbose: 2\n") == "1:10: verbose: expected true or false, found the number 2");
  CHECK(only_error("chunk:\n  overlap: [1]\n") == "2:12: chunk.overlap: expected a number, found a list");
  CHECK(only_error("chunk:\n  overlap: .nan\n").starts_with("2:12: chunk.overlap: expected a number"));
  CHECK(only_error("chunk: 3\n") == "1:8: chunk: expected keys with values, found the number 3");
  CHECK(only_error("languages: ko\n").starts_with("1:12: languages: expected a list, found the text \"ko\""));
  CHECK(only_error("name: {a: b}\n") == "1:7: name: expected a text, found keys with values");
  CHECK(only_error("sources: {a: b}\n").starts_with("1:10: sources: expected a list"));
  CHECK(only_error("sources: [notes]\n") == "1:11: sources.0: expected keys with values, found the text \"notes\"");
  CHECK(only_error("labels: [a]\n").starts_with("1:9: labels: expected keys with values, found a list"));
  CHECK(only_error("port:\n").find("found nothing (give it a value, or remove the key)") != std::string::npos);
  CHECK(load("port: 1x\n").size() == 1);
  CHECK(config.port == 8080);  // a rejected value changes nothing
}

TEST_CASE_FIXTURE(Fixture, "values out of range and wrong choices") {
  CHECK(only_error("port: 70000\n") == "1:7: port is 70000, but must be at most 65535");
  CHECK(only_error("chunk: {max_tokens: 3}\n") == "1:21: chunk.max_tokens is 3, but must be at least 16");
  CHECK(only_error("sources:\n  - type: foldr\n    path: notes\n") ==
        "2:11: sources.0.type is \"foldr\", but must be one of: folder, feed (did you mean \"folder\"?)");
}

TEST_CASE_FIXTURE(Fixture, "the keys of an item depend on its type") {
  CHECK(only_error("sources:\n  - type: feed\n    url: x\n    path: y\n") ==
        "4:5: unknown key \"sources.0.path\" (known keys: type, url, depth)");
}

TEST_CASE_FIXTURE(Fixture, "what is required must be there, at the end of all layers") {
  CHECK(only_error("sources:\n  - type: feed\n") == "2:5: sources.0.url is missing (Address of the feed)");
  CHECK(only_error("name: \"\"\n") == "1:1: name is missing (Name of the twin)");
  CHECK(load("name: ''\n", {values({{"name", "later"}})}).empty());
}

TEST_CASE_FIXTURE(Fixture, "all errors are reported, in one go") {
  const auto errors = load("naem: x\nport: many\nchunk: {max_tokens: 1}\nsources: [{type: folder, path: none}]\n");
  CHECK(errors.size() == 4);
}

TEST_CASE_FIXTURE(Fixture, "duplicate keys are errors") {
  CHECK(only_error("port: 1\nname: a\nport: 2\n") ==
        "3:1: the key \"port\" stands here twice (the first is in line 1)");
  CHECK(only_error("chunk: {overlap: 0.1, overlap: 0.2}\n").starts_with("1:23: the key \"overlap\" stands here twice"));
}

TEST_CASE_FIXTURE(Fixture, "paths are relative to their file, and must exist where asked") {
  REQUIRE(disk().write(folder.path() / "notes" / "a.md", "x"));
  CHECK(load("sources:\n  - {type: folder, path: ./notes/}\n").empty());
  CHECK(config.sources[0].path == (folder.path() / "notes").string());
  CHECK(load("sources:\n  - {type: folder, path: " + (folder.path() / "notes").string() + "}\n").empty());
  CHECK(config.sources[0].path == (folder.path() / "notes").string());
  const std::string missing = only_error("sources:\n  - type: folder\n    path: diary\n");
  CHECK(missing.starts_with("3:11: sources.0.path: there is no " + (folder.path() / "diary").string()));
}

TEST_CASE_FIXTURE(Fixture, "broken YAML names line and column") {
  CHECK(only_error("name: \"open\nport: 1\n").find("not valid YAML") != std::string::npos);
  CHECK(only_error("name: 'open\nport: 1\n").starts_with("1:7: not valid YAML: the quote"));
  CHECK(load("name: \"it's \\\" closed\" # \"\nlabels: {'a''b': &x \"c\"}\n").empty());
  CHECK(load("\xEF\xBB\xBFname: x\n").empty());
  CHECK(only_error("name: [\"가나다\", 라}\n").starts_with("1:16: not valid YAML"));
  CHECK(only_error("a: b: c\n").starts_with("1:5: not valid YAML"));
  CHECK(only_error("\tname: x\n").find("not valid YAML") != std::string::npos);
  CHECK(only_error("- a\n- b\n") == "1:1: expected keys with values (\"key: value\")");
  CHECK(only_error("name: \xff\n").starts_with("1: not valid UTF-8"));
  CHECK(only_error("name: *nobody\n").find("not valid YAML") != std::string::npos);
  // The library makes documents without end of these.
  CHECK(only_error(",port: 1\nname: b\n").starts_with("1:1: not valid YAML"));
  CHECK(only_error("]\n").starts_with("1:1: not valid YAML"));
  CHECK(only_error("name: a\n---\nname: b\n").find("more than one YAML document") != std::string::npos);
  CHECK(load("? [a, b]\n: c\n").size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "YAML bombs are stopped by named limits") {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'i'; ++c) {
    bomb += fmt::format("{0}: &{0} [*{1},*{1},*{1},*{1},*{1},*{1},*{1},*{1},*{1},*{1}]\n", c, static_cast<char>(c - 1));
  }
  auto errors = load(bomb);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].kind == ErrorKind::limit);
  CHECK(errors[0].message.find("100000") != std::string::npos);

  errors = load("chunk: " + std::string(300, '[') + std::string(300, ']') + "\n");
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].kind == ErrorKind::limit);
  errors = load("chunk: " + std::string(100'000, '[') + "\n");
  CHECK(errors.size() == 1);
  errors = load("chunk: &self [*self]\n");
  CHECK(errors.size() == 1);
  errors = load("name: x\n", {}, {.max_bytes = 5});
  REQUIRE(!errors.empty());
  CHECK(errors[0].kind == ErrorKind::limit);
}

TEST_CASE_FIXTURE(Fixture, "single values override the file, and items of its lists") {
  CHECK(load("port: 1\nsources:\n  - {type: feed, url: a}\n", {values({{"port", "2"},
                                                                       {"chunk.overlap", "0.5"},
                                                                       {"languages", "[ko, en]"},
                                                                       {"name", "[draft] #1: x"},
                                                                       {"sources.0.url", "b"},
                                                                       {"labels.team", "docs"}})})
            .empty());
  CHECK(config.port == 2);
  CHECK(config.chunk.overlap == doctest::Approx(0.5));
  CHECK(config.languages == std::vector<std::string>{"ko", "en"});
  CHECK(config.name == "[draft] #1: x");
  CHECK(config.sources[0].url == "b");
  CHECK(config.labels.at("team") == "docs");
  CHECK(origins.at("port") == "--set");
  CHECK(origins.at("sources.0.type") == "twin.yaml:3");

  CHECK(load("", {values({{"languages", "ko"}})}).empty());
  CHECK(config.languages == std::vector<std::string>{"ko"});
  const auto errors = load("sources: []\n", {values({{"prot", "1"}, {"port", "x"}, {"sources.3.url", "y"}})});
  REQUIRE(errors.size() == 3);
  CHECK(errors[0].text() == "--set: port: expected a whole number, found the text \"x\"");
  CHECK(errors[1].text().find("sources has no item 3") != std::string::npos);
  CHECK(errors[2].text() == "--set: unknown key \"prot\" (did you mean \"port\"?)");
}

TEST_CASE_FIXTURE(Fixture, "environment variables name keys") {
  ::setenv("TWIN_CHUNK_MAX_TOKENS", "64", 1);
  ::setenv("TWIN_NAME", "from: outside", 1);
  ::setenv("TWIN_UNRELATED", "x", 1);
  const Layer layer = environment_layer(bind);
  ::unsetenv("TWIN_CHUNK_MAX_TOKENS");
  ::unsetenv("TWIN_NAME");
  ::unsetenv("TWIN_UNRELATED");
  CHECK(layer.values == std::map<std::string, std::string>{{"chunk.max_tokens", "64"}, {"name", "from: outside"}});
  CHECK(load("name: file\n", {layer}).empty());
  CHECK(config.chunk.max_tokens == 64);
  CHECK(config.name == "from: outside");
  CHECK(origins.at("name") == "environment TWIN_NAME");
}

TEST_CASE_FIXTURE(Fixture, "the resolved configuration shows value, origin and meaning, but no secrets") {
  CHECK(load("\nport: 9\nkey: abc\nlanguages: [ko, \"no\"]\nsources:\n  - type: feed\n    url: x\n").empty());
  std::map<std::string, ResolvedValue> by_key;
  for (const auto& value : resolved(bind, origins)) by_key[value.key] = value;
  CHECK(by_key.at("port").value == "9");
  CHECK(by_key.at("port").origin == "twin.yaml:2");
  CHECK(by_key.at("port").doc == "Port of the server");
  CHECK(by_key.at("key").value == "…");
  CHECK(by_key.at("name").origin == "default");
  CHECK(by_key.at("languages").value == "[ko, \"no\"]");
  CHECK(by_key.at("labels").value == "{}");
  CHECK(by_key.at("chunk.overlap").value == "0.25");
  CHECK(by_key.at("verbose").value == "false");
  CHECK(by_key.at("sources.0.url").origin == "twin.yaml:7");
}

TEST_CASE_FIXTURE(Fixture, "canonical JSON holds what can change a result, in order of binding") {
  CHECK(load("port: 9\nkey: abc\nsources:\n  - type: feed\n    url: x\n").empty());
  CHECK(canonical(config).dump() ==
        R"({"name":"me","verbose":false,"languages":["en"],"labels":{},"chunk":{"max_tokens":200,"overlap":0.25},)"
        R"("sources":[{"type":"feed","url":"x","depth":0}]})");
}

TEST_CASE_FIXTURE(Fixture, "a missing file is one clear error") {
  const auto errors =
      read({Layer{.file = folder.path() / "none.yaml", .values = {}, .origin = {}, .origins = {}}}, bind);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].kind == ErrorKind::not_found);
}

TEST_CASE_FIXTURE(Fixture, "messages come in Korean too") {
  set_language("ko");
  const std::string message = only_error("naem: x\n");
  set_language("en");
  CHECK(message.find("알 수 없는 키") != std::string::npos);
  CHECK(message.find("name") != std::string::npos);
}

TEST_CASE("a text can have a check of its own; what is wrong is told at its place, and the value stays as it was") {
  struct Checked {
    std::string pattern = "good";
    std::vector<std::string> list;
    void bind(Binder& b) {
      const auto check = [](const std::string& text) {
        return text == "bad" ? std::string("is broken") : std::string();
      };
      b.field("pattern", pattern, "A pattern", {.check = check});
      b.field("list", list, "Patterns", {.check = check});
    }
  } checked;
  const TempFolder folder;
  const auto file = folder.path() / "checked.yaml";
  REQUIRE(disk().write(file, "pattern: bad\nlist: [fine, bad]\n"));
  const auto errors =
      read({{.file = file, .values = {}, .origin = {}, .origins = {}}}, [&](Binder& b) { checked.bind(b); });
  REQUIRE(errors.size() == 2);
  CHECK(errors[0].text() == file.string() + ":1:10: pattern: is broken");
  CHECK(errors[1].text() == file.string() + ":2:14: list: is broken");
  CHECK(checked.pattern == "good");
}
