#include "stores/index/words/word_snapshot.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <doctest/doctest.h>

#include <map>
#include <random>

#include "stores/index/fts5_tokenizer.h"
#include "stores/index/words/word_counts.h"

using namespace twin;
using namespace twin::stores;

namespace {

constexpr double kHeadingWeight = 2.0;

struct MadePassage {
  std::string headings, body;
};

// Few words, some in nearly every passage, some rare; now and then one over and over, beyond what a byte counts.
std::vector<MadePassage> made_passages(std::mt19937& random, int count) {
  static const std::vector<std::string> words{"서버를",  "배포한다", "국회도서관", "the",       "packages",
                                              "apt-get", "utf8",     "firewall",   "installed", "책",
                                              "책을",    "café",     "libc6",      "C++"};
  std::vector<MadePassage> passages;
  for (int i = 0; i < count; ++i) {
    MadePassage passage;
    const auto pick = [&] {
      const auto rank = static_cast<std::size_t>(std::geometric_distribution<int>(0.25)(random));
      return words[rank % words.size()];
    };
    for (int w = std::uniform_int_distribution<int>(0, 3)(random); w > 0; --w) passage.headings += pick() + ' ';
    for (int w = std::uniform_int_distribution<int>(0, 40)(random); w > 0; --w) passage.body += pick() + ' ';
    if (i % 50 == 7) {
      const std::string repeated = pick() + ' ';
      for (int w = 0; w < 45; ++w) passage.body += repeated;
      for (int w = 0; w < 9; ++w) passage.headings += repeated;
    }
    passages.push_back(std::move(passage));
  }
  return passages;
}

std::shared_ptr<const WordSegment> segment_of(const std::vector<MadePassage>& passages, std::size_t begin,
                                              std::size_t end) {
  WordSegmentBuilder builder;
  Tokenizer tokenizer;
  for (std::size_t i = begin; i < end; ++i) {
    const std::string packed = pack(count_words(tokenizer, passages[i].headings, passages[i].body));
    REQUIRE(builder.add(static_cast<std::int64_t>(3 * i + 1), std::as_bytes(std::span(packed))));
  }
  return std::make_shared<const WordSegment>(std::make_shared<const Sections>(builder.finish(kHeadingWeight)));
}

// What SQLite's own FTS5 says, by key.
std::map<std::int64_t, double> fts5_scores(const std::vector<MadePassage>& passages, const std::vector<bool>& gone,
                                           const std::vector<std::string>& terms) {
  SQLite::Database database(":memory:", SQLite::OPEN_READWRITE);
  register_tokenizer(database);
  database.exec("CREATE VIRTUAL TABLE passages USING fts5(headings, body, tokenize='twin')");
  for (std::size_t i = 0; i < passages.size(); ++i) {
    if (gone[i]) continue;
    SQLite::Statement insert(database, "INSERT INTO passages(rowid, headings, body) VALUES(?, ?, ?)");
    insert.bind(1, static_cast<std::int64_t>(3 * i + 1));
    insert.bind(2, passages[i].headings);
    insert.bind(3, passages[i].body);
    insert.exec();
  }
  std::map<std::int64_t, double> scores;
  SQLite::Statement query(database, "SELECT rowid, -bm25(passages, ?, 1.0) FROM passages WHERE passages MATCH ?");
  query.bind(1, kHeadingWeight);
  query.bind(2, match_any(terms));
  while (query.executeStep()) scores[query.getColumn(0).getInt64()] = query.getColumn(1).getDouble();
  return scores;
}

}  // namespace

TEST_CASE("words: counts come back from their packed form, and what is cut off is refused") {
  Tokenizer tokenizer;
  std::mt19937 random(2);
  for (const MadePassage& passage : made_passages(random, 60)) {
    const WordCounts counts = count_words(tokenizer, passage.headings, passage.body);
    const std::string packed = pack(counts);
    std::uint32_t length = 0;
    std::size_t at = 0;
    REQUIRE(
        unpack(std::as_bytes(std::span(packed)), length, [&](std::string_view term, std::uint32_t h, std::uint32_t b) {
          REQUIRE(at < counts.terms.size());
          CHECK(counts.terms[at].term == term);
          CHECK(counts.terms[at].headings == h);
          CHECK(counts.terms[at].body == b);
          ++at;
        }));
    CHECK(at == counts.terms.size());
    CHECK(length == counts.length);
    std::size_t whole = 0;  // cuts between two terms are whole in themselves
    for (std::size_t cut = 0; cut < packed.size(); ++cut) {
      whole += unpack(std::as_bytes(std::span(packed).first(cut)), length, [](auto, auto, auto) {}) ? 1 : 0;
    }
    CHECK(whole <= counts.terms.size() + 1);
  }
}

