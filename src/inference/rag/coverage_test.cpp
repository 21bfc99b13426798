#include "inference/rag/coverage.h"

#include <doctest/doctest.h>

#include "core/files.h"
#include "inference/fakes.h"
#include "inference/rag/content_terms.h"

using namespace twin;
using namespace twin::inference;

TEST_CASE("coverage: the share of the question's words that one passage holds, rare ones counting more") {
  const TempFolder folder;
  const WordEmbedder embedder({"kernel"});
  const auto index = stores::open_index(folder.path());
  put(*index, embedder, "a", "articles", 1.0, {"A kernel module.", "The kernel is loaded.", "Bananas."});
  put(*index, embedder, "b", "articles", 1.0, {"국회도서관은 자료를 모은다."});
  const std::vector<std::string> english = {"a-0", "a-1", "a-2"};
  CHECK(best_coverage(*index, "What about the kernel's modules?", english) == doctest::Approx(1));
  const double half = best_coverage(*index, "kernel printers", english);
  CHECK(half > 0);
  CHECK(half < 0.5);
  CHECK(best_coverage(*index, "printers and scanners", english) == 0);
  CHECK(best_coverage(*index, "국회도서관의 자료", {"b-0"}) == doctest::Approx(1));
  CHECK(best_coverage(*index, "국회도서관에서 하는 회의", {"b-0"}) < 0.9);
  CHECK(best_coverage(*index, "", english) == 0);
  CHECK(best_coverage(*index, "the of and", english) == 0);
  CHECK(best_coverage(*index, "kernel", {}) == 0);
  CHECK(best_coverage(*index, "kernel", {"gone"}) == 0);
}

TEST_CASE("content words: without stop words, particles and endings, as one text") {
  CHECK(content_words("What are the Kernel modules of apt-get?") == "kernel modules apt get");
  CHECK(content_words("국회도서관에서는 자료를 모은다!") == "국회도서관 자료 모은다");
  CHECK(content_words("\xFF …").empty());
}
