#include "evaluation/retrieval_sets/make_set.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "evaluation/index_for_test.h"
#include "evaluation/retrieval_sets/paraphrase.h"
#include "inference/fakes.h"

using namespace twin;
using namespace twin::evaluation;

namespace {

void fill(IndexForTest& s) {
  s.add("doc_bread", "Baking at home",
        {{"Sourdough",
          "Sourdough needs a starter of flour and water. The dough rests for hours in the fridge before it "
          "goes into a hot oven with steam."},
         {"Sourdough",
          "A crust forms when steam settles on the loaf. Rye flour makes the crumb dense and moist, wheat "
          "makes it light."}});
  s.add("doc_trains", "Night trains",
        {{"",
          "The night train to Busan leaves platform three at eleven. Sleeping compartments hold four berths, and "
          "the conductor wakes passengers before arrival."}},
        1);
  s.add("doc_copy", "Platforms",
        {{"",
          "The night train to Busan leaves platform three at eleven. Sleeping compartments hold four berths, and "
          "the conductor wakes passengers before arrival."}},
        1);
  s.add("doc_library", "국회도서관",
        {{"자료 수집",
          "국회도서관은 법률과 의회 자료를 수집하여 의원에게 제공한다. 열람실에서는 논문과 신문을 함께 볼 수 "
          "있으며 시민은 누구나 출입증을 받아 이용할 수 있다."}},
        2);
  s.add("doc_kimchi", "김장 이야기",
        {{"",
          "배추는 소금물에 하룻밤 절인 뒤에 물기를 뺀다. 고춧가루와 젓갈로 만든 양념을 잎마다 바르고 항아리에 담아 "
          "서늘한 곳에서 익힌다. 김치는 자료가 아니라 솜씨다."}},
        3);
  s.add("doc_short", "Note", {{"", "Too short to ask for."}});
}

RetrievalSet make(IndexForTest& s, RetrievalSetConfig config, models::ChatEngine* chat = nullptr,
                  std::vector<std::string> foreign = {}) {
  static const std::map<std::string, feature::Category> categories;
  return make_retrieval_set(config, {.index = s.index(),
                                     .categories = categories,
                                     .chat = chat,
                                     .foreign = std::move(foreign),
                                     .progress = silent_progress(),
                                     .stop = {}});
}

std::vector<BeirQuery> of_kind(const RetrievalSet& set, std::string_view kind) {
  std::vector<BeirQuery> out;
  std::copy_if(set.queries.begin(), set.queries.end(), std::back_inserter(out),
               [&](const BeirQuery& query) { return query.kind == kind; });
  return out;
}

}  // namespace

TEST_CASE("a made set: every kind, with documents that hold the passage as relevant") {
  IndexForTest s;
  fill(s);
  const RetrievalSetConfig config;
  const RetrievalSet set = make(s, config);
  CHECK(set.documents == 6);
  CHECK(set.passages == 7);
  CHECK(set.left_out.at("too short") == 1);
  CHECK(set.left_out.at("the same text as another passage") == 1);
  for (const char* kind : {"question", "keywords", "phrase", "particles", "spacing", "typos", "unanswerable"}) {
    CHECK_MESSAGE(set.counts.count(kind) == 1, kind);
  }
  std::set<std::string> ids;
  for (const BeirQuery& query : set.queries) {
    CHECK(ids.insert(query.id).second);
    CHECK_FALSE(query.text.empty());
    if (query.kind == unanswerable_kind) {
      CHECK(query.judged.empty());
      continue;
    }
    REQUIRE_FALSE(query.judged.empty());
    for (const std::string& negative : query.negatives) CHECK_FALSE(query.judged.contains(negative));
    if (query.kind == "question") continue;
    const auto document = s.index().document(query.document_id);
    REQUIRE(document);
    CHECK(query.judged.contains(document->id));
    const std::string passage = document->prose.substr(query.start, query.end - query.start);
    if (query.kind == "phrase") {
      // Its white space is one blank each; the words are the passage's, in order.
      CHECK(passage.find(query.text) != std::string::npos);
    }
    if (query.kind == "keywords" && document->id == "doc_kimchi") {
      CHECK(query.text.find("자료") == std::string::npos);  // of two documents: less particular
    }
  }
  for (const BeirQuery& query : of_kind(set, "phrase")) {
    const bool trains = query.judged.contains("doc_trains");
    CHECK(query.judged.size() == (trains ? 2 : 1));
    CHECK(query.judged.contains("doc_copy") == trains);
  }
  // Two headings of one text: the first passage of "Sourdough" is asked for by it, the second is not.
  CHECK(of_kind(set, "question").size() == 4);
}