TEST_CASE("words: scores, ranks and counts are those of FTS5, whatever the parts and whoever is gone") {
  std::mt19937 random(11);
  const auto passages = made_passages(random, 1500);
  const std::vector<std::vector<std::string>> queries{{"packag"},
                                                      {"서버", "배포"},
                                                      {"the", "firewal", "utf8", "c++"},
                                                      {"책", "caf\u00e9", "cafe", "도서"},
                                                      {"libc6", "absent"}};
  for (const std::size_t cut : {std::size_t{0}, std::size_t{300}, std::size_t{1024}}) {
    for (const bool some_gone : {false, true}) {
      std::vector<bool> gone(passages.size());
      std::vector<WordSnapshot::Part> parts;
      for (const auto& [begin, end] : {std::pair(std::size_t{0}, cut), std::pair(cut, passages.size())}) {
        if (begin == end) continue;
        WordSnapshot::Part part{.segment = segment_of(passages, begin, end), .gone = nullptr, .passages = 0};
        auto missing = std::make_shared<RowSet>(end - begin);
        for (std::size_t i = begin; i < end; ++i) {
          gone[i] = some_gone && std::uniform_int_distribution<int>(0, 4)(random) == 0;
          if (gone[i]) missing->add(i - begin);
          if (!gone[i]) ++part.passages;
        }
        if (some_gone) part.gone = missing;
        parts.push_back(std::move(part));
      }
      const WordSnapshot words(1, 0, std::move(parts), {kHeadingWeight});
      CHECK(words.passages() == std::count(gone.begin(), gone.end(), false));
      for (const auto& query : queries) {
        std::vector<WeightedTerm> terms;
        for (const std::string& text : query) {
          if (auto term = words.term(text); term.holding > 0) terms.push_back(std::move(term));
        }
        const auto expected = fts5_scores(passages, gone, query);
        REQUIRE(!expected.empty());
        std::vector<std::pair<double, std::int64_t>> ranked;
        std::vector<std::int64_t> keys;
        for (const auto& [key, score] : expected) {
          ranked.emplace_back(-score, key);
          keys.push_back(key);
        }
        std::sort(ranked.begin(), ranked.end());
        const auto exact = words.scores(terms, keys);
        for (std::size_t i = 0; i < keys.size(); ++i)
          CHECK(exact[i] == doctest::Approx(expected.at(keys[i])).epsilon(1e-12));
        for (const std::size_t k : {std::size_t{1}, std::size_t{10}, std::size_t{100}, std::size_t{10'000}}) {
          const auto best = words.best(terms, k, nullptr);
          CHECK(best.size() >= std::min(k, ranked.size()));
          const double last = -ranked[std::min(k, ranked.size()) - 1].first;
          for (const ScoredPassage& passage : best) {
            CHECK(passage.score == doctest::Approx(expected.at(passage.key)).epsilon(1e-12));
            CHECK(passage.score >= last * (1 - 1e-12));
          }
        }
        std::vector<KeyRange> allowed;
        for (const std::int64_t key : keys) {
          if (key % 7 == 0) allowed.push_back({key, key});
        }
        CHECK(words.best(terms, 10'000, &allowed).size() == allowed.size());
        // Whoever is gone is not found in a range around it.
        const std::int64_t middle = keys[keys.size() / 2];
        const std::vector<KeyRange> half{{-5, middle}};
        CHECK(words.best(terms, 10'000, &half).size() == keys.size() / 2 + 1);
        std::vector<std::int64_t> every;
        for (std::size_t i = 0; i < passages.size(); ++i) every.push_back(static_cast<std::int64_t>(3 * i + 1));
        const auto held = words.held(terms, every);
        for (std::size_t i = 0; i < every.size(); ++i) {
          const bool any = std::count(held[i].begin(), held[i].end(), true) > 0;
          CHECK(any == expected.contains(every[i]));
        }
      }
    }
  }
}
