// Small passages are searched, their parents are read.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "core/files.h"
#include "inference/fakes.h"
#include "inference/rag/rag.h"

using namespace twin;
using namespace twin::inference;

namespace {

/// "book": six passages, parents of three each, the second with one heading above it. "note": one passage, no parent.
struct Library {
  TempFolder folder;
  WordEmbedder embedder{{"kernel", "package", "커널"}};
  std::unique_ptr<stores::Index> index = stores::open_index(folder.path());
  RetrievalConfig config;
  stores::IndexedDocument book;

  Library() {
    put(*index, embedder, "note", "articles", 1.0, {"A kernel note."});
    book.id = "book";
    book.version = 1;
    book.feature_key = "k";
    book.title = "Book";
    fill({"The kernel starts. ", "It schedules. ", "커널은 관리한다. ", "A package is made. ", "Another package. ",
          "Done."});
  }
  void fill(const std::vector<std::string>& texts) {
    book.prose.clear();
    std::vector<stores::Chunk> chunks;
    std::vector<std::vector<float>> vectors;
    for (const std::string& text : texts) {
      stores::Chunk chunk;
      chunk.id = "book-" + std::to_string(chunks.size());
      chunk.document_id = "book";
      chunk.document_version = book.version;
      chunk.start = book.prose.size();
      chunk.end = chunk.start + text.size() - (text.ends_with(' ') ? 1 : 0);
      book.prose += text;
      chunk.headings = {"Part", "Section " + std::to_string(chunks.size())};
      chunk.text = book.prose.substr(chunk.start, chunk.end - chunk.start);
      chunk.retrieval = chunk.text;
      chunks.push_back(chunk);
      vectors.push_back(embedder.vector(text));
    }
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      const std::size_t first = i / 3 * 3;
      chunks[i].parent = {chunks[first].start, chunks[first + 2].end, first == 0 ? 0 : 1};
    }
    REQUIRE(index->replace(book, chunks, vectors));
  }
  std::vector<Passage> find(const std::string& query, int k = 5) {
    return value_or_throw(search(*index, embedder, query, k, config));
  }
};

}  // namespace

TEST_CASE("parents: what is found is read with the part around it, once, and is cut from the document exactly") {
  Library library;
  const auto found = library.find("kernel 커널 package");
  REQUIRE(found.size() == 3);  // two parents and the note
  std::set<std::string> texts;
  for (const Passage& passage : found) {
    texts.insert(passage.text);
    if (passage.document_id != "book") {
      CHECK(passage.hit.end == 0);
      CHECK_FALSE(to_json(passage).contains("hit"));
      CHECK_FALSE(without_parent(passage));
      continue;
    }
    CHECK(passage.text == library.book.prose.substr(passage.start, passage.end - passage.start));
    CHECK(passage.start <= passage.hit.start);
    CHECK(passage.hit.end <= passage.end);
    CHECK(passage.heading == (passage.start == 0 ? "" : "Part"));
    CHECK(to_json(passage).at("hit").at("start") == passage.hit.start);
    const auto small = without_parent(passage);
    REQUIRE(small);
    CHECK(small->text == library.book.prose.substr(small->start, small->end - small->start));
    CHECK(small->heading.starts_with("Part › Section"));
    CHECK(small->hit.end == 0);
  }
  CHECK(texts.contains("The kernel starts. It schedules. 커널은 관리한다."));
  CHECK(texts.contains("A package is made. Another package. Done."));
  CHECK(library.find("package", 1).size() == 1);
}

TEST_CASE("parents: a document written anew since the search is not read by old offsets") {
  Library library;
  auto found = library.find("package", 1);
  REQUIRE(found.size() == 1);
  const Passage small = without_parent(found[0]).value();
  library.fill({"커널", "x", "y", "Something else entirely.", "z", "Another document now."});
  const auto read = read_parents(*library.index, {small});
  REQUIRE(read.size() == 1);
  CHECK(read[0].text == small.text);
  CHECK(read[0].start == small.start);
  CHECK(read[0].hit.end == 0);
  library.index->remove("book");
  CHECK(read_parents(*library.index, {small})[0].text == small.text);
}

TEST_CASE("parents: one that is beyond the budget is replaced by what was found, and the budget holds") {
  Library library;
  WordTokenizer tokenizer;
  const auto found = library.find("package", 1);
  const auto assembled = [&](int tokens) {
    library.config.context_tokens = tokens;
    return value_or_throw(assemble({{"user", "Why?"}}, found, library.config, tokenizer));
  };
  CHECK(assembled(64).passages.at(0).text == "A package is made. Another package. Done.");
  std::optional<Passage> tight;
  for (int tokens = 64; !tight && tokens > 2; --tokens) {
    const auto made = assembled(tokens);
    REQUIRE(made.passages.size() == 1);
    CHECK(value_or_throw(tokenizer.tokenize(made.messages.back().content, false)).size() <=
          value_or_throw(tokenizer.tokenize(assembled(64).messages.back().content, false)).size());
    if (made.passages[0].hit.end != 0) continue;
    tight = made.passages[0];
    CHECK(made.messages.back().content.find("Done.") == std::string::npos);
  }
  REQUIRE(tight);
  CHECK(tight->text == without_parent(found[0])->text);
  const auto cited = cite(tight->text, {*tight});
  REQUIRE(cited.citations.size() == 1);
  const Citation& citation = cited.citations[0];
  CHECK(library.book.prose.substr(citation.start, citation.end - citation.start) == citation.text);
}
