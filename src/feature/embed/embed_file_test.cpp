#include "feature/embed/embed_file.h"

#include <doctest/doctest.h>

#include <cstring>
#include <fstream>

#include "core/files.h"
#include "feature/embed/engines_for_test.h"

using namespace twin;
using namespace twin::feature;
using namespace twin::feature::testing;

namespace {

struct Setting {
  TempFolder folder;
  FakeEmbedder engine;
  EmbedConfig config{.batch = 2, .requests = 2, .retry_wait_ms = 0};

  void input(const std::string& text) const { std::ofstream(folder.path() / "in.txt", std::ios::binary) << text; }
  EmbedFileReport run() {
    return embed_file({.input = folder.path() / "in.txt", .output = folder.path() / "out.f32"}, config, engine,
                      silent_progress(), {});
  }
  std::string output() const { return disk().read(folder.path() / "out.f32").value_or("(none)"); }
  std::string expected(const std::vector<std::string>& texts) {
    std::string bytes;
    const auto vectors = value_or_throw(engine.embed(texts));
    for (const auto& vector : vectors) {
      bytes.append(reinterpret_cast<const char*>(vector.data()), vector.size() * sizeof(float));
    }
    return bytes;
  }
  bool left_over() const {
    return disk().exists(folder.path() / "out.f32.part") || disk().exists(folder.path() / "out.f32.part.json");
  }
};

}  // namespace

TEST_CASE("embed file: a row per line, empty lines too, in order") {
  Setting s;
  s.input("one\r\n\nthree\n넷");
  const auto report = s.run();
  CHECK(report.texts == 4);
  CHECK(report.dimension == 8);
  CHECK(s.output() == s.expected({"one", "", "three", "넷"}));
  CHECK_FALSE(s.left_over());
  s.input("");
  CHECK(s.run().texts == 0);
  CHECK(s.output().empty());
}

TEST_CASE("embed file: bytes that are no UTF-8 are repaired, and told") {
  Setting s;
  s.input("good\nbad \xFF byte\n");
  CHECK(s.run().repaired == std::vector<std::uint64_t>{2});
  CHECK(s.output() == s.expected({"good", "bad \xEF\xBF\xBD byte"}));
}

TEST_CASE("embed file: a run that failed goes on where it was; another input starts anew") {
  Setting s;
  s.input("a\nb\nc\nd\ne\nf\n");
  s.engine.fail_on = [](const std::string& text) -> std::optional<Error> {
    if (text != "e") return std::nullopt;
    return Error{ErrorKind::invalid, "broken", {}, {}};
  };
  try {
    (void)s.run();
    FAIL("no error");
  } catch (const Fatal& fatal) {
    CHECK(fatal.error().where.ends_with("in.txt:5"));
  }
  CHECK(s.output() == "(none)");
  s.engine.fail_on = {};
  const auto report = s.run();
  CHECK(report.resumed == 4);
  CHECK(report.texts == 6);
  CHECK(s.output() == s.expected({"a", "b", "c", "d", "e", "f"}));

  s.engine.fail_on = [](const std::string& text) -> std::optional<Error> {
    if (text != "z") return std::nullopt;
    return Error{ErrorKind::invalid, "broken", {}, {}};
  };
  s.input("a\nb\nc\nd\nz\n");
  CHECK_THROWS_AS((void)s.run(), Fatal);
  s.engine.fail_on = {};
  s.input("A\nB\nc\nd\nz\n");
  CHECK(s.run().resumed == 0);
  CHECK(s.output() == s.expected({"A", "B", "c", "d", "z"}));
}

TEST_CASE("embed file: what was half written when the power went is made again") {
  Setting s;
  s.input("a\nb\nc\n");
  s.engine.fail_on = [](const std::string& text) -> std::optional<Error> {
    if (text != "c") return std::nullopt;
    return Error{ErrorKind::invalid, "broken", {}, {}};
  };
  CHECK_THROWS_AS((void)s.run(), Fatal);
  std::filesystem::resize_file(s.folder.path() / "out.f32.part", 8 * sizeof(float) + 5);
  s.engine.fail_on = {};
  CHECK(s.run().resumed == 1);
  CHECK(s.output() == s.expected({"a", "b", "c"}));
}

TEST_CASE("embed file: no file, no folder to write to") {
  Setting s;
  CHECK_THROWS_AS((void)s.run(), Fatal);
  s.input("a\n");
  CHECK_THROWS_AS((void)embed_file({.input = s.folder.path() / "in.txt", .output = s.folder.path() / "no" / "out"},
                                   s.config, s.engine, silent_progress(), {}),
                  Fatal);
}
