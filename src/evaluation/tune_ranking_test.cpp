#include "evaluation/tune_ranking.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/files.h"
#include "evaluation/synthetic_queries.h"
#include "inference/fakes.h"

using namespace twin;
using namespace twin::evaluation;

namespace {

using Kind = SyntheticQuery::Kind;

/// Twelve documents of three passages, each on a matter of its own, in words that no other has.
struct Library {
  TempFolder folder;
  inference::WordEmbedder embedder{topics()};
  std::unique_ptr<stores::Index> index = stores::open_index(folder.path());

  static std::vector<std::string> topics() {
    return {"kernel", "package", "printer", "backup", "network", "firewall",
            "mail",   "disk",    "clock",   "빵",     "도서관",  "법률"};
  }
  explicit Library(std::size_t documents = topics().size()) {
    for (std::size_t i = 0; i < documents; ++i) {
      const std::string topic = topics()[i], number = std::to_string(i);
      inference::put(
          *index, embedder, "document" + number, "articles", 1.0,
          {"The " + topic + " alpha" + number + " begins with many careful steps. It takes time and patience.",
           "A " + topic + " beta" + number + " needs several further tools today. They cost little money.",
           "Of " + topic + " gamma" + number + " nothing remains after years. Everybody knows that well."});
    }
  }
};

std::string shown(const std::vector<SyntheticQuery>& queries) {
  std::string text;
  for (const SyntheticQuery& query : queries) text += query.text + "|" + query.left_out + "\n";
  return text;
}

}  // namespace

TEST_CASE("synthetic queries: known items and related passages, the same for the same seed") {
  Library library;
  const auto queries = synthetic_queries(*library.index, 10, 5);
  CHECK(queries.size() == 20);
  int known = 0;
  for (const SyntheticQuery& query : queries) {
    CAPTURE(query.text);
    CHECK_FALSE(query.text.empty());
    if (query.kind == Kind::known_item) {
      ++known;
      REQUIRE(query.relevant.size() == 1);
      CHECK(query.left_out.empty());
      const auto words = text::split(query.text, ' ');
      CHECK(words.size() >= 3);
      CHECK(words.size() <= 6);
      const auto chunk = library.index->chunk(query.relevant[0]);
      REQUIRE(chunk);
      for (const auto word : words) CHECK(chunk->text.find(word) != std::string::npos);
    } else {
      CHECK(query.relevant.size() == 2);
      CHECK(std::find(query.relevant.begin(), query.relevant.end(), query.left_out) == query.relevant.end());
      CHECK(library.index->chunk(query.left_out)->text.find(query.text) != std::string::npos);
    }
  }
  CHECK(known == 10);
  CHECK(shown(synthetic_queries(*library.index, 10, 5)) == shown(queries));
  CHECK(shown(synthetic_queries(*library.index, 10, 6)) != shown(queries));
  CHECK(synthetic_queries(*library.index, 1000, 5).size() == 72);
}

TEST_CASE("tuning: every way is measured, and the ranker belongs to the index") {
  Library library;
  TuneOptions options;
  options.queries = 30;
  const auto tune = [&] {
    return tune_ranking({*library.index, library.embedder}, {}, options, silent_progress(), {});
  };
  const TuneReport report = tune();
  CHECK(report.known == 30);
  CHECK(report.related == 30);
  CHECK(report.problems.empty());
  std::map<std::string, TunedWay> ways;
  for (const TunedWay& way : report.ways) ways[way.name] = way;
  REQUIRE(ways.size() == 8);
  for (const auto& [name, way] : ways) {
    CAPTURE(name);
    for (const double value : {way.known_mrr, way.known_recall5, way.related_mrr, way.related_recall5}) {
      CHECK(value >= 0);
      CHECK(value <= 1 + 1e-9);
    }
  }
  // Words tell the passages of a document apart, vectors the documents; both together do both.
  CHECK(ways.at("lexical").known_mrr > 0.8);
  CHECK(ways.at("dense").related_mrr > 0.9);
  CHECK(ways.at("learned").mean_mrr() >= 0.9);
  CHECK(ways.at("configured").mean_mrr() > 0.8);
  REQUIRE(report.answerability);
  CHECK(report.answerability->index_model == library.embedder.model_hash());
  CHECK(report.answerability->answerable >= 20);
  CHECK(report.ranker.index_model == library.embedder.model_hash());
  CHECK(report.ranker.queries == 60);
  CHECK(report.dense_share > 0);
  CHECK(report.dense_share < 1);
  CHECK(to_json(tune()) == to_json(report));
  CHECK(to_table(report).find("learned") != std::string::npos);

  const auto reranker = inference::make_learned_reranker(report.ranker);
  inference::RetrievalConfig config;
  config.rerank = "learned";
  const auto found = inference::find_passages({*library.index, library.embedder, reranker.get()},
                                              {"alpha3 backup begins", 3, {}, {}}, config);
  REQUIRE(found);
  CHECK(found->passages.at(0).document_id == "document3");
  CHECK(found->passages[0].reranked.has_value());
  CHECK(found->rerank.judged > 0);
}

TEST_CASE("tuning: an index that gives too few questions is named") {
  Library library(2);
  try {
    (void)tune_ranking({*library.index, library.embedder}, {}, {}, silent_progress(), {});
    FAIL("nothing was thrown");
  } catch (const Fatal& fatal) {
    CHECK(fatal.error().kind == ErrorKind::usage);
    CHECK(fatal.error().where == library.index->location());
  }
  const TempFolder empty;
  CHECK_THROWS_AS(
      (void)tune_ranking({*stores::open_index(empty.path()), library.embedder}, {}, {}, silent_progress(), {}), Fatal);
}

TEST_CASE("tuning: queries that fail are told, and stopping stops") {
  Library library;
  library.embedder.failures = 2;
  TuneOptions options;
  options.queries = 20;
  const auto report = tune_ranking({*library.index, library.embedder}, {}, options, silent_progress(), {});
  CHECK(report.problems.size() == 2);
  CHECK(report.known + report.related == 38);
  std::stop_source stop;
  stop.request_stop();
  CHECK_THROWS_AS(
      (void)tune_ranking({*library.index, library.embedder}, {}, options, silent_progress(), stop.get_token()), Fatal);
}
