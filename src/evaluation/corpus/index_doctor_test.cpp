#include "evaluation/corpus/index_doctor.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "feature/embed/build_index.h"
#include "feature/embed/engines_for_test.h"

using namespace twin;
using namespace twin::evaluation;

namespace {

/// A real index, seen through a glass that changes what it holds.
class AlteredIndex final : public stores::Index {
 public:
  explicit AlteredIndex(stores::Index& real) : real_(real) {}
  std::function<void(stores::IndexEntry&)> alter = [](stores::IndexEntry&) {};

  Result<void> replace(const stores::IndexedDocument& document, const std::vector<stores::Chunk>& chunks,
                       const std::vector<std::vector<float>>& vectors) override {
    return real_.replace(document, chunks, vectors);
  }
  void remove(const std::string& id) override { real_.remove(id); }
  bool use_model(const std::string& hash, int dimension) override { return real_.use_model(hash, dimension); }
  stores::IndexModel model() override { return real_.model(); }
  std::optional<stores::IndexedDocument> document(const std::string& id) override { return real_.document(id); }
  std::vector<std::pair<std::string, std::string>> document_keys() override { return real_.document_keys(); }
  std::vector<stores::IndexedPassage> passages(const std::vector<std::string>& ids) override {
    return real_.passages(ids);
  }
  std::vector<stores::PassageOutline> outlines(const std::vector<std::string>& ids) override {
    return real_.outlines(ids);
  }
  stores::WordsHeld words_held(const std::string& text, const std::vector<std::string>& ids) override {
    return real_.words_held(text, ids);
  }
  void each_chunk(const std::function<bool(stores::Chunk&&)>& visit) override {
    real_.each_chunk(
        [&](stores::Chunk&& chunk) { return chunk.document_id == without_passages || visit(std::move(chunk)); });
  }
  void each_entry(const std::function<bool(stores::IndexEntry&&)>& visit) override {
    real_.each_entry([&](stores::IndexEntry&& entry) {
      alter(entry);
      return visit(std::move(entry));
    });
  }
  std::vector<stores::Hit> lexical(const std::string& query, int k, const stores::IndexFilter& filter) override {
    return real_.lexical(query, k, filter);
  }
  Result<std::vector<stores::Hit>> dense(const std::vector<float>& query, int k,
                                         const stores::IndexFilter& filter) override {
    return real_.dense(query, k, filter);
  }
  Result<std::vector<stores::Hit>> pictures(const std::vector<float>& query, int k,
                                            const stores::IndexFilter& filter) override {
    return real_.pictures(query, k, filter);
  }
  std::vector<stores::Hit> lexical_scores(const std::string& query, const std::vector<std::string>& ids) override {
    return real_.lexical_scores(query, ids);
  }
  Result<std::vector<stores::Hit>> dense_scores(const std::vector<float>& query,
                                                const std::vector<std::string>& ids) override {
    return real_.dense_scores(query, ids);
  }
  std::vector<std::string> prose(const std::vector<stores::ProseSpan>& spans) override { return real_.prose(spans); }
  std::map<std::string, std::vector<float>> vectors(const std::vector<std::string>& ids) override {
    return real_.vectors(ids);
  }
  std::vector<std::string> sample(const std::string& language, int count) override {
    return real_.sample(language, count);
  }
  void set_query_centering(const stores::QueryCentering& centering) override { real_.set_query_centering(centering); }
  stores::QueryCentering query_centering() override { return real_.query_centering(); }
  stores::IndexFacets facets() override { return real_.facets(); }
  stores::IndexCounts counts() override { return real_.counts(); }
  std::string digest() override { return real_.digest(); }
  std::string location() const override { return real_.location(); }
  std::string without_passages;  // a document

 private:
  stores::Index& real_;
};

struct Ward {
  TempFolder folder;
  std::unique_ptr<stores::Warehouse> warehouse = stores::open_warehouse(folder.path() / "warehouse");
  std::unique_ptr<stores::Index> real = stores::open_index(folder.path() / "index");
  AlteredIndex index{*real};
  std::map<std::string, feature::Category> categories = {{"articles", {}}};
  feature::testing::FakeEmbedder embedder;
  feature::testing::FakeTokenizer tokenizer;
  std::set<std::string> left_out;

