#include "evaluation/known_items.h"

#include <doctest/doctest.h>

#include <fstream>

#include "core/files.h"

using namespace twin;
using namespace twin::evaluation;

TEST_CASE("known items: rank, citation and a failing question are recorded one by one") {
  const std::vector<KnownItem> items = {{"first?", {"a.html"}}, {"second?", {"b.html"}}, {"broken?", {"c.html"}}};
  const SearchUrls search = [](const std::string& question, int) -> Result<std::vector<std::string>> {
    if (question == "broken?") return fail(ErrorKind::network, "no worker");
    return std::vector<std::string>{"file:///book/x.html", "file:///book/a.html"};
  };
  const AskCited ask = [](const std::string&) -> Result<CitedAnswer> {
    return CitedAnswer{"text [1]", {"file:///book/a.html"}};
  };
  const KnownItemReport report = judge_known_items(items, 5, search, ask);
  CHECK(report.found() == 1);
  CHECK(report.cited() == 1);
  CHECK(report.results[0].rank == 2);
  CHECK(report.results[1].rank == 0);
  CHECK_FALSE(report.results[1].cited);
  CHECK(report.results[2].error.find("no worker") != std::string::npos);
  CHECK(report.mrr() == doctest::Approx(0.5 / 3));
}

TEST_CASE("known items: a page matches whole path segments only") {
  const std::vector<KnownItem> items = {{"?", {"apt.html"}}};
  const SearchUrls search = [](const std::string&, int) -> Result<std::vector<std::string>> {
    return std::vector<std::string>{"file:///book/sect.apt.html"};
  };
  CHECK(judge_known_items(items, 5, search, {}).found() == 0);
}

TEST_CASE("known items: a file with an unknown key names the line") {
  const TempFolder folder;
  const auto file = folder.path() / "questions.yaml";
  std::ofstream(file) << "questions:\n  - question: Why?\n    page: a.html\n";
  const auto items = load_known_items(file);
  REQUIRE_FALSE(items);
  CHECK(items.error().where.find(":3") != std::string::npos);
}