TEST_CASE("a made set: what is unanswerable joins words that no document joins") {
  IndexForTest s;
  fill(s);
  RetrievalSetConfig config;
  config.unanswerable = 8;
  const auto queries = of_kind(make(s, config), unanswerable_kind);
  REQUIRE_FALSE(queries.empty());
  for (const BeirQuery& query : queries) {
    const bool korean = text::guess_language(query.text) == "ko";
    // The words in the template's two places.
    std::string a, b;
    if (korean) {
      const std::string middle = " 그리고 ", end = " 사이에";
      const std::size_t at = query.text.find(middle);
      REQUIRE(at != std::string::npos);
      a = query.text.substr(0, at);
      b = query.text.substr(at + middle.size(), query.text.find(end) - at - middle.size());
    } else {
      const std::string start = "How are ", middle = " and ", end = " related?";
      const std::size_t at = query.text.find(middle);
      REQUIRE(at != std::string::npos);
      a = query.text.substr(start.size(), at - start.size());
      b = query.text.substr(at + middle.size(), query.text.find(end) - at - middle.size());
    }
    s.index().each_entry([&](stores::IndexEntry&& entry) {
      const std::string prose = text::fold(entry.document.prose);
      CHECK_FALSE((prose.find(a) != std::string::npos && prose.find(b) != std::string::npos));
      return true;
    });
  }
  const auto with_foreign =
      make(s, config, nullptr, {"Which telescope photographs galaxies?", "Does the sourdough rest overnight?"});
  const auto kept = of_kind(with_foreign, unanswerable_kind);
  CHECK(std::any_of(kept.begin(), kept.end(), [](const auto& q) { return q.text.starts_with("Which telescope"); }));
  CHECK(std::none_of(kept.begin(), kept.end(), [](const auto& q) { return q.text.starts_with("Does the"); }));
  CHECK(with_foreign.left_out.at("unanswerable: the corpus may answer it") == 1);
}

TEST_CASE("a made set is the same for the same seed, spread over the documents, and another for another") {
  IndexForTest s;
  fill(s);
  RetrievalSetConfig config;
  const auto texts = [&](const RetrievalSet& set) {
    std::vector<std::string> out;
    for (const BeirQuery& query : set.queries) out.push_back(query.kind + ": " + query.text);
    return out;
  };
  const auto first = texts(make(s, config));
  CHECK(texts(make(s, config)) == first);
  config.seed = 18;
  CHECK(texts(make(s, config)) != first);
  config.passages = 3;
  std::set<std::string> documents;
  for (const BeirQuery& query : of_kind(make(s, config), "keywords")) documents.insert(query.document_id);
  CHECK(documents.size() == 3);
  IndexForTest empty;
  CHECK_THROWS_AS(make(empty, config), Fatal);
}