  Ward() {
    categories["articles"].id = "articles";
    for (const char* name : {"a", "b", "c"}) {
      put(name, std::string("The dough of ") + name + " rests overnight in the fridge before it is baked.");
    }
    build();
  }

  std::string put(const std::string& name, const std::string& body) {
    stores::Document document;
    document.url = "https://example.org/" + name;
    document.source = "folder";
    document.category = "articles";
    document.title = name;
    document.body = body;
    warehouse->upsert(document);
    return document.id;
  }
  void build() {
    static_cast<void>(feature::build_index({}, {.warehouse = *warehouse,
                                                .index = index,
                                                .embedder = embedder,
                                                .tokenizer = tokenizer,
                                                .categories = categories,
                                                .progress = silent_progress(),
                                                .stop = {},
                                                .left_out = left_out}));
  }
  IndexDiagnosis examine(bool with_model = true, const IndexDoctorConfig& config = {}) {
    return examine_index(config, {.index = index,
                                  .warehouse = *warehouse,
                                  .categories = categories,
                                  .left_out = left_out,
                                  .embedder = with_model ? &embedder : nullptr,
                                  .progress = silent_progress(),
                                  .stop = {}});
  }
  /// "fault document" of each finding.
  std::vector<std::string> faults(bool with_model = true) {
    std::vector<std::string> out;
    for (const IndexFinding& finding : examine(with_model).findings) {
      out.push_back(std::string(name(finding.fault)) + " " + finding.document_id);
    }
    return out;
  }
};

using Faults = std::vector<std::string>;
const std::string id_a = stores::document_id("https://example.org/a"),
                  id_b = stores::document_id("https://example.org/b");

}  // namespace

TEST_CASE("index doctor: nothing is wrong with a fresh index, with or without headings alone") {
  Ward s;
  s.put("headings", "# Only\n\n## Headings\n");
  s.put("blank", " \n ");
  s.build();
  const IndexDiagnosis diagnosis = s.examine();
  CHECK(diagnosis.findings.empty());
  CHECK(diagnosis.unchecked.empty());
  CHECK(diagnosis.counts.documents == 5);
  CHECK(s.examine(false).unchecked.size() == 3);
}

TEST_CASE("index doctor: the index and the warehouse differ") {
  Ward s;
  const std::string added = s.put("new", "Nobody has indexed this so far.");
  CHECK(s.faults() == Faults{"missing " + added});
  s.build();
  CHECK(s.faults().empty());
  s.warehouse->tombstone(added, 1);
  CHECK(s.faults() == Faults{"orphan " + added});
  s.build();
  s.left_out = {id_a};
  CHECK(s.faults() == Faults{"orphan " + id_a});
  s.build();
  CHECK(s.faults().empty());
}

TEST_CASE("index doctor: stale entries, another model, passages beyond the window") {
  Ward s;
  s.put("a", "A new version of this text about the dough.");
  CHECK(s.faults() == Faults{"stale " + id_a});
  CHECK(s.faults(false).empty());  // what only the model tells is not guessed
  s.build();
  s.categories["articles"].chunk.max_tokens = 99;
  CHECK(s.faults().size() == 3);
  s.build();
  CHECK(s.faults().empty());
  s.embedder.hash = "model-b";
  const Faults other = s.faults();
  CHECK(other.size() == 4);
  CHECK(other.back() == "model ");
  s.build();
  s.index.alter = [](stores::IndexEntry& entry) {
    if (entry.document.id == id_b) entry.chunks.at(0).tokens = 1000;
  };
  CHECK(s.faults() == Faults{"too-long " + id_b});
}

