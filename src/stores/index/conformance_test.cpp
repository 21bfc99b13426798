#include "stores/index/conformance.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "core/files.h"
#include "core/hash.h"
#include "stores/index/rules.h"
#include "stores/index/test_data.h"

namespace twin::stores {

std::vector<std::string> ids_of(const std::vector<Hit>& hits) {
  std::vector<std::string> result;
  result.reserve(hits.size());
  for (const auto& hit : hits) result.push_back(hit.chunk_id);
  return result;
}

namespace {

using Ids = std::vector<std::string>;

std::unique_ptr<Index> fresh(const IndexFactory& open, const TempFolder& folder, const IndexConfig& config = {}) {
  auto index = open(folder.path(), config);
  index->use_model("model", kDimension);
  return index;
}

void add_fillers(Index& index, int count) {
  for (int i = 0; i < count; ++i)
    add(index, "filler" + std::to_string(i), {"unrelated words number " + std::to_string(i)});
}

void documents_and_chunks_come_back(const IndexFactory& open) {
  const TempFolder folder;
  const auto index = fresh(open, folder);
  auto [document, chunks, vectors] = made("one", {"first passage", "두 번째 \" 문단", ""});
  document.author_ids = {"user_a", "user_b"};
  document.weight = 1.25;
  chunks[0].headings = {"one", "Chapter \"1\"", ""};
  chunks[1].text = "a text that is no slice of the prose";
  chunks[2].start = 1'000'000;
  chunks[2].end = 2'000'000;
  chunks[1].parent = {0, 30, 1};
  REQUIRE(index->replace(document, chunks, vectors));

  const auto back = index->document("one");
  REQUIRE(back);
  CHECK(back->version == document.version);
  CHECK(back->feature_key == document.feature_key);
  CHECK(back->url == document.url);
  CHECK(back->title == document.title);
  CHECK(back->source == document.source);
  CHECK(back->category == document.category);
  CHECK(back->language == document.language);
  CHECK(back->author_ids == document.author_ids);
  CHECK(back->published == document.published);
  CHECK(back->weight == document.weight);
  CHECK(back->prose == document.prose);
  std::vector<Chunk> all;
  index->each_chunk([&](Chunk&& chunk) {
    all.push_back(std::move(chunk));
    return true;
  });
  REQUIRE(all.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    for (const Chunk& chunk : {all[i], index->chunk(chunks[i].id).value()}) {
      CHECK(chunk.id == chunks[i].id);
      CHECK(chunk.document_id == "one");
      CHECK(chunk.document_version == chunks[i].document_version);
      CHECK(chunk.start == chunks[i].start);
      CHECK(chunk.end == chunks[i].end);
      CHECK(chunk.headings == chunks[i].headings);
      CHECK(chunk.tokens == chunks[i].tokens);
      CHECK(chunk.text == chunks[i].text);
      CHECK(chunk.retrieval == chunks[i].retrieval);
      CHECK(chunk.parent == chunks[i].parent);
    }
  }
  CHECK_FALSE(index->document("two"));
  CHECK_FALSE(index->chunk("none"));
  CHECK(index->document_keys() == std::vector<std::pair<std::string, std::string>>{{"one", document.feature_key}});
  const auto counts = index->counts();
  CHECK(counts.documents == 1);
  CHECK(counts.chunks == 3);
  CHECK(counts.vectors == 3);
  CHECK(counts.dimension == kDimension);
}

void passages_come_in_the_order_asked(const IndexFactory& open) {
  const TempFolder folder;
  const auto index = fresh(open, folder);
  auto [document, chunks, vectors] = made("one", {"first", "second"});
  document.author_ids = {"user_a"};
  document.weight = 0.5;
  chunks[1].text = "a text that is no slice of the prose";
  chunks[1].parent = {0, document.prose.size(), 2};
  REQUIRE(index->replace(document, chunks, vectors));
  add(*index, "two", {"third"});
  const auto found = index->passages({chunk_id("two", 0), chunk_id("gone", 0), chunks[1].id, chunks[0].id});
  REQUIRE(found.size() == 3);
  CHECK(found[0].chunk.text == "third");
  CHECK(found[0].document.id == "two");
  CHECK(found[1].chunk.text == chunks[1].text);
  CHECK(found[2].chunk.text == "first");
  CHECK(found[1].chunk.parent == chunks[1].parent);
  CHECK(found[2].chunk.parent == ParentSpan{});
  for (const IndexedPassage& passage : {found[1], found[2]}) {
    CHECK(passage.chunk.document_id == "one");
    CHECK(passage.document.id == "one");
    CHECK(passage.document.url == document.url);
    CHECK(passage.document.author_ids == document.author_ids);
    CHECK(passage.document.weight == document.weight);
    CHECK(passage.document.published == document.published);
    CHECK(passage.document.prose.empty());
  }
  CHECK(index->passages({}).empty());

  const auto stored = index->vectors({chunk_id("gone", 0), chunks[1].id, chunks[0].id});
  REQUIRE(stored.size() == 2);
  CHECK(stored.at(chunks[0].id) == vectors[0]);
  CHECK(stored.at(chunks[1].id) == vectors[1]);
  CHECK(index->vectors({}).empty());
  add(*index, "one", {"another first"});
  CHECK(index->vectors({chunks[1].id}).empty());
}

void parts_of_documents_are_read(const IndexFactory& open) {
  const TempFolder folder;
  const auto index = fresh(open, folder);
  add(*index, "one", {"first passage", "두 번째 문단"});
  add(*index, "two", {"third"});
  const std::string prose = index->document("one")->prose;
  const auto parts = index->prose({{"two", 0, 5},
                                   {"one", 6, 13},
                                   {"gone", 0, 1},
                                   {"one", 0, prose.size()},
                                   {"one", 0, prose.size() + 1},
                                   {"one", 5, 5},
                                   {"one", 9, 3},
                                   {"one", 15, 18}});
  CHECK(parts == Ids{"third", "passage", "", prose, "", "", "", "두"});
  CHECK(index->prose({}).empty());
  add(*index, "two", {"3"});
  CHECK(index->prose({{"two", 0, 5}}) == Ids{""});
}

void lexical_search_finds_words_under_their_forms(const IndexFactory& open) {
  const TempFolder folder;
  const auto index = fresh(open, folder);
  add_fillers(*index, 10);
  add(*index, "ko", {"플랫폼을 만드는 팀의 이야기", "배포 자동화에 대하여"});
  add(*index, "en", {"Installing packages with apt-get", "The file /etc/apt/sources.list"});
  CHECK(ids_of(index->lexical("플랫폼", 5)) == Ids{chunk_id("ko", 0)});
  CHECK(ids_of(index->lexical("배포", 5)) == Ids{chunk_id("ko", 1)});
  CHECK(ids_of(index->lexical("install a package", 1)) == Ids{chunk_id("en", 0)});
  CHECK(ids_of(index->lexical("apt-get", 1)) == Ids{chunk_id("en", 0)});
  CHECK(ids_of(index->lexical("sources.list", 1)) == Ids{chunk_id("en", 1)});
  CHECK(ids_of(index->lexical("LIST", 1)) == Ids{chunk_id("en", 1)});
  CHECK(index->lexical("absent", 5).empty());
  CHECK(index->lexical("apt", 5).size() == 2);
  CHECK(index->lexical("apt", 0).empty());
  CHECK(index->lexical("apt", -1).empty());
}

void words_in_headings_count_for_more(const IndexFactory& open) {
  const TempFolder folder;
  const auto index = fresh(open, folder);
  add_fillers(*index, 20);
  auto [plain, plain_chunks, plain_vectors] = made("a-plain", {"a firewall is one thing of many here in this text"});
  auto [headed, headed_chunks, headed_vectors] =
      made("b-headed", {"a firewall is one thing of many here in this text"});
  headed_chunks[0].headings = {"b-headed", "The firewall"};
  REQUIRE(index->replace(plain, plain_chunks, plain_vectors));
  REQUIRE(index->replace(headed, headed_chunks, headed_vectors));
  const auto hits = index->lexical("firewall", 5);
  REQUIRE(hits.size() == 2);
  CHECK(hits[0].chunk_id == chunk_id("b-headed", 0));
  CHECK(hits[0].score > hits[1].score);
  CHECK(hits[1].score > 0);
}

void any_text_is_a_safe_query(const IndexFactory& open) {
  const TempFolder folder;
  const auto index = fresh(open, folder);
  add_fillers(*index, 5);
  add(*index, "one", {"near or not and \"quoted\" text"});
  for (const std::string& query :
       {std::string(), std::string("\""), std::string("\"unbalanced"), std::string("a AND OR NOT NEAR("),
        std::string("headings: x"), std::string("* ^ - + ( ) { } : ; '"), std::string("'; DROP TABLE chunks; --"),
        std::string("nul\0inside", 10), std::string("\xFF\xC3\x28 broken"), std::string("%s%n"),
        std::string("\xF0\x9F\x90\xA7")}) {
    CHECK_NOTHROW((void)index->lexical(query, 5));
  }
  CHECK(ids_of(index->lexical("NOT \"quoted\" -text*", 5)) == Ids{chunk_id("one", 0)});
  std::string huge;
  for (int i = 0; i < 200'000; ++i) huge += "단어" + word(i) + " quoted ";
  CHECK(ids_of(index->lexical(huge, 1)) == Ids{chunk_id("one", 0)});
  CHECK(index->counts().chunks == 6);
}

void frequent_words_do_not_hide_rare_ones(const IndexFactory& open) {
  const TempFolder folder;
  const auto index = fresh(open, folder);
  for (int i = 0; i < 10; ++i)
    add(*index, "d" + std::to_string(i), {"common words " + std::string(i == 7 ? "gem" : "")});
  CHECK(ids_of(index->lexical("common gem", 3)) == Ids{chunk_id("d7", 0)});
  CHECK(index->lexical("common", 3).size() == 3);
}

void as_many_query_terms_as_configured(const IndexFactory& open) {
  const TempFolder folder;
  IndexConfig config;
  config.max_query_terms = 200;
  const auto index = open(folder.path(), config);
  index->use_model("model", kDimension);
  std::string text;
  for (int i = 0; i < 500; ++i) {
    add(*index, "d" + std::to_string(i), {word(i)});
    text += word(i) + ' ';
  }
  CHECK(index->lexical(text, 1000).size() == 200);
}

void dense_search_is_by_cosine(const IndexFactory& open) {
  const TempFolder folder;
  const auto index = fresh(open, folder);
  std::mt19937 random(5);
  const auto query = unit_vector(random);
  auto [document, chunks, vectors] = made("one", {"a", "b", "c", "d"});
  vectors = {blend(query, unit_vector(random), 0.1F), blend(query, unit_vector(random), 0.9F),
             blend(query, unit_vector(random), 0.5F), blend(query, unit_vector(random), 0.5F)};
  vectors[3] = vectors[2];
  REQUIRE(index->replace(document, chunks, vectors));
  const auto hits = index->dense(query, 10).value();
  REQUIRE(hits.size() == 4);
  CHECK(hits[0].chunk_id == chunks[1].id);
  CHECK(hits[3].chunk_id == chunks[0].id);
  CHECK(hits[1].chunk_id == std::min(chunks[2].id, chunks[3].id));
  CHECK(hits[0].score == doctest::Approx(cosine(query, vectors[1])).epsilon(1e-6));
  CHECK(index->dense(query, 2).value().size() == 2);
  CHECK(index->dense(query, 0).value().empty());
  const auto wrong = index->dense(std::vector<float>(kDimension + 1, 0.1F), 3);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().kind == ErrorKind::invalid);
  auto nan = query;
  nan[0] = std::nanf("");
  CHECK_FALSE(index->dense(nan, 3).has_value());
}

void dense_recall_against_exact_search(const IndexFactory& open) {
  const TempFolder folder;
  const auto index = fresh(open, folder);
  constexpr int kChunks = 4000;
  constexpr int kQueries = 150;
  std::mt19937 random(17);
  // Half spread evenly, half crowded around one direction, as the vectors of real embedding models are.
  const auto centre = unit_vector(random);
  std::vector<std::vector<float>> all;
  std::vector<std::string> all_ids;
  for (int d = 0; d < kChunks / 100; ++d) {
    auto [document, chunks, vectors] = made("doc" + std::to_string(d), std::vector<std::string>(100, "x"));
    for (auto& vector : vectors) {
      vector = d % 2 == 0 ? unit_vector(random) : blend(centre, unit_vector(random), 0.8F);
      all.push_back(vector);
    }
    for (const auto& chunk : chunks) all_ids.push_back(chunk.id);
    REQUIRE(index->replace(document, chunks, vectors));
  }
  int found = 0;
  for (int q = 0; q < kQueries; ++q) {
    const auto query = q % 2 == 0 ? unit_vector(random) : blend(centre, unit_vector(random), 0.8F);
    std::vector<Hit> exact;
    for (std::size_t i = 0; i < all.size(); ++i) exact.push_back({all_ids[i], cosine(query, all[i])});
    exact = index_detail::best_hits(std::move(exact), 10);
    const auto hits = ids_of(index->dense(query, 10).value());
    for (const auto& hit : exact) found += std::find(hits.begin(), hits.end(), hit.chunk_id) != hits.end() ? 1 : 0;
  }
  CHECK(found >= kQueries * 10 * 0.999);
}

void filters_hold_for_both_searches(const IndexFactory& open) {
  const TempFolder folder;
  const auto index = fresh(open, folder);
  std::mt19937 random(23);
  for (int i = 0; i < 24; ++i) {
    auto [d, chunks, vectors] = made("d" + std::to_string(i), {"kernel text", "kernel words"});
    d.category = i % 2 == 0 ? "articles" : "posts";
    d.source = i % 3 == 0 ? "git" : "feed";
    d.language = i % 4 == 0 ? "ko" : "en";
    d.author_ids = {"user_" + std::to_string(i % 5), "user_all"};
    d.published = i % 6 == 0 ? 0 : 1000 * i;
    REQUIRE(index->replace(d, chunks, vectors));
  }
  add_fillers(*index, 60);
  const auto query = unit_vector(random);
  const auto count = [&](const IndexFilter& filter) {
    const auto lexical = index->lexical("kernel", 1000, filter).size();
    const auto dense = index->dense(query, 1000, filter).value();
    for (const auto& hit : dense) {
      const auto document = index->document(index->chunk(hit.chunk_id)->document_id).value();
      if (!filter.categories.empty()) CHECK(document.category == filter.categories[0]);
    }
    CHECK(dense.size() == lexical);
    return lexical;
  };
  CHECK(count({.categories = {"posts"}}) == 24);
  CHECK(count({.sources = {"git"}}) == 16);
  CHECK(count({.author_ids = {"user_0", "user_1"}}) == 20);
  CHECK(count({.author_ids = {"user_all", "user_1"}}) == 48);
  CHECK(count({.languages = {"ko"}}) == 12);
  CHECK(count({.document_ids = {"d3", "d4", "none"}}) == 4);
  CHECK(count({.categories = {"articles"}, .sources = {"git"}, .author_ids = {"user_0"}}) == 2);
  CHECK(count({.categories = {"none"}}) == 0);
  // Of 24 documents the dates of 0, 6, 12 and 18 are not known.
  const Ids all = {"git", "feed"};
  CHECK(count({.sources = all, .published_from = 1}) == 40);
  CHECK(count({.sources = all, .published_from = 20'000}) == 8);
  CHECK(count({.sources = all, .published_before = 5'000}) == 8);
  CHECK(count({.sources = all, .published_from = 4'000, .published_before = 8'000}) == 6);
  CHECK(count({.languages = {"ko"}, .published_before = 9'000}) == 4);
  CHECK(count({.categories = {"' OR 1 --", "\"", "\xFF"}}) == 0);
  const IndexFacets facets = index->facets();
  CHECK(facets.categories == Ids{"articles", "posts"});
  CHECK(facets.sources == Ids{"feed", "folder", "git"});  // the fillers are of a folder
  CHECK(facets.author_ids == Ids{"user_0", "user_1", "user_2", "user_3", "user_4", "user_all"});
  CHECK(facets.languages == Ids{"en", "ko"});
  std::vector<std::string> many(10'000, "d1");
  CHECK(count({.document_ids = many}) == 2);
}

void replacing_and_removing_leave_nothing_behind(const IndexFactory& open) {
  const TempFolder folder;
  const auto index = fresh(open, folder);
  add_fillers(*index, 5);
  add(*index, "one", {"alpha version", "beta version"});
  std::mt19937 random(9);
  const auto query = unit_vector(random);
  CHECK(index->dense(query, 100).value().size() == 7);

  auto [document, chunks, vectors] = made("one", {"gamma"});
  document.version = 2;
  document.title = "another title";
  chunks[0].id = "chunk_new";
  REQUIRE(index->replace(document, chunks, vectors));
  CHECK(index->lexical("alpha", 5).empty());
  CHECK(ids_of(index->lexical("gamma", 5)) == Ids{"chunk_new"});
  CHECK(index->dense(query, 100).value().size() == 6);
  CHECK_FALSE(index->chunk(chunk_id("one", 0)));

  index->remove("one");
  index->remove("one");
  CHECK(index->lexical("gamma", 5).empty());
  CHECK(index->dense(query, 100).value().size() == 5);
  CHECK(index->counts().documents == 5);
  REQUIRE(index->replace(document, {}, {}));
  CHECK(index->counts().documents == 6);
}

void what_cannot_be_indexed_changes_nothing(const IndexFactory& open) {
  const TempFolder folder;
  auto index = open(folder.path(), {});
  const auto [document, chunks, vectors] = made("one", {"alpha", "beta"});
  CHECK_FALSE(index->replace(document, chunks, vectors).has_value());
  CHECK(index->dense(vectors[0], 3).value().empty());
  index->use_model("model", kDimension);
  REQUIRE(index->replace(document, chunks, vectors));
  const auto digest = index->digest();

  auto short_vector = vectors;
  short_vector[1].pop_back();
  auto not_normal = vectors;
  for (auto& x : not_normal[0]) x *= 2;
  auto nan = vectors;
  nan[0][0] = std::nanf("");
  auto zero = vectors;
  zero[0].assign(kDimension, 0.0F);
  for (const auto& wrong : {short_vector, not_normal, nan, zero}) {
    const auto result = index->replace(document, chunks, wrong);
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::invalid);
    CHECK(result.error().where == "one");
  }
  CHECK_FALSE(index->replace(document, chunks, {vectors[0]}).has_value());
  auto foreign = chunks;
  foreign[0].document_id = "two";
  CHECK_FALSE(index->replace(document, foreign, vectors).has_value());
  auto twice = chunks;
  twice[1].id = twice[0].id;
  CHECK_FALSE(index->replace(document, twice, vectors).has_value());
  CHECK(index->digest() == digest);
  CHECK_THROWS_AS(index->use_model("model", 0), Fatal);
}

void another_embedding_model_empties_it(const IndexFactory& open) {
  const TempFolder folder;
  {
    const auto index = open(folder.path(), {});
    CHECK_FALSE(index->use_model("one", kDimension));
    CHECK_FALSE(index->use_model("two", kDimension));
    add(*index, "a", {"alpha"});
  }
  const auto index = open(folder.path(), {});
  CHECK_FALSE(index->use_model("two", kDimension));
  CHECK(index->counts().documents == 1);
  std::mt19937 random(1);
  CHECK(index->dense(unit_vector(random), 3).value().size() == 1);
  CHECK(index->use_model("two", 3));
  CHECK(index->counts().documents == 0);
  CHECK(index->lexical("alpha", 3).empty());
  auto [document, chunks, vectors] = made("a", {"alpha"});
  vectors[0] = {1, 0, 0};
  REQUIRE(index->replace(document, chunks, vectors));
  CHECK(index->dense({1, 0, 0}, 3).value().size() == 1);
  CHECK(index->use_model("three", 3));
}

void a_sample_is_of_one_language(const IndexFactory& open) {
  const TempFolder folder;
  const auto index = fresh(open, folder);
  for (int i = 0; i < 20; ++i) {
    auto [document, chunks, vectors] = made("d" + std::to_string(i), {"alpha", "beta"});
    document.language = i % 4 == 0 ? "ko" : "en";
    REQUIRE(index->replace(document, chunks, vectors));
  }
  CHECK(index->sample("ko", 100).size() == 10);
  CHECK(index->sample("de", 100).empty());
  CHECK(index->sample("en", 0).empty());
  const auto some = index->sample("en", 12);
  CHECK(some.size() == 12);
  CHECK(index->sample("en", 12) == some);
  std::set<std::string> documents;
  for (const auto& passage : index->passages(some)) {
    CHECK(passage.document.language == "en");
    documents.insert(passage.document.id);
  }
  CHECK(documents.size() > 6);  // from all over it, not the first ones
}

void query_centering_is_kept_with_the_model(const IndexFactory& open) {
  const TempFolder folder;
  QueryCentering centering{7, std::vector<float>(kDimension, 0.125F), {}, {"ko"}};
  std::mt19937 random(1);
  centering.directions.push_back(unit_vector(random));
  {
    const auto index = fresh(open, folder);
    CHECK(index->query_centering() == QueryCentering());
    add(*index, "a", {"alpha"});
    index->set_query_centering(centering);
    CHECK(index->query_centering() == centering);
    const std::string digest = index->digest();
    index->set_query_centering(QueryCentering{8, centering.centre, {}, {}});
    CHECK(index->digest() == digest);
    index->set_query_centering(centering);
    add(*index, "b", {"beta"});
    index->settle();
  }
  const auto index = open(folder.path(), {});
  CHECK(index->query_centering() == centering);
  CHECK(index->counts().documents == 2);
  CHECK_FALSE(index->use_model("model", kDimension));
  CHECK(index->query_centering() == centering);
  index->use_model("other", kDimension);
  CHECK(index->query_centering() == QueryCentering());
}

void equal_content_gives_equal_digests(const IndexFactory& open, bool equal_scores) {
  const TempFolder one;
  const TempFolder two;
  const auto a = fresh(open, one);
  const auto b = fresh(open, two);
  for (int i = 0; i < 30; ++i) add(*a, "d" + std::to_string(i), {"common text " + std::to_string(i % 3), "more of it"});
  for (int i = 29; i >= 0; --i) {
    add(*b, "d" + std::to_string(i), {"an older text"});
    add(*b, "gone" + std::to_string(i), {"common text"});
    add(*b, "d" + std::to_string(i), {"common text " + std::to_string(i % 3), "more of it"});
    b->remove("gone" + std::to_string(i));
  }
  CHECK(a->digest() == b->digest());
  std::mt19937 random(4);
  const auto query = unit_vector(random);
  CHECK(ids_of(a->dense(query, 25).value()) == ids_of(b->dense(query, 25).value()));
  CHECK(ids_of(a->lexical("common 1", 25)) == ids_of(b->lexical("common 1", 25)));
  const auto lexical_a = a->lexical("more 2", 5);
  const auto lexical_b = b->lexical("more 2", 5);
  if (equal_scores)
    for (std::size_t i = 0; i < 5; ++i) CHECK(lexical_a[i].score == lexical_b[i].score);
  const auto before = a->digest();
  add(*a, "d1", {"changed"});
  CHECK(a->digest() != before);
}

void a_reader_follows_what_is_written(const IndexFactory& open) {
  const TempFolder folder;
  const auto writer = fresh(open, folder);
  const auto reader = open(folder.path(), {});
  std::mt19937 random(4);
  const auto query = unit_vector(random);
  for (int i = 0; i < 10; ++i) {
    add(*writer, "d" + std::to_string(i), {"text", "text"});
    if (i % 3 == 2) writer->remove("d" + std::to_string(i - 1));
    const auto counts = writer->counts();
    CHECK(reader->dense(query, 1000).value().size() == static_cast<std::size_t>(counts.vectors));
    CHECK(ids_of(reader->dense(query, 5).value()) == ids_of(writer->dense(query, 5).value()));
  }
}

void scores_of_given_passages(const IndexFactory& open) {
  const TempFolder folder;
  const auto index = fresh(open, folder);
  add_fillers(*index, 30);
  add(*index, "one", {"the kernel schedules processes", "a package is installed"});
  add(*index, "two", {"커널은 프로세스를 관리한다"});
  const std::string query = "kernel package";
  const auto all = index->lexical(query, 100);
  REQUIRE(all.size() == 2);
  std::map<std::string, double> expected;
  Ids wanted = {"no such passage"};
  index->each_chunk([&](Chunk&& chunk) {
    wanted.push_back(chunk.id);
    return true;
  });
  for (const auto& hit : all) expected[hit.chunk_id] = hit.score;
  const auto scores = index->lexical_scores(query, wanted);
  CHECK(scores.size() == wanted.size() - 1);
  for (const auto& hit : scores) CHECK(hit.score == doctest::Approx(expected[hit.chunk_id]));
  for (const auto& hit : index->lexical_scores("…", wanted)) CHECK(hit.score == 0);
  CHECK(index->lexical_scores(query, {}).empty());

  const auto vector = made("one", {"the kernel schedules processes"}).vectors.front();
  expected.clear();
  const auto nearest = index->dense(vector, 100);
  REQUIRE(nearest);
  for (const auto& hit : *nearest) expected[hit.chunk_id] = hit.score;
  const auto cosines = index->dense_scores(vector, wanted);
  REQUIRE(cosines);
  CHECK(cosines->size() == wanted.size() - 1);
  for (const auto& hit : *cosines) CHECK(hit.score == doctest::Approx(expected.at(hit.chunk_id)));
  const auto wrong = index->dense_scores({1, 0}, wanted);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().kind == ErrorKind::invalid);
}

void outlines_say_what_passages_are(const IndexFactory& open) {
  const TempFolder folder;
  const auto index = fresh(open, folder);
  auto [document, chunks, vectors] = made("one", {"first passage", "두 번째 문단", "third"});
  document.weight = 1.25;
  document.published = 77;
  chunks[1].text = "산문에 없는 글";
  chunks[1].parent = {0, 30, 1};
  REQUIRE(index->replace(document, chunks, vectors));
  add(*index, "two", {"of another document"});
  const auto outlines = index->outlines({chunks[1].id, "gone", chunk_id("two", 0), chunks[0].id});
  REQUIRE(outlines.size() == 3);
  CHECK(outlines[0].chunk_id == chunks[1].id);
  CHECK(outlines[0].text_bytes == chunks[1].text.size());
  CHECK(outlines[0].parent == chunks[1].parent);
  CHECK(outlines[1].document_id == "two");
  CHECK(outlines[1].weight == 1.0);
  CHECK(outlines[2].document_id == "one");
  CHECK(outlines[2].start == chunks[0].start);
  CHECK(outlines[2].end == chunks[0].end);
  CHECK(outlines[2].text_bytes == chunks[0].text.size());
  CHECK(outlines[2].parent == ParentSpan{});
  CHECK(outlines[2].weight == 1.25);
  CHECK(outlines[2].published == 77);
  CHECK(index->outlines({}).empty());
}

void words_held_are_those_that_searches_find(const IndexFactory& open) {
  const TempFolder folder;
  const auto index = fresh(open, folder);
  add_fillers(*index, 20);
  auto [document, chunks, vectors] = made("one", {"The kernel schedules.", "국회도서관의 자료를 모은다", "nothing"});
  document.title = "Titles";
  for (Chunk& chunk : chunks) chunk.headings = {"Titles", "Heading"};
  REQUIRE(index->replace(document, chunks, vectors));
  std::vector<std::string> ids = {"gone"};
  for (const Chunk& chunk : chunks) ids.push_back(chunk.id);
  const std::string text = "scheduling kernels 국회도서관 headings printer kernel 도서관";
  const WordsHeld words = index->words_held(text, ids);
  // 국회, 회도, 도서 and 서관 are words of their own; the last word of the text is cut into two of these.
  CHECK(words.words == 8);
  std::vector<std::ptrdiff_t> held;
  for (const auto& passage : words.held) {
    REQUIRE(passage.size() == words.words);
    held.push_back(std::count(passage.begin(), passage.end(), true));
  }
  std::sort(held.begin(), held.end());
  CHECK(held == std::vector<std::ptrdiff_t>{1, 3, 5});  // each its heading; scheduling, kernels; the library
  const WordsHeld none = index->words_held("…", ids);
  CHECK(none.words == 0);
  CHECK(index->words_held(text, {}).held.empty());
}

std::vector<IndexedPicture> pictures_of_all(Index& index) {
  std::vector<IndexedPicture> all;
  index.each_entry([&](IndexEntry&& entry) {
    for (IndexedPicture& picture : entry.document.pictures) all.push_back(std::move(picture));
    return true;
  });
  return all;
}

void pictures_lead_to_their_passages(const IndexFactory& open) {
  const TempFolder folder;
  const auto index = fresh(open, folder);
  std::mt19937 random(5);
  auto [document, chunks, vectors] = made("album", {"first", "second", "third"});
  const auto cat = unit_vector(random), dog = unit_vector(random), tree = unit_vector(random);
  REQUIRE(index->replace(document, chunks, vectors));
  const std::string without = index->digest();
  CHECK(index->counts().pictures == 0);
  CHECK(index->pictures(cat, 5)->empty());

  document.pictures = {{0, "dog.png", "d0", dog}, {2, "cat \"1\".png", "c0", cat}, {2, "그림.png", "t0", tree}};
  REQUIRE(index->replace(document, chunks, vectors));
  add(*index, "plain", {"no picture"});
  CHECK(index->counts().pictures == 3);
  CHECK(index->counts().vectors == 4);
  CHECK(index->digest() != without);
  CHECK(pictures_of_all(*index) == document.pictures);

  auto hits = index->pictures(cat, 5);
  REQUIRE(hits);
  CHECK(ids_of(*hits) == Ids{chunk_id("album", 2), chunk_id("album", 0)});  // each passage once
  CHECK(hits->front().score == doctest::Approx(1));
  CHECK(hits->front().picture == "cat \"1\".png");
  CHECK(hits->back().picture == "dog.png");
  CHECK(index->pictures(tree, 1)->front().picture == "그림.png");
  CHECK(index->pictures(cat, 0)->empty());
  CHECK(index->pictures({1.0F}, 5).error().kind == ErrorKind::invalid);
  IndexFilter other;
  other.document_ids = {"plain"};
  CHECK(index->pictures(cat, 5, other)->empty());
  other.document_ids = {"album"};
  CHECK(index->pictures(cat, 5, other)->size() == 2);
  // The other searches do not see them.
  CHECK(index->dense(cat, 10)->size() == 4);
  CHECK(index->vectors({chunks[2].id}).at(chunks[2].id) == vectors[2]);
  CHECK(index->passages({chunks[2].id}).size() == 1);

  // What cannot be indexed changes nothing.
  auto wrong = document;
  wrong.pictures[1].passage = 3;
  CHECK_FALSE(index->replace(wrong, chunks, vectors));
  wrong.pictures[1].passage = 0;
  wrong.pictures[0].passage = 1;
  CHECK_FALSE(index->replace(wrong, chunks, vectors));
  wrong = document;
  wrong.pictures[0].vector = {1, 2};
  CHECK(index->replace(wrong, chunks, vectors).error().kind == ErrorKind::invalid);
  CHECK(pictures_of_all(*index) == document.pictures);

  document.pictures.pop_back();
  REQUIRE(index->replace(document, chunks, vectors));
  CHECK(index->counts().pictures == 2);
  CHECK(pictures_of_all(*index) == document.pictures);
  index->remove("album");
  CHECK(index->counts().pictures == 0);
  CHECK(index->pictures(cat, 5)->empty());
}

}  // namespace

void test_index(const IndexFactory& open, const IndexTraits& traits) {
  SUBCASE("documents and chunks come back as they went in") {
    documents_and_chunks_come_back(open);
    passages_come_in_the_order_asked(open);
    parts_of_documents_are_read(open);
  }
  SUBCASE("outlines and words of passages are told without reading them") {
    outlines_say_what_passages_are(open);
    words_held_are_those_that_searches_find(open);
  }
  SUBCASE("lexical search finds Korean under particles, English by stem, identifiers whole and in part") {
    lexical_search_finds_words_under_their_forms(open);
  }
  SUBCASE("lexical scores fall, and words in headings count for more") {
    words_in_headings_count_for_more(open);
  }
  SUBCASE("any text is a safe query") {
    any_text_is_a_safe_query(open);
  }
  SUBCASE("words that most passages hold do not hide the rare ones, but are found when there is nothing else") {
    frequent_words_do_not_hide_rare_ones(open);
  }
  SUBCASE("as many query terms as may be configured") {
    as_many_query_terms_as_configured(open);
  }
  SUBCASE("dense search is by cosine, ties by id") {
    dense_search_is_by_cosine(open);
  }
  SUBCASE("dense recall against exact search in full precision") {
    dense_recall_against_exact_search(open);
  }
  SUBCASE("filters hold for both searches, together and alone") {
    filters_hold_for_both_searches(open);
  }
  SUBCASE("replacing and removing leave nothing behind") {
    replacing_and_removing_leave_nothing_behind(open);
  }
  SUBCASE("what cannot be indexed is an error of the item and changes nothing") {
    what_cannot_be_indexed_changes_nothing(open);
  }
  SUBCASE("another embedding model empties it, the same does not") {
    another_embedding_model_empties_it(open);
  }
  SUBCASE("a sample is of one language, the same each time, from all over the index") {
    a_sample_is_of_one_language(open);
  }
  SUBCASE("what questions share is kept with the model and gone with it") {
    query_centering_is_kept_with_the_model(open);
  }
  SUBCASE("equal content gives equal digests and equal searches, however it came about") {
    equal_content_gives_equal_digests(open, !traits.counts_deleted);
  }
  SUBCASE("a reader in another process follows what is written") {
    a_reader_follows_what_is_written(open);
  }
  SUBCASE("pictures have vectors of their own, which lead to the passages that show them") {
    pictures_lead_to_their_passages(open);
  }
  SUBCASE("scores of given passages are those of the searches, whatever their rank") {
    scores_of_given_passages(open);
  }
}

}  // namespace twin::stores
