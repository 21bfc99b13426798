#include "feature/training_sets/clean_set.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "feature/training_sets/set_duplicates.h"
#include "feature/training_sets/set_stats.h"

namespace twin::feature {
namespace {

std::string chat_line(const std::string& question, const std::string& answer) {
  return Json{{"messages", {{{"role", "user"}, {"content", question}}, {{"role", "assistant"}, {"content", answer}}}}}
             .dump() +
         "\n";
}

struct SetFolder {
  TempFolder folder;
  DatasetConfig config;
  CleanSetJob job;
  SetFolder() { job.out = folder.path() / "out" / "clean.jsonl"; }
  std::filesystem::path write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder.path() / name, std::ios::binary) << bytes;
    return folder.path() / name;
  }
  [[nodiscard]] CleanSetReport run() { return value_or_throw(clean_set(config, job, silent_progress(), {})); }
  [[nodiscard]] std::string file(const std::string& suffix = "") const {
    return *disk().read(job.out.string() + suffix);
  }
};

TEST_CASE("clean set: each line is kept, or has its reason") {
  SetFolder set;
  const std::string leak = "the quick brown fox jumps over the lazy dog while the cat sleeps on the mat";
  set.job.files = {
      set.write("a.jsonl", chat_line("How do I bake?", "Mix flour with water, rest it, and bake it hot.") +
                               chat_line("How do I bake?", "mix flour  with WATER, rest it, and bake it hot.") +
                               chat_line("How do I bake?", "Mix flour with water, rest it, and bake it hot!") +
                               chat_line("What of the fox?", "They say " + leak + " again.") +
                               chat_line("Who are you?", "전화는 010-1234-5678, 메일은 mina@example.org 입니다.") +
                               chat_line("Short?", "No."))};
  set.job.held_out = set.write("eval.jsonl", chat_line("q", leak));
  set.config.min_characters = 5;
  const CleanSetReport report = set.run();
  CHECK(report.read == 6);
  CHECK(report.kept == 2);
  CHECK(report.masked == 1);
  CHECK(report.reasons == std::map<std::string, int>{
                              {"answer_too_short", 1}, {"contaminated", 1}, {"duplicate", 1}, {"near_duplicate", 1}});
  CHECK(report.personal == std::map<std::string, int>{{"email", 1}, {"phone", 1}});
  CHECK(set.file().find("전화는 [PHONE], 메일은 [EMAIL] 입니다.") != std::string::npos);
  CHECK(set.file(".rejected.jsonl").find("a.jsonl:4") != std::string::npos);
  CHECK(set.file(".rejected.jsonl").find("eval.jsonl:1") != std::string::npos);
  CHECK(set.file(".rejected.jsonl").find("1.00 like") != std::string::npos);
  CHECK(set.file(".pii.jsonl").find("\"kind\":\"phone\",\"start\":10,\"end\":23") != std::string::npos);
  CHECK(report.steps.back().out == 2);
  set.config.pii = "drop";
  CHECK(set.run().kept == 1);
}

TEST_CASE("clean set: a malformed line leaves no file behind") {
  SetFolder set;
  set.job.files = {set.write("a.jsonl", chat_line("q", "a good answer") + "{\"messages\":7}\n")};
  const auto failed = clean_set(set.config, set.job, silent_progress(), {});
  REQUIRE(!failed.has_value());
  CHECK(failed.error().where.ends_with("a.jsonl:2"));
  CHECK(disk().list(set.folder.path() / "out").value().empty());
  set.job.files = {set.write("b.jsonl", chat_line("q", "a"))};
  set.job.held_out = set.folder.path() / "none.jsonl";
  CHECK(!clean_set(set.config, set.job, silent_progress(), {}).has_value());
}

TEST_CASE("set duplicates: texts on disk and in the buffer are found again") {
  SetDuplicates duplicates(0.8);
  const auto text = [](int n) {
    std::string out;
    for (int i = 0; i < 400; ++i) out += std::to_string((n * 7919 + i * i * 31) % 100003) + " ";
    return out;
  };
  constexpr int count = 900;  // about 2 MB: more than one buffer
  for (int n = 0; n < count; ++n) REQUIRE(!duplicates.add(text(n)));
  for (const int n : {0, 1, count / 2, count - 1}) {
    const auto equal = duplicates.add(text(n));
    REQUIRE(equal.has_value());
    CHECK(equal->equal);
    CHECK(equal->index == static_cast<std::uint32_t>(n));
    const auto near = duplicates.add(text(n) + "and a little more");
    REQUIRE(near.has_value());
    CHECK_FALSE(near->equal);
    CHECK(near->index == static_cast<std::uint32_t>(n));
  }
  CHECK(!duplicates.add(""));
  CHECK(duplicates.add("").has_value());
}

TEST_CASE("set statistics: counts, lengths, and a page that holds no foreign markup") {
  SetFolder set;
  const auto file = set.write(
      "s.jsonl", chat_line("안녕?", "반갑습니다") + chat_line("Hi?", "Hello there, friend") + chat_line("Bye?", "Bye"));
  const CountTokens words = [](std::string_view text) {
    return 1 + static_cast<std::int64_t>(std::count(text.begin(), text.end(), ' '));
  };
  SetStats stats = file_stats(file, words).value();
  CHECK(stats.all.samples == 3);
  CHECK(stats.all.tokens == 8);
  CHECK(stats.languages["ko"].samples == 1);
  CHECK(stats.languages["en"].samples == 2);
  CHECK(stats.answers.quantile(0) == 3);
  CHECK(stats.answers.quantile(0.5) == 5);
  CHECK(stats.answers.quantile(1) == 19);
  std::int64_t counted = 0;
  std::uint32_t last = 0;
  for (const SetBin& bin : histogram(stats.answers)) {
    CHECK(bin.from == last);
    last = bin.to;
    counted += bin.count;
  }
  CHECK(counted == 3);
  CHECK(last > 19);
  CHECK(to_json(stats)["kinds"]["instruct"]["samples"] == 3);
  stats.name = "<script>alert(1)</script>";
  stats.generators["<b>&\"x"] = {1, 2, 3};
  stats.manifest =
      R"({"steps":[{"step":"<i>","unit":"samples","removed":{"<u>":2},"in":5,"out":3}],"pii":{"found":{"email":4}}})";
  const std::string page = to_html({stats}, "<how>");
  for (const char* markup : {"<script", "<b>", "<i>", "<u>", "<how>"}) CHECK(page.find(markup) == std::string::npos);
  CHECK(page.find("<svg") != std::string::npos);
  CHECK(page.find("http") == std::string::npos);
  CHECK(to_text(stats).find("5 -> 3") != std::string::npos);
  CHECK(file_stats(set.folder.path() / "none", words).error().kind == ErrorKind::not_found);
  CHECK(dataset_stats(set.folder.path() / "none", "x", words).error().kind == ErrorKind::not_found);
}

}  // namespace
}  // namespace twin::feature