TEST_CASE("index doctor: damage is found, removed, and made anew by the next index run") {
  Ward s;
  const auto with = [&](const std::function<void(stores::IndexEntry&)>& change) {
    s.index.alter = [change](stores::IndexEntry& entry) {
      if (entry.document.id == id_b) change(entry);
    };
    return s.faults();
  };
  using Entry = stores::IndexEntry;
  CHECK(with([](Entry& e) { e.vectors[0][0] = std::numeric_limits<float>::quiet_NaN(); }) == Faults{"vector " + id_b});
  CHECK(with([](Entry& e) { e.vectors[0][0] = std::numeric_limits<float>::infinity(); }) == Faults{"vector " + id_b});
  CHECK(with([](Entry& e) {
          for (float& x : e.vectors[0]) x *= 1.01F;
        }) == Faults{"vector " + id_b});
  CHECK(with([](Entry& e) {
          for (float& x : e.vectors[0]) x = 0;
        }) == Faults{"vector " + id_b});
  CHECK(with([](Entry& e) { e.vectors[0].pop_back(); }) == Faults{"vector " + id_b});
  CHECK(with([](Entry& e) { e.chunks[0].end += 1; }) == Faults{"offsets " + id_b});
  CHECK(with([](Entry& e) { e.chunks[0].start = 1'000'000; }) == Faults{"offsets " + id_b});
  CHECK(with([](Entry& e) { e.document.prose[3] = 'X'; }) == Faults{"offsets " + id_b});
  CHECK(with([](Entry& e) { e.chunks[0].text = e.document.prose = std::string(e.chunks[0].text.size(), ' '); }) ==
        Faults{"empty " + id_b});
  // A passage that each_chunk() knows and that comes without a vector, and a document that has none.
  const auto nothing = [](Entry& e) {
    e.chunks.clear();
    e.vectors.clear();
  };
  CHECK(with(nothing) == Faults{"lost-vector " + id_b});
  s.index.without_passages = id_b;
  CHECK(with(nothing) == Faults{"no-passages " + id_b});
  s.index.without_passages.clear();

  CHECK(with([](Entry& e) { e.vectors[0][0] += 1; }) == Faults{"vector " + id_b});
  CHECK(remove_damaged(s.examine(), s.index) == 1);
  CHECK(s.faults() == Faults{"missing " + id_b});
  s.index.alter = [](stores::IndexEntry&) {};
  s.build();
  CHECK(s.faults().empty());
  CHECK(remove_damaged(s.examine(), s.index) == 0);
}

TEST_CASE("index doctor: passages that several documents hold") {
  Ward s;
  std::string notice;
  for (int i = 0; i < 30; ++i) notice += "word" + std::to_string(i) + " ";
  const std::string one = s.put("one", notice), two = s.put("two", notice + "\n"), three = s.put("three", notice);
  s.put("short", "All rights reserved.");
  s.put("short too", "All rights reserved.");
  s.build();
  const auto findings = s.examine().findings;
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].fault == IndexFault::repeated);
  std::vector<std::string> all = {one, two, three};
  std::sort(all.begin(), all.end());
  CHECK(findings[0].document_id == all[0]);
  CHECK(findings[0].detail == all[1] + ", " + all[2]);
  IndexDoctorConfig config;
  config.repeated_words = 31;
  CHECK(s.examine(true, config).findings.empty());
  config.repeated_words = 3;
  CHECK(s.examine(true, config).findings.size() == 2);

  const Json json = to_json(s.examine());
  CHECK(json.at("faults").at("repeated").at("count") == 1);
  CHECK(json.at("findings")[0].at("fault") == "repeated");
}

TEST_CASE("index doctor: every fault has a name, a meaning and a cure of its own") {
  std::set<std::string_view> names;
  std::set<std::string> meanings;
  for (int i = 0; i <= static_cast<int>(IndexFault::repeated); ++i) {
    const auto fault = static_cast<IndexFault>(i);
    CHECK(names.insert(name(fault)).second);
    CHECK(meanings.insert(meaning(fault)).second);
    CHECK_FALSE(cure(fault).empty());
  }
}