TEST_CASE("paraphrases: only questions in other words are kept") {
  const std::string passage = "The dough rests overnight in the fridge before it is baked in a hot oven.";
  CHECK(word_overlap("How long should dough rest?", passage) > 0.5);
  CHECK(word_overlap("When may loaves cool down?", passage) == 0);
  CHECK(word_overlap("?", passage) == 1);
  const ParaphraseRules rules;
  const auto said = [&](const std::string& answer) {
    inference::ScriptedChat chat({answer});
    const auto result = paraphrase(chat, passage, rules, 1, {});
    REQUIRE(result);
    CHECK(chat.last().messages.front().content.find(passage) != std::string::npos);
    return *result;
  };
  CHECK(said("\"How many hours must loaves wait cold?\"\nBecause…").question ==
        "How many hours must loaves wait cold?");
  CHECK(said("How long does the dough rest in the fridge?").refused == "words of the passage");
  CHECK(said("Loaves wait many hours somewhere cold.").refused == "no question");
  CHECK(said("Why?").refused == "length");
  CHECK(said("빵은 얼마나 오래 기다려야 하나요?").refused == "language");
  CHECK(said("").refused == "length");
  inference::ScriptedChat gone({"x"});
  gone.failures = 1;
  CHECK(paraphrase(gone, passage, rules, 1, {}).error().kind == ErrorKind::network);

  IndexForTest s;
  fill(s);
  RetrievalSetConfig config;
  config.paraphrases = 5;
  inference::ScriptedChat chat({"Who would ever want to know something like that?"});
  const RetrievalSet set = make(s, config, &chat);
  CHECK(set.counts.at("paraphrase") == 1);  // the same question again is not asked twice
  CHECK(set.left_out.at("paraphrase: language") == 2);
  // An engine that is gone is not asked on and on, and the rest of the set is made.
  inference::ScriptedChat broken({"x"});
  broken.failures = 100;
  const RetrievalSet rest = make(s, config, &broken);
  CHECK(rest.problems.size() == 3);
  CHECK(rest.counts.at("keywords") == set.counts.at("keywords"));
}

TEST_CASE("a made set is a BEIR folder that is read again, and never written over another one") {
  IndexForTest s;
  fill(s);
  const RetrievalSetConfig config;
  const RetrievalSet set = make(s, config);
  const TempFolder folder;
  const auto path = folder.path() / "set";
  write_retrieval_set(set, config, s.index(), path);
  std::vector<Error> problems;
  const BeirProblem problem = [&](Error error) { problems.push_back(std::move(error)); };
  const auto queries = read_beir_queries(path, "test", problem);
  REQUIRE(queries);
  REQUIRE(queries->size() == set.queries.size());
  for (std::size_t i = 0; i < queries->size(); ++i) {
    CHECK((*queries)[i].id == set.queries[i].id);
    CHECK((*queries)[i].kind == set.queries[i].kind);
    CHECK((*queries)[i].judged == set.queries[i].judged);
    CHECK((*queries)[i].document_id == set.queries[i].document_id);
    CHECK((*queries)[i].start == set.queries[i].start);
    CHECK((*queries)[i].end == set.queries[i].end);
    CHECK((*queries)[i].negatives == set.queries[i].negatives);
  }
  std::vector<std::string> ids;
  REQUIRE(each_beir_document(
      path,
      [&](BeirDocument&& document) {
        ids.push_back(document.id);
        CHECK(document.text == s.index().document(document.id)->prose);
        return true;
      },
      problem));
  CHECK(ids.size() == 6);
  CHECK(problems.empty());
  const Json manifest = Json::parse(*disk().read(path / "set.json"));
  CHECK(manifest.at("index") == s.index().digest());
  CHECK(manifest.at("config").at("seed") == 17);
  const std::string before = *disk().read(path / "queries.jsonl");
  write_retrieval_set(set, config, s.index(), path);  // one's own is written again
  CHECK(*disk().read(path / "queries.jsonl") == before);

  const auto foreign = folder.path() / "foreign";
  REQUIRE(disk().write(foreign / "corpus.jsonl", "{}\n"));
  CHECK_THROWS_AS(write_retrieval_set(set, config, s.index(), foreign), Fatal);
  CHECK(*disk().read(foreign / "corpus.jsonl") == "{}\n");
}
