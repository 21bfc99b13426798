#include "stores/index/words/word_snapshot.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <random>

#include "stores/index/fts5_tokenizer.h"
#include "stores/index/words/group_bounds.h"
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

// Words of a long tail, some of them in every second passage; many passages are alike, so that many scores tie.
std::string made_counts(std::mt19937& random, int words) {
  std::map<int, WordCount> counts;
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  WordCounts all;
  const int tokens = std::uniform_int_distribution<int>(0, 60)(random);
  for (int i = 0; i < tokens; ++i) {
    const int word = static_cast<int>(std::pow(static_cast<double>(words), uniform(random)));
    WordCount& count = counts.try_emplace(word, WordCount{.term = fmt::format("w{:04}", word)}).first->second;
    ++(uniform(random) < 0.1 ? count.headings : count.body);
    if (i == 0 && uniform(random) < 0.02) count.body += 40;  // more than a byte holds
  }
  for (const auto& [word, count] : counts) {
    all.length += count.headings + count.body;
    all.terms.push_back(count);
  }
  return pack(all);
}

}  // namespace

TEST_CASE("words: what groups of passages add at most is found without a look at the passages, exactly") {
  std::mt19937 random(5);
  constexpr int kPassages = 21'000, kWords = 600;  // several windows of blocks, the last block not full
  std::vector<std::string> packed;
  for (int i = 0; i < kPassages; ++i) {
    packed.push_back(i % 7 == 6 ? packed[static_cast<std::size_t>(random()) % packed.size()]
                                : made_counts(random, kWords));
  }
  for (const std::size_t cut : {std::size_t{0}, std::size_t{20'000}}) {
    for (const bool some_gone : {false, true}) {
      std::vector<WordSnapshot::Part> parts;
      std::vector<std::int64_t> every;
      for (const auto& [begin, end] : {std::pair(std::size_t{0}, cut), std::pair(cut, packed.size())}) {
        if (begin == end) continue;
        WordSegmentBuilder builder;
        auto missing = std::make_shared<RowSet>(end - begin);
        for (std::size_t i = begin; i < end; ++i) {
          REQUIRE(builder.add(static_cast<std::int64_t>(2 * i), std::as_bytes(std::span(packed[i]))));
          if (some_gone && random() % 5 == 0) {
            missing->add(i - begin);
          } else {
            every.push_back(static_cast<std::int64_t>(2 * i));
          }
        }
        auto segment =
            std::make_shared<const WordSegment>(std::make_shared<const Sections>(builder.finish(kHeadingWeight)));
        parts.push_back({.segment = std::move(segment),
                         .gone = some_gone ? missing : nullptr,
                         .passages = end - begin - missing->count()});
      }
      const WordSnapshot words(1, 0, std::move(parts), {kHeadingWeight});
      // Every third passage, and a range.
      std::vector<KeyRange> allowed;
      for (std::int64_t key = 0; key < 20'000; key += 6) allowed.push_back({key, key});
      allowed.push_back({30'001, 31'001});
      for (const int size : {1, 3, 12, 60}) {
        std::vector<WeightedTerm> terms;
        for (int i = 0; i < size; ++i) {
          // Frequent ones as well as rare ones.
          const int word = i % 2 == 0 ? i / 2 + 1 : std::uniform_int_distribution<int>(1, kWords)(random);
          if (auto term = words.term(fmt::format("w{:04}", word)); term.holding > 0) terms.push_back(std::move(term));
        }
        for (const bool filtered : {false, true}) {
          std::vector<std::int64_t> keys = every;
          if (filtered) {
            std::erase_if(keys, [&](std::int64_t key) {
              return !std::any_of(allowed.begin(), allowed.end(),
                                  [&](const KeyRange& r) { return r.first <= key && key <= r.last; });
            });
          }
          const auto scores = words.scores(terms, keys);
          std::vector<double> sorted = scores;
          std::sort(sorted.begin(), sorted.end(), std::greater<>());
          for (const std::size_t k : {std::size_t{1}, std::size_t{10}, std::size_t{50}, std::size_t{3000}}) {
            const double least = sorted[std::min(k, sorted.size()) - 1];
            std::map<std::int64_t, double> expected, found;
            for (std::size_t i = 0; i < keys.size(); ++i) {
              if (scores[i] > 0 && scores[i] >= least) expected[keys[i]] = scores[i];
            }
            for (const auto& [key, score] : words.best(terms, k, filtered ? &allowed : nullptr)) found[key] = score;
            CHECK(found == expected);
          }
        }
      }
    }
  }
}

TEST_CASE("words: half bytes of bounds are added up as the levels and the weight say, rounded up") {
  std::mt19937 random(8);
  std::array<std::uint64_t, 256> counts{};
  for (int i = 0; i < 5000; ++i) ++counts[100 + random() % 90];
  const BoundLevels levels = choose_levels(counts);
  CHECK(levels.front() == 0);
  CHECK(levels.back() == 255);
  CHECK(std::is_sorted(levels.begin(), levels.end()));
  const BoundTable table(levels, 1234.5);
  std::vector<WordSegment::Entry> entries{{.block = 1, .more = 9, .bound = 200}, {.block = 3, .more = 4, .bound = 90}};
  constexpr std::size_t kGroups = WordSegment::block_groups;
  std::vector<std::uint8_t> halves(entries.size() * kGroups / 2);
  for (std::uint8_t& byte : halves) byte = static_cast<std::uint8_t>(random());
  std::vector<std::uint16_t> sums(5 * kGroups, 7);
  BoundCursor cursor{entries.data(), entries.data() + entries.size(), nullptr, halves.data()};
  add_bounds(cursor, table, 2, sums.data());
  CHECK(cursor.entry == entries.data() + 1);
  add_bounds(cursor, table, 5, sums.data());
  CHECK(cursor.entry == cursor.end);
  for (std::size_t block = 0; block < 5; ++block) {
    const bool holds = block == 1 || block == 3;
    GroupBits reaching = 0;
    for (std::size_t group = 0; group < kGroups; ++group) {
      const auto [byte, shift] = place_of_group(group);
      const unsigned level = holds ? halves[(block / 2) * kGroups / 2 + byte] >> shift & 0xF : 0U;
      const std::uint16_t sum = sums[block * kGroups + group];
      CHECK(sum == 7 + table.units_of(levels[level]));
      CHECK(sum - 7 >= levels[level] * 1234.5 / 255);
      if (sum >= 600) reaching |= GroupBits{1} << group;
    }
    CHECK(groups_reaching(sums.data() + block * kGroups, 600) == reaching);
  }
}

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
