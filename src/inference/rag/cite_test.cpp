#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "inference/rag/rag.h"

using namespace twin::inference;

namespace {

Passage passage(int rank, std::string title, std::string text) {
  Passage p;
  p.rank = rank;
  p.document_id = "doc_" + std::to_string(rank);
  p.url = "https://example.org/" + std::to_string(rank);
  p.title = std::move(title);
  p.start = 100;
  p.end = 100 + text.size();
  p.text = std::move(text);
  return p;
}

std::vector<Passage> handbook() {
  return {passage(1, "Packages",
                  "APT keeps the list of package sources in /etc/apt/sources.list. "
                  "The apt update command downloads the list of available packages."),
          passage(2, "Kernel", "The Linux kernel drives the hardware and schedules processes."),
          passage(3, "패키지 관리", "apt 명령은 패키지를 설치하고 제거한다. 데비안은 안정 버전을 오래 지원한다.")};
}

std::vector<int> numbers(const Cited& cited) {
  std::vector<int> all;
  for (const Citation& c : cited.citations) all.push_back(c.n);
  return all;
}

}  // namespace

TEST_CASE("each supported sentence gets the mark of its passage") {
  const auto cited =
      cite("Run apt update to download the list of packages. The kernel schedules the processes.", handbook());
  CHECK(cited.answer == "Run apt update to download the list of packages. [1] The kernel schedules the processes. [2]");
  CHECK(numbers(cited) == std::vector<int>{1, 2});
  CHECK(cited.citations[0].url == "https://example.org/1");
  CHECK(cited.citations[0].end - cited.citations[0].start == cited.citations[0].text.size());
}

TEST_CASE("the passage the answer leans on most comes first") {
  const auto cited = cite(
      "Processes are scheduled by the Linux kernel. The apt update command downloads the list of "
      "available packages. The list of package sources is in /etc/apt/sources.list.",
      handbook());
  CHECK(numbers(cited) == std::vector<int>{1, 2});
}

TEST_CASE("an unsupported sentence gets no mark, and the model's own mark goes") {
  const auto cited = cite("Bananas grow in tropical climates all year [2]. Nobody knows [9].", handbook());
  CHECK(cited.answer == "Bananas grow in tropical climates all year. Nobody knows.");
  CHECK(cited.citations.empty());
}

TEST_CASE("a mark of the model that the passage supports stays, wherever it stood") {
  const std::string expected = "The Linux kernel drives the hardware. [2] Fine.";
  CHECK(cite("The Linux kernel drives the hardware [2]. Fine.", handbook()).answer == expected);
  CHECK(cite("The Linux kernel drives the hardware. [2] Fine.", handbook()).answer == expected);
  CHECK(cite("The Linux kernel [2] drives the hardware. Fine.", handbook()).answer == expected);
  CHECK(cite("The Linux kernel drives the hardware. [1, 2] Fine.", handbook()).answer == expected);
}

TEST_CASE("Korean sentences are attributed across particles and endings") {
  const auto cited = cite("패키지의 설치와 제거에는 apt 명령을 씁니다. 바나나는 열대 지방에서 자랍니다.", handbook());
  CHECK(cited.answer == "패키지의 설치와 제거에는 apt 명령을 씁니다. [3] 바나나는 열대 지방에서 자랍니다.");
  CHECK(numbers(cited) == std::vector<int>{3});
}

TEST_CASE("sentences that say too little are not attributed") {
  CHECK(cite("Yes. Use packages.", handbook()).citations.empty());
  CHECK(numbers(cite("Linux kernel.", handbook())) == std::vector<int>{2});  // all of it is found
}

TEST_CASE("the numbers of a list and the line that leads it in are no statements") {
  const auto lists = std::vector<Passage>{passage(1, "6.4. Packages", "1 2 3 4 5 6: what the kernel and packages do.")};
  const std::string answer = "What the kernel and packages do:\n\n1. 6.4.\n\n2. 5 6.";
  CHECK(cite(answer, lists).answer == answer);
}

TEST_CASE("code, headings and links are left as they are") {
  const std::string code = "```\napt update downloads the list of available packages\n```";
  CHECK(cite(code, handbook()).answer == code);
  const auto cited = cite(
      "## The Linux kernel drives hardware\n\nSee [1](https://example.org): the kernel schedules "
      "processes.",
      handbook());
  CHECK(cited.answer.starts_with("## The Linux kernel drives hardware\n\n"));
  CHECK(cited.answer.find("[1](https://example.org)") != std::string::npos);
}

TEST_CASE("citing twice changes nothing") {
  const std::string answer = "Run apt update to download the list of packages. The kernel schedules the processes. 끝.";
  const auto once = cite(answer, handbook());
  const auto twice = cite(once.answer, handbook());
  CHECK(twice.answer == once.answer);
  CHECK(numbers(twice) == numbers(once));
}

TEST_CASE("the threshold decides") {
  const std::string answer = "The Linux kernel likes purple bananas.";
  CHECK(cite(answer, handbook(), 0.3).citations.size() == 1);
  CHECK(cite(answer, handbook(), 0.9).citations.empty());
}

TEST_CASE("nothing in, nothing out") {
  CHECK(cite("", handbook()).answer.empty());
  CHECK(cite("Text [1].", {}).answer == "Text.");
  CHECK(cite("  \n", {}).answer == "  \n");
}

TEST_CASE("among equal passages the better ranked one is cited") {
  const std::vector<Passage> twins = {passage(1, "A", "The kernel schedules processes."),
                                      passage(2, "A", "The kernel schedules processes.")};
  CHECK(numbers(cite("The kernel schedules processes.", twins)) == std::vector<int>{1});
}

TEST_CASE("JSON of a citation has the fixed keys in their order") {
  const auto cited = cite("The Linux kernel drives the hardware.", handbook());
  std::vector<std::string> keys;
  const twin::Json json = to_json(cited.citations.at(0));
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  CHECK(keys == std::vector<std::string>{"n", "document_id", "url", "title", "start", "end", "text"});
}
