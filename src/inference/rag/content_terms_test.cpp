#include "inference/rag/content_terms.h"

#include <doctest/doctest.h>

#include <thread>

using twin::inference::content_terms;
using Terms = std::vector<std::string>;

TEST_CASE("English: stop words go, inflections meet") {
  CHECK(content_terms("The packages are installed.") == Terms{"packag", "instal"});
  CHECK(content_terms("It installs a package!") == Terms{"instal", "packag"});
  CHECK(content_terms("") == Terms{});
  CHECK(content_terms("the of and — …") == Terms{});
}

TEST_CASE("paths, numbers and mixed scripts are cut at their borders") {
  CHECK(content_terms("/etc/apt/sources.list 2019") == Terms{"apt", "sourc", "list", "2019"});
  CHECK(content_terms("apt를") == Terms{"apt", "를"});
}

TEST_CASE("Korean: particles and endings go, the rest is compared by bigrams") {
  CHECK(content_terms("패키지를") == content_terms("패키지가"));
  CHECK(content_terms("설치합니다") == content_terms("설치하는"));
  CHECK(content_terms("데비안") == Terms{"데비", "비안"});
  CHECK(content_terms("그리고 이것은 집") == Terms{"이것", "집"});
}

TEST_CASE("invalid UTF-8 is no reason to fail") {
  CHECK(content_terms("apt \xff\xfe kernel") == Terms{"apt", "kernel"});
}

TEST_CASE("threads do not disturb each other") {
  const Terms expected = content_terms("configuring packages repeatedly");
  std::vector<std::jthread> threads;
  threads.reserve(4);
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) wrong += content_terms("configuring packages repeatedly") != expected;
    });
  }
  threads.clear();
  CHECK(wrong == 0);
}
