#include "inference/rag/choose.h"

#include <doctest/doctest.h>

#include "core/files.h"
#include "inference/fakes.h"

using namespace twin;
using namespace twin::inference;

namespace {

/// Three documents: two chunks on kernels in "a", the same matter in "b", another in "c".
struct Shelf {
  TempFolder folder;
  WordEmbedder embedder{{"kernel", "banana"}};
  std::unique_ptr<stores::Index> index = stores::open_index(folder.path());
  std::vector<Passage> passages;
  RetrievalConfig config;

  Shelf() {
    put(*index, embedder, "a", "articles", 1.0, {"The kernel starts.", "The kernel stops."});
    put(*index, embedder, "b", "articles", 1.0, {"A kernel of another kind."});
    put(*index, embedder, "c", "articles", 1.0, {"A banana."});
    add("a-0", "a", 4);
    add("a-1", "a", 3);
    add("b-0", "b", 2);
    add("c-0", "c", 1);
  }
  void add(const std::string& chunk, const std::string& document, double score) {
    Passage passage;
    passage.chunk_id = chunk;
    passage.document_id = document;
    passage.text = chunk;
    passage.score = score;
    passage.start = passages.size() * 100;
    passage.end = passage.start + 50;
    passages.push_back(passage);
  }
  std::string chosen(int k) {
    std::string ids;
    int rank = 0;
    for (const Passage& passage : choose_passages(passages, k, config, *index)) {
      ids += passage.chunk_id + " ";
      CHECK(passage.rank == ++rank);
    }
    return ids;
  }
};

}  // namespace

TEST_CASE("choice: the best k in their order") {
  Shelf shelf;
  CHECK(shelf.chosen(3) == "a-0 a-1 b-0 ");
  CHECK(shelf.chosen(9) == "a-0 a-1 b-0 c-0 ");
  CHECK(shelf.chosen(0).empty());
  shelf.passages.clear();
  shelf.config.mmr_lambda = 0.5;
  CHECK(shelf.chosen(3).empty());
}

TEST_CASE("choice: more of a document than allowed only where nothing else is left") {
  Shelf shelf;
  shelf.config.max_per_document = 1;
  CHECK(shelf.chosen(3) == "a-0 b-0 c-0 ");
  CHECK(shelf.chosen(4) == "a-0 b-0 c-0 a-1 ");
  shelf.config.max_per_document = 2;
  CHECK(shelf.chosen(3) == "a-0 a-1 b-0 ");
}

TEST_CASE("choice: marginal relevance passes over what is alike") {
  Shelf shelf;
  shelf.config.mmr_lambda = 0.5;
  // The two kernel passages that are left have the vector of the first; the banana is far from it.
  CHECK(shelf.chosen(2) == "a-0 c-0 ");
  shelf.config.mmr_lambda = 0.99;
  CHECK(shelf.chosen(2) == "a-0 a-1 ");
  shelf.config.mmr_lambda = 0.5;
  shelf.config.max_per_document = 1;
  CHECK(shelf.chosen(3) == "a-0 c-0 b-0 ");
}

TEST_CASE("choice: what repeats a better passage is left out") {
  Shelf shelf;
  shelf.passages[2].text = shelf.passages[0].text;  // a copy in another document
  shelf.passages[1].start = 10;                     // overlaps the first by more than half
  shelf.passages[1].end = 60;
  const auto kept = without_repetitions(shelf.passages);
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].chunk_id == "a-0");
  CHECK(kept[1].chunk_id == "c-0");
}
